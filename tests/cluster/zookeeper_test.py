#!/usr/bin/env python3
"""ZooKeeper with its leader cut off: plain reads are never worse than sequential, quorum reads are linearizable, and a lock
that is kept for less than its session lives has one holder."""
import json

import support

SUITE = """schema = 1
[cluster]
system = "%s"
nodes = 3
[workload]
name = "register"
clients = 12
keys = 3
rate = 120
time = "14s"
op_timeout = "2s"
[[nemesis]]
name = "partition"
targets = "leader"
kind = "drop"
every = "9s"
for = "6s"
[checks.linearizable]
[checks.availability]
settle = "4s"
[checks.recovery]
within = "30s"
"""


LOCK = """schema = 1
[cluster]
system = "zookeeper"
nodes = 3
[workload]
name = "lock"
clients = 6
keys = 2
time = "7s"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "leader"
kind = "drop"
every = "8s"
for = "6s"
[checks.lock]
"""


class ZooKeeper(support.ClusterTest):
    def cut_the_leader(self, system, codes):
        results, checks = self.run_suite(system, SUITE % system, codes, timeout=120)
        self.assertTrue(results["faults"])
        self.assertFalse(any(f["vacuous"] for f in results["faults"]))
        for row in results["availability"]:
            if row["fault"] and row["judged"] and row["side"] in ("isolated", "minority"):
                self.assertEqual(row["answered"], 0, row)
        return checks

    def test_quorum_reads(self):
        checks = self.cut_the_leader("zookeeper-quorum-read", (0,))
        self.assertEqual((checks["linearizable"]["verdict"], checks["recovery"]["verdict"]), ("pass", "pass"), checks)

    def test_plain_reads(self):
        checks = self.cut_the_leader("zookeeper", (0, 1))
        self.assertEqual(checks["recovery"]["verdict"], "pass", checks)
        history = self.box.sub("out", "zookeeper", "history.jsonl")
        process = self.box.run("check", history, "--check", "sequential", "--json")
        self.assertNotEqual(json.loads(process.stdout)["verdict"], "fail", process.stdout)

    def test_locks(self):
        results, checks = self.run_suite("lock", LOCK, (0,), timeout=90)
        self.assertFalse(any(f["vacuous"] for f in results["faults"]))
        self.assertGreater(checks["lock"]["power"], 10)
        with open(self.box.sub("out", "lock", "history.jsonl")) as f:
            events = [json.loads(line) for line in f][1:]
        given = [e["value"] for e in events if e["f"] == "acquire" and e["type"] == "ok"]
        self.assertEqual(len(set(given)), len(given))
        self.assertTrue(all(token > 0 for token in given), given)


if __name__ == "__main__":
    support.main()
