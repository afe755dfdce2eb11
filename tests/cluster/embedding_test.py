#!/usr/bin/env python3
"""sunder as a library: installed from the release build, found by CMake, and used by programs that have nothing else of us.

The test program of examples/catch2 is built and run as its user would; so is a small program that drives a running sunder.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import support

RELEASE = os.environ.get("SUNDER_RELEASE_DIR", os.path.join(support.ROOT, "build", "release"))
HEADERS = os.path.join(support.ROOT, "include", "sunder")

CONSUMER = """cmake_minimum_required(VERSION 3.22)
project(consumer LANGUAGES CXX)
find_package(sunder 0.1 CONFIG REQUIRED)
add_executable(driver driver.cpp)
target_link_libraries(driver PRIVATE sunder::sunder)
target_compile_options(driver PRIVATE -Wall -Wextra -Wpedantic -Werror)
"""

# Drives whatever runs at $SUNDER_API, as a test under `sunder wrap` would.
DRIVER = """#include <sunder/client.hpp>
#include <sunder/history.hpp>
#include <sunder/rng.hpp>

#include <cstdio>
#include <cstdlib>

int fail(const sunder::Error& error) {
  std::printf("%s\\n", error.text().c_str());
  return 1;
}

int main() {
  sunder::Client client(std::getenv("SUNDER_API"));
  if (auto made = client.add_proxy("redis", "", "127.0.0.1:1"); !made) return fail(made.error());
  sunder::PartitionRequest request;
  request.pairs = {{"client", "redis"}};
  request.kind = sunder::CutKind::reset;
  auto cut = client.partition(request);
  if (!cut) return fail(cut.error());
  auto rules = client.rules();
  if (!rules) return fail(rules.error());
  auto healed = client.heal({cut->name}, false);
  if (!healed) return fail(healed.error());
  std::printf("%zu in force, %zu healed, %s, %s\\n", rules->size(), healed->removed.size(),
              sunder::name_of(sunder::EventType::invoke), sunder::Rng(1).chance(1.0) ? "yes" : "no");
}
"""

PARENT = """cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES CXX)
add_subdirectory(${SUNDER_SOURCE} sunder)
add_executable(driver driver.cpp)
target_link_libraries(driver PRIVATE sunder::sunder)
if(CMAKE_BUILD_TYPE)
  message(FATAL_ERROR "sunder chose the build type of its parent: ${CMAKE_BUILD_TYPE}")
endif()
"""


def run(*words, code=0, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, **options)
    if code is not None and done.returncode != code:
        raise AssertionError(f"{words} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


class Embedding(support.ClusterTest):
    def setUp(self):
        super().setUp()
        self.prefix = self.box.sub("prefix")
        run("cmake", "--install", RELEASE, "--component", "library", "--prefix", self.prefix)

    def configure(self, source, name, *options, code=0, env=None):
        return run("cmake", "-G", "Ninja", "-S", source, "-B", self.box.sub(name), f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   *options, code=code, env=env)

    def project(self, name, cmake):
        os.mkdir(self.box.sub(name))
        self.box.write(os.path.join(name, "CMakeLists.txt"), cmake)
        self.box.write(os.path.join(name, "driver.cpp"), DRIVER)
        return self.box.sub(name)

    def test_what_is_installed_stands_alone(self):
        files = [os.path.relpath(path, self.prefix)
                 for path in glob.glob(self.prefix + "/**", recursive=True) if os.path.isfile(path)]
        headers = sorted(name for name in files if name.startswith("include/"))
        self.assertEqual(headers, sorted("include/sunder/" + name for name in os.listdir(HEADERS)))
        self.assertEqual(sorted({os.path.splitext(name)[1] for name in files}), [".a", ".cmake", ".hpp"])
        for header in headers:
            with open(os.path.join(self.prefix, header), encoding="utf-8") as file:
                included = re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)', file.read(), re.MULTILINE)
            for name in included:  # our own, or the standard library's
                self.assertRegex(name, r"^(sunder/[a-z_]+\.hpp|[a-z_]+)$", header)
            # It needs no other header before it.
            run("c++", "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only",
                "-I", os.path.join(self.prefix, "include"), "-x", "c++", "-", input=f"#include <{header[8:]}>\n")

    def test_a_program_drives_a_running_sunder(self):
        source = self.project("consumer", CONSUMER)
        self.configure(source, "build")
        run("cmake", "--build", self.box.sub("build"))
        serve = self.box.start("serve", "--listen", "127.0.0.1:0", "--json")
        try:
            api = json.loads(serve.stdout.readline())["api"]
            said = run(self.box.sub("build", "driver"), env=dict(self.box.env, SUNDER_API=api))
        finally:
            serve.terminate()
            serve.communicate(timeout=20)
        self.assertEqual(said, "1 in force, 1 healed, invoke, yes\n")
        self.assertEqual(self.box.processes(), {})

    def test_what_is_missing_is_named(self):
        source = self.project("consumer", CONSUMER)
        said = self.configure(source, "build", code=1, env=dict(os.environ, PKG_CONFIG_LIBDIR="/nonexistent"))
        self.assertIn("sunder needs libuv", re.sub(r"\s+", " ", said))
        other = self.project("other", CONSUMER.replace("sunder 0.1", "sunder 99.0"))
        self.assertIn("99.0", self.configure(other, "other-build", code=1))

    def test_it_can_be_a_part_of_another_project(self):
        source = self.project("parent", PARENT)
        self.configure(source, "build", f"-DSUNDER_SOURCE={support.ROOT}")
        targets = run("ninja", "-C", self.box.sub("build"), "-t", "targets", "all")
        self.assertRegex(targets, r"(?m)^sunder/libsunder\.a:")
        for foreign in ("sunder/sunder:", "sunder_harness", "sunder/tests"):  # the program and its tests
            self.assertNotIn(foreign, targets)
        rules = run("ninja", "-C", self.box.sub("build"), "-t", "commands", "driver")
        own = [line for line in rules.splitlines() if "driver.cpp" in line and " -c " in line]
        self.assertEqual(len(own), 1, rules)
        for flag in ("-Wconversion", "-Werror", f"-I{support.ROOT} "):  # the parent's code has the parent's options
            self.assertNotIn(flag, own[0])

    def test_the_catch2_example(self):
        shutil.copytree(os.path.join(support.ROOT, "examples", "catch2"), self.box.sub("catch2"))
        self.configure(self.box.sub("catch2"), "build", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        run("cmake", "--build", self.box.sub("build"))
        ctest = (shutil.which("ctest"), "--test-dir", self.box.sub("build"), "--output-on-failure")
        with open(self.box.sub("catch2", "partition_test.cpp"), encoding="utf-8") as file:
            tests = file.read().count("\nTEST_CASE(")
        without = run(*ctest, env=dict(self.box.env, PATH="/nonexistent"))
        self.assertEqual(without.count("***Skipped"), tests, without)
        if shutil.which("redis-server") is None:
            self.skipTest("redis-server is not installed: the example was built, and skips its tests")
        said = run(*ctest, env=self.box.env)
        self.assertIn(f"100% tests passed, 0 tests failed out of {tests}", said)
        self.assertNotIn("Skipped", said)
        self.assert_clean()


if __name__ == "__main__":
    if not os.path.exists(os.path.join(RELEASE, "libsunder.a")):
        print(f"skipped: there is no libsunder.a in {RELEASE}; ./dev build release all makes it")
        sys.exit(77)
    support.unittest.main(verbosity=2)
