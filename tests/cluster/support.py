"""What the cluster tests share: where the binary is, a private place for one test, and a search for leftovers.

Each test gets a folder of its own as TMPDIR and XDG_RUNTIME_DIR; its path stands on the command line or in the working
folder of everything that sunder starts, so that a process left behind can be told from a stranger's.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUNDER = os.environ.get("SUNDER_BINARY", os.path.join(ROOT, "build", "dev", "sunder"))
USER = 61999  # an ordinary user without a name, privileges or groups


def wait(condition, seconds=10.0, step=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(step)
    return condition()


def can_isolate():
    """True where this machine lets us make namespaces at all (doctor says why not)."""
    return subprocess.run([SUNDER, "doctor"], capture_output=True).returncode == 0


def refuses_configuration(test, box, text, line, word):
    """`sunder serve` says which line of such a configuration is wrong, and why, and ends with 2."""
    path = box.write("bad.toml", text)
    result = box.run("serve", "--listen", "127.0.0.1:0", "--config", path, timeout=30)
    test.assertEqual(result.returncode, 2, result.stderr)
    test.assertIn(f"bad.toml:{line}", result.stderr)
    test.assertIn(word, result.stderr)


class Sandbox:
    """A private folder, optionally owned by an ordinary user; `as_user` runs everything in it as that user."""

    def __init__(self, as_user=False):
        self.as_user = as_user and os.getuid() == 0
        self.path = tempfile.mkdtemp(prefix="sunder-test-", dir="/tmp")
        for name in ("tmp", "run", "out"):
            os.mkdir(os.path.join(self.path, name))
        # The project may stand where another user can't read (root's home): take what is needed along.
        self.sunder = os.path.join(self.path, "sunder")
        shutil.copy(SUNDER, self.sunder)
        shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(self.path, "examples"))
        shutil.copytree(os.path.join(ROOT, "tests", "cluster"), os.path.join(self.path, "cluster"))
        if self.as_user:
            for folder, _, files in os.walk(self.path):
                for name in [folder] + [os.path.join(folder, f) for f in files]:
                    os.chown(name, USER, USER)
        self.env = dict(os.environ, TMPDIR=self.sub("tmp"), XDG_RUNTIME_DIR=self.sub("run"), HOME=self.path)
        for name in ("SUNDER_API", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            self.env.pop(name, None)

    def sub(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, text):
        with open(self.sub(name), "w") as out:
            out.write(text)
        os.chmod(self.sub(name), 0o644)
        return self.sub(name)

    def command(self, *args):
        prefix = []
        if self.as_user:
            prefix = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]
        return prefix + [self.sunder, *args]

    def start(self, *args, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.command(*args), cwd=self.path, env=dict(self.env, **options.pop("extra", {})),
                                stdin=subprocess.DEVNULL, text=True, start_new_session=True, **options)

    def run(self, *args, timeout=120, **options):
        process = self.start(*args, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"{args} did not end in {timeout} s\n{out}\n{err}")
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def processes(self):
        """pids of live processes that belong to this sandbox (zombies wait for their reaper and don't count)."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    line = f.read().replace(b"\0", b" ").decode(errors="replace")
                with open(f"/proc/{pid}/stat") as f:
                    state = f.read().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if state not in "ZX" and self.path in line and int(pid) != os.getpid():
                found[int(pid)] = line
        return found

    def leftovers(self, seconds=8.0):
        """What is still there after `seconds` at most: processes, files in TMPDIR and the run-time folder, mounts."""

        def look():
            left = [f"process {p}: {c}" for p, c in self.processes().items()]
            for folder in ("tmp", "run"):
                for base, folders, files in os.walk(self.sub(folder)):
                    left += [os.path.join(base, n) for n in files]
                    left += [os.path.join(base, n) for n in folders]
            with open("/proc/self/mountinfo") as f:
                left += [line.strip() for line in f if self.path in line]
            return left

        wait(lambda: not look(), seconds)
        return look()

    def api(self):
        """The API's URL of the one live run of this sandbox, from its run-time file."""
        for base, _, files in os.walk(self.sub("run")):
            for name in files:
                if name.endswith(".json"):
                    try:
                        with open(os.path.join(base, name)) as f:
                            return json.load(f)["api"]
                    except (OSError, ValueError, KeyError):
                        pass
        return None

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        shutil.rmtree(self.path, ignore_errors=True)


class ClusterTest(unittest.TestCase):
    as_user = False

    def setUp(self):
        self.box = Sandbox(self.as_user)
        self.addCleanup(self.box.close)

    def run_suite(self, name, text, codes=(0,), *more, timeout=180):
        """Runs a suite of that text; its exit code is one of `codes`. RETURNS results.json, and its checks by name."""
        path = self.box.write(name + ".toml", text)
        process = self.box.run("run", path, "--out", self.box.sub("out", name), *more, timeout=timeout)
        self.assertIn(process.returncode, codes, process.stdout + process.stderr)
        with open(self.box.sub("out", name, "results.json")) as f:
            results = json.load(f)
        self.assert_clean()
        return results, {check["name"]: check for check in results["checks"]}

    def assert_clean(self):
        self.assertEqual(self.box.leftovers(), [])


def main():
    if not can_isolate():
        print("skipped: sunder doctor says that this machine can't do netns mode")
        sys.exit(77)
    unittest.main(verbosity=2)
