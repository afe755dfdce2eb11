#!/usr/bin/env python3
"""`sunder wrap` on a real etcd cluster: environment, exit codes, signals, and that nothing stays behind."""
import json
import os
import random
import signal
import time

import support
from support import wait


class WrapAsRoot(support.ClusterTest):
    def wrap(self, *command, options=(), **kw):
        return self.box.run("wrap", "examples/etcd.toml", *options, "--", *command, **kw)

    def start(self, *command, options=(), **kw):
        return self.box.start("wrap", "examples/etcd.toml", *options, "--", *command, **kw)

    def test_environment_and_endpoints(self):
        script = self.box.write("look.py", """
import json, os, urllib.request
cluster = json.load(open(os.environ["SUNDER_CLUSTER"]))
ends = os.environ["SUNDER_ENDPOINTS"].split(",")
assert len(ends) == 3 and os.environ["SUNDER_N1"] == ends[0], ends
for end in ends:
    health = json.load(urllib.request.urlopen(f"http://{end}/health", timeout=5))
    assert health["health"] == "true", health
status = json.load(urllib.request.urlopen(os.environ["SUNDER_API"] + "/v1/status", timeout=5))
assert {n["name"] for n in status["nodes"]} >= {"n1", "n2", "n3"}
assert os.getuid() == int(os.environ["EXPECT_UID"]), os.getuid()
for node in cluster["nodes"]:
    assert os.path.exists(f"/proc/{node['pid']}"), node
    assert os.path.exists(node["log"]), node
print("seen")
""")
        uid = support.USER if self.box.as_user else os.getuid()
        result = self.wrap("python3", script, extra={"EXPECT_UID": str(uid)})
        self.assertEqual((result.returncode, "seen" in result.stdout), (0, True), result.stdout + result.stderr)
        self.assert_clean()

    def test_exit_codes(self):
        for command, code in ((["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -SEGV $$"], 128 + 11),
                              (["/no/such/program"], 127), (["/etc/passwd"], 126)):
            with self.subTest(command=command):
                result = self.wrap(*command)
                self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(self.box.run("wrap", "examples/none.toml", "--", "true").returncode, 125)
        self.assert_clean()

    def test_signals_clean_up(self):
        for sent in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=sent):
                process = self.start("sleep", "600")
                self.assertTrue(wait(self.box.api, 30))
                wait(lambda: any("sleep 600" in c for c in self.box.processes().values()), 2)
                process.send_signal(sent)
                process.communicate(timeout=20)
                self.assertEqual(process.returncode, 128 + sent)
                self.assert_clean()

    def test_sigkill_leaves_nothing(self):
        rng = random.Random(int(os.environ.get("SUNDER_TEST_SEED", "1")))
        for attempt in range(6):
            with self.subTest(attempt=attempt):
                process = self.start("sh", "-c", f"trap '' TERM INT; sleep 600; : {self.box.path}")
                time.sleep(rng.uniform(0, 4))
                process.kill()
                process.communicate(timeout=20)
                self.assert_clean()

    def test_partition_by_ctl_and_history(self):
        script = self.box.write("cut.sh", """set -e
sunder=$1
"$sunder" ctl partition n1 / n2,n3 --name split --json >answer.json
"$sunder" ctl status >status.txt
"$sunder" ctl heal --json >healed.json
"$sunder" ctl events --json >events.json
now=$(python3 -c 'import time; print(time.monotonic_ns())')
for i in 0 1 2 3; do
  python3 - "$i" >>"$SUNDER_HISTORY" <<'PY'
import json, sys, time
i = int(sys.argv[1])
for type, value in (("invoke", None if i % 2 else i + 1), ("ok", i if i % 2 else i + 1)):
    print(json.dumps({"time": time.monotonic_ns(), "process": 0, "type": type,
                      "f": "read" if i % 2 else "write", "key": "k", "value": value}))
PY
done
""")
        result = self.wrap("sh", script, self.box.sunder, options=["--check"])
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(self.box.sub("answer.json")) as f:
            answer = json.load(f)
        self.assertEqual(answer["name"], "split")
        self.assertGreaterEqual(answer["in_force_at"], answer["asked_at"])
        with open(self.box.sub("healed.json")) as f:
            healed = json.load(f)
        self.assertEqual(healed["removed"][0]["name"], "split")
        with open(self.box.sub("status.txt")) as f:
            self.assertIn("drop", f.read())
        self.assertIn("pass", result.stdout + result.stderr)
        self.assert_clean()

    def test_check_finds_a_stale_read(self):
        script = self.box.write("stale.py", """
import json, os, time
out = open(os.environ["SUNDER_HISTORY"], "a")
def op(process, f, value, answer):
    for type, v in (("invoke", value), ("ok", answer)):
        out.write(json.dumps({"time": time.monotonic_ns(), "process": process, "type": type, "f": f,
                              "key": "k", "value": v}) + "\\n")
op(0, "write", 1, 1); op(0, "write", 2, 2); op(1, "read", None, 1)
""")
        result = self.wrap("python3", script, options=["--check"])
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assert_clean()

    def test_two_at_once_do_not_meet(self):
        other = support.Sandbox(self.as_user)
        self.addCleanup(other.close)
        script = """import base64, json, os, time, urllib.request
end = os.environ["SUNDER_N1"]; mine = base64.b64encode(os.environ["MINE"].encode()).decode()
def post(path, body):
    return json.load(urllib.request.urlopen(urllib.request.Request(f"http://{end}{path}", json.dumps(body).encode()), timeout=9))
post("/v3/kv/put", {"key": "Zm9v", "value": mine}); time.sleep(3)
assert post("/v3/kv/range", {"key": "Zm9v"})["kvs"][0]["value"] == mine
"""
        processes = []
        for box, mine in ((self.box, "a"), (other, "b")):
            path = box.write("meet.py", script)
            processes.append(box.start("wrap", "examples/etcd.toml", "--", "python3", path, extra={"MINE": mine}))
        for process in processes:
            out, err = process.communicate(timeout=90)
            self.assertEqual(process.returncode, 0, out + err)
        self.assert_clean()
        self.assertEqual(other.leftovers(), [])


class WrapAsUser(WrapAsRoot):
    as_user = True


if __name__ == "__main__":
    support.main()
