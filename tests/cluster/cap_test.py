#!/usr/bin/env python3
"""`sunder cap` on a real etcd cluster and on reference nodes: letters, evidence, exit code, Ctrl-C.

Latencies are noisy on a busy machine, so letters that need a slope may be undecided there; wrong they must never be."""
import json
import os
import time

import support
from support import wait


def measure(test, row, ops=("read", "write", "cas")):
    out = test.box.sub("out", row)
    process = test.box.run("cap", row, "--quick", "--json", "--seed", "7", "--out", out, timeout=180)
    test.assertIn(process.returncode, (0, 3), process.stdout + process.stderr)
    result = json.loads(process.stdout)
    letters = [result["partition"], result["else"]]
    letters += [op[k] for op in result["ops"].values() for k in ("partition", "else")]
    test.assertEqual(process.returncode, 3 if "undecided" in letters else 0, letters)
    for file in ("history.jsonl", "events.jsonl", "results.json", "cap.json", "report.html"):
        test.assertGreater(os.path.getsize(os.path.join(out, file)), 0, file)
    with open(os.path.join(out, "cap.json")) as f:
        test.assertEqual(json.load(f), result)
    test.assertEqual((result["row"], result["nodes"], result["clock"], result["runs"]), (row, 3, "shared", 1))
    test.assertEqual(result["evidence"], out)
    test.assertEqual(set(result["ops"]), set(ops))
    for op in result["ops"].values():
        if op["slope_rtt"] is not None:
            low, middle, high = op["slope_rtt"]
            test.assertTrue(low <= middle <= high, op)
    test.assert_clean()
    with open(os.path.join(out, "report.html"), "rb") as f:
        page = f.read()
    again = test.box.run("report", out)
    test.assertEqual(again.returncode, 0, again.stderr)
    with open(os.path.join(out, "report.html"), "rb") as f:
        test.assertEqual(f.read(), page)
    test.assertIn(("%s: %s/%s" % (row, result["partition"], result["else"])).encode(), page)
    return result


class Etcd(support.ClusterTest):
    def test_etcd(self):
        result = measure(self, "etcd")
        self.assertEqual(result["linearizable"], "pass")
        self.assertGreater(result["power_across"], 0)
        self.assertEqual(result["partition"], "C", result)
        self.assertIn(result["else"], ("C", "undecided"), result)
        for op in result["ops"].values():
            self.assertEqual(op["partition"], "C", result)
            self.assertIn(op["else"], ("C", "undecided"), result)
            cut_off = [c for c in op["cells"] if c["cut_off"]]
            self.assertTrue(cut_off and all(c["answered"] == 0 for c in cut_off), op)
        self.assertEqual(result["keys"]["diverged"] + result["keys"]["lost"], 0)
        self.assertEqual(result["quorum"]["f_by_cut"], 1, result["quorum"])


class EtcdSerializable(support.ClusterTest):
    def test_etcd_serializable(self):
        result = measure(self, "etcd-serializable")
        self.assertEqual(result["linearizable"], "fail")
        self.assertEqual(result["ops"]["read"]["partition"], "A", result)
        self.assertEqual(result["ops"]["write"]["partition"], "C", result)
        self.assertIn(result["ops"]["read"]["else"], ("L", "undecided"), result)
        self.assertIn(result["ops"]["write"]["else"], ("C", "undecided"), result)
        self.assertEqual(result["partition"], "neither", result)


class Effects(support.ClusterTest):
    def test_effects_before_their_causes(self):
        for row, causal in (("embedded-causal", "pass"), ("embedded-lww", "fail")):
            result = measure(self, row, ("read", "write"))
            self.assertEqual(result["linearizable"], "fail")
            self.assertEqual(result["partition"], "A", result)
            states = {model["name"]: model["state"] for model in result["models"]}
            self.assertEqual(states["causal"], causal, result["models"])
            relays = result["relays"]
            self.assertGreater(relays["overtook"], 10, relays)
            if causal == "pass":
                self.assertEqual((result["strongest"], relays["stale"]), ("causal", 0), relays)
                crossings = result["crossings"]
                self.assertGreater(crossings["overtook"], 10, crossings)
                self.assertGreater(crossings["stale"], 0, crossings)
            else:
                self.assertEqual(result["strongest"], "read-your-writes", result["models"])
                self.assertGreater(relays["stale"], 0, relays)


class Cap(support.ClusterTest):
    def test_interrupt(self):
        out = self.box.sub("out", "stopped")
        process = self.box.start("cap", "etcd", "--quick", "--out", out)
        self.assertTrue(wait(lambda: os.path.exists(os.path.join(out, "history.jsonl")), 30))
        time.sleep(4)
        process.send_signal(2)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assert_clean()

    def test_wrong_row(self):
        process = self.box.run("cap", "etcs")
        self.assertEqual(process.returncode, 2)
        self.assertIn('did you mean "etcd"', process.stderr)


if __name__ == "__main__":
    support.main()
