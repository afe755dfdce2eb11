#!/usr/bin/env python3
"""Bad input: a clear message with file:line or field, the right exit code, and nothing half-started."""
import os
import socket
import subprocess

import support

GOOD = """schema = 1
[cluster]
system = "etcd"
nodes = 3
[workload]
name = "register"
clients = 3
keys = 2
time = "5s"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "leader"
kind = "drop"
every = "4s"
for = "2s"
[checks.linearizable]
"""


class Errors(support.ClusterTest):
    def refuse(self, text, *words, code=2, **options):
        suite = self.box.write("bad.toml", text)
        result = self.box.run("run", suite, "--out", self.box.sub("out", "bad"), timeout=30, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertFalse(os.path.exists(self.box.sub("out", "bad")), "nothing was started")
        self.assert_clean()
        wrapped = self.box.run("wrap", suite, "--", "true", timeout=30, **options)
        self.assertEqual(wrapped.returncode, 125, wrapped.stderr)
        self.assert_clean()

    def test_unknown_key(self):
        self.refuse(GOOD.replace("keys = 2", "keyz = 2"), "bad.toml:8", "keyz")

    def test_unknown_fault_kind(self):
        self.refuse(GOOD.replace('"drop"', '"dorp"'), "bad.toml:14", "dorp", "hold")

    def test_unknown_nemesis(self):
        self.refuse(GOOD.replace('name = "partition"', 'name = "earthquake"'), "bad.toml:12", "earthquake")

    def test_unknown_check(self):
        self.refuse(GOOD.replace("[checks.linearizable]", "[checks.linearisable]"), "bad.toml:17")

    def test_wrong_unit(self):
        self.refuse(GOOD.replace('time = "5s"', 'time = "5 parsecs"'), "bad.toml:9", "parsecs")

    def test_missing_unit(self):
        self.refuse(GOOD.replace('time = "5s"', "time = 5"), "bad.toml:9")

    def test_node_that_does_not_exist(self):
        self.refuse(GOOD.replace('"leader"', '"n9"'), "bad.toml:13", "n9")

    def test_unknown_system(self):
        self.refuse(GOOD.replace('"etcd"', '"etdc"'), "bad.toml:3", "etdc", "etcd")

    def test_not_toml(self):
        self.refuse("schema = = 1\n", "bad.toml:1")

    def test_etcd_not_installed(self):
        folder = self.box.sub("nothing")
        os.mkdir(folder)
        self.refuse(GOOD, "etcd-server", code=4, extra={"PATH": folder})

    def test_binary_that_is_not_there(self):
        suite = GOOD.replace("nodes = 3", 'nodes = 3\n[[cluster.node]]\nname = "n1"\nbinary = "/no/etcd"')
        self.refuse(suite, "/no/etcd", code=4)

    def test_no_privileges(self):
        # max_user_namespaces = 0 inside a user namespace: its inhabitants can make none, as on a locked-down machine.
        suite = self.box.write("good.toml", GOOD)
        script = (f"echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "
                  f"{self.box.sunder} run {suite} --out {self.box.sub('out', 'x')}")
        result = subprocess.run(["unshare", "-Ur", "sh", "-c", script], env=self.box.env, cwd=self.box.path,
                                capture_output=True, text=True, timeout=30)
        if "unshare:" in result.stderr or "cannot create" in result.stderr:
            self.skipTest("this machine lets nobody make user namespaces")
        self.assertEqual(result.returncode, 4, result.stdout + result.stderr)
        self.assertIn("doctor", result.stderr)
        self.assertFalse(os.path.exists(self.box.sub("out", "x")))
        self.assert_clean()

    def test_ctl_without_a_run(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers here
            result = self.box.run("ctl", "status", "--api", f"http://127.0.0.1:{probe.getsockname()[1]}")
        self.assertEqual(result.returncode, 4)
        self.assertTrue(result.stderr)

    def test_usage(self):
        for args in (["run"], ["nonsense"], ["run", "x.toml", "--nonsense"], ["check"], ["ctl", "explode"]):
            with self.subTest(args=args):
                self.assertEqual(self.box.run(*args).returncode, 2)
        self.assertEqual(self.box.run("run", "examples/none.toml").returncode, 2)
        self.assertEqual(self.box.run("check", "none.jsonl").returncode, 2)


if __name__ == "__main__":
    support.main()
