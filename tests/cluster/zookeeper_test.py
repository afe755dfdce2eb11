#!/usr/bin/env python3
"""ZooKeeper with its leader cut off: plain reads are never worse than sequential, quorum reads are linearizable."""
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


if __name__ == "__main__":
    support.main()
