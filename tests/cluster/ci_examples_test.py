#!/usr/bin/env python3
"""examples/ci: each workflow, step by step with the real binary, as its CI server would run it.

What the machine gives there (apt-get, git, sudo, the build) are stand-ins; the suite that a workflow names must exist, and
a quick one of reference nodes takes its place. Everything else is what the files say, so that an option that is renamed, a
path that is not written or a step that fails is seen here.
"""
import os
import re
import subprocess
import sys

import support

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-yaml, whichever python3 this is
try:
    import yaml
except ImportError:
    yaml = None

FOLDER = os.path.join(support.ROOT, "examples", "ci")
FILES = ("github-sudo.yml", "github-container.yml", "gitlab-ci.yml")

QUICK = """schema = 1
[cluster]
system = "embedded-quorum"
[workload]
clients = 6
keys = 2
rate = 100
time = "5s"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "n1"
kind = "drop"
every = "5s"
for = "1500ms"
[checks.linearizable]
[checks.recovery]
within = "10s"
"""

NOTHING = "#!/bin/sh\nexit 0\n"
# Its options end at the first word that is none; what they say of the environment is done.
SUDO = """#!/bin/sh
names=PATH
while true; do
  case "$1" in
    --preserve-env=*) names="$names,${1#--preserve-env=}"; shift ;;
    -*) echo "sudo stand-in: $1?" >&2; exit 1 ;;
    *) break ;;
  esac
done
exec python3 -c 'import os, sys
kept = {n: os.environ[n] for n in sys.argv[1].split(",") if n in os.environ}
kept["TMPDIR"], kept["XDG_RUNTIME_DIR"] = os.environ["TMPDIR"], os.environ["XDG_RUNTIME_DIR"]
os.execvpe(sys.argv[2], sys.argv[2:], kept)' "$names" "$@"
"""
BUILD = """#!/bin/sh
[ "$*" = "build release sunder" ] || exit 1
mkdir -p "$(dirname "$0")/build/release"
cp "$REAL_SUNDER" "$(dirname "$0")/build/release/sunder"
"""


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


class Workflow(support.ClusterTest):
    def setUp(self):
        super().setUp()
        if subprocess.run([support.SUNDER, "doctor", "etcd"], capture_output=True).returncode != 0:
            self.skipTest("the workflows ask for etcd, which is not installed")
        self.work = self.box.sub("work")
        os.makedirs(os.path.join(self.work, "sunder"))
        for name, text in (("apt-get", NOTHING), ("git", NOTHING), ("sudo", SUDO)):
            self.program("bin/" + name, text)
        self.program("work/sunder/dev", BUILD)

    def program(self, name, text):
        os.makedirs(os.path.dirname(self.box.sub(name)), exist_ok=True)
        os.chmod(self.box.write(name, text), 0o755)

    def environment(self, variables):
        """Of the job; its suite is there, as a quick one."""
        suite = variables["SUITE"]
        self.assertTrue(suite.startswith("sunder/"), suite)
        self.assertTrue(os.path.exists(os.path.join(support.ROOT, suite[len("sunder/"):])), suite)
        os.makedirs(os.path.join(self.work, os.path.dirname(suite)), exist_ok=True)
        with open(os.path.join(self.work, suite), "w", encoding="utf-8") as file:
            file.write(QUICK)
        env = dict(self.box.env, PATH=self.box.sub("bin") + ":" + os.environ["PATH"], REAL_SUNDER=support.SUNDER)
        env.update(variables)
        return env

    def step(self, script, env):
        done = subprocess.run(["sh", "-e", "-c", script], cwd=self.work, env=env, capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, script + "\n" + done.stdout + done.stderr)
        return done.stdout

    def assert_written(self, path):
        for name in ("results.json", "junit.xml", "report.html", "history.jsonl"):
            self.assertTrue(os.path.getsize(os.path.join(self.work, path, name)) > 0, name)

    def github(self, name):
        job = load(name)["jobs"]["chaos"]
        env = self.environment(job["env"])
        files = {"GITHUB_PATH": "path", "GITHUB_STEP_SUMMARY": "summary.md"}
        env.update({key: self.box.sub(value) for key, value in files.items()})
        env.update(GITHUB_ACTIONS="true", GITHUB_WORKSPACE=self.work)
        ran = ""
        for step in job["steps"]:
            if "run" not in step:
                continue
            ran += step["run"] + "\n" + self.step(step["run"], env)
            if os.path.exists(env["GITHUB_PATH"]):
                with open(env["GITHUB_PATH"], encoding="utf-8") as file:
                    env["PATH"] = ":".join(file.read().split() + [env["PATH"]])
                os.remove(env["GITHUB_PATH"])
        for part in (" doctor etcd", '" --budget ', "verdict        pass"):
            self.assertIn(part, ran)
        with open(env["GITHUB_STEP_SUMMARY"], encoding="utf-8") as file:
            self.assertIn("| linearizable | pass |", file.read())
        upload = [s for s in job["steps"] if s.get("uses", "").startswith("actions/upload-artifact@")]
        self.assertEqual([s["if"] for s in upload], ["always()"])
        self.assert_written(upload[0]["with"]["path"])
        self.assert_clean()
        return job

    def test_github_with_sudo(self):
        self.assertNotIn("container", self.github("github-sudo.yml"))

    def test_github_in_a_container(self):
        self.assertEqual(self.github("github-container.yml")["container"]["options"], "--privileged")

    def test_gitlab(self):
        job = load("gitlab-ci.yml")["chaos"]
        env = self.environment(job["variables"])
        words = self.step("\n".join(job["before_script"] + job["script"]), env)
        self.assertIn("verdict        pass", words)
        self.assertNotIn("::", words, "annotations are GitHub's")
        artifacts = job["artifacts"]
        self.assertEqual(artifacts["when"], "always")
        self.assert_written(artifacts["paths"][0])
        self.assertTrue(os.path.exists(os.path.join(self.work, artifacts["reports"]["junit"])))
        self.assert_clean()


class Files(support.ClusterTest):
    def test_all_are_tested_and_explained(self):
        self.assertEqual(sorted(os.listdir(FOLDER)), sorted(FILES))
        with open(os.path.join(support.ROOT, "docs", "guides", "ci.md"), encoding="utf-8") as file:
            guide = file.read()
        for name in FILES:
            self.assertIn("examples/ci/" + name, guide)
        # Commands of the guide: its options are the binary's own.
        for command in re.findall(r"^    sunder (\w+) (.*)$", guide, re.MULTILINE):
            known = self.box.run(command[0], "--help", timeout=30).stdout
            for option in re.findall(r"(--[a-z-]+)", command[1]):
                self.assertIn(option + " ", known.replace(",", " ").replace("\n", " "), command)


if __name__ == "__main__":
    if yaml is None:
        print("skipped: python3-yaml is not installed")
        sys.exit(77)
    support.main()
