#!/usr/bin/env python3
"""Redis with Sentinel: a primary that is cut off acknowledges writes which are lost; without a cut none is."""
import shutil
import sys

import support

SUITE = """schema = 1
[cluster]
system = "redis-sentinel"
nodes = 3
[workload]
name = "%s"
clients = 6
keys = 3
rate = 120
time = "%s"
op_timeout = "1s"
%s
[checks.%s]
"""
CUT = """[[nemesis]]
name = "partition"
targets = "leader"
every = "20s"
for = "10s"
"""


class Redis(support.ClusterTest):
    def test_calm_keeps_all(self):
        results, checks = self.run_suite("calm", SUITE % ("set", "4s", "", "set"))
        self.assertEqual(checks["set"]["verdict"], "pass")
        self.assertRegex(results["system"]["version"], r"^\d+\.\d+")

    def test_primary_cut_off_loses_acknowledged_writes(self):
        text = SUITE % ("set", "8s", 'quiet = "20s"\n' + CUT, "set")
        results, checks = self.run_suite("lost", text, (1,))
        self.assertEqual(checks["set"]["verdict"], "fail")
        adds = [row for row in results["availability"] if row["fault"] and row["op"] == "add"]
        self.assertTrue(adds)
        # Both sides took writes: the old primary from the first moment, the new one when it was promoted.
        taken = [row["nodes"] for row in adds if row["answered"] > 0]
        self.assertIn(["n1"], taken)
        self.assertGreater(len(taken), 1, adds)


if __name__ == "__main__":
    if not shutil.which("redis-server") or not shutil.which("redis-sentinel"):
        print("Redis is not installed")
        sys.exit(77)
    support.main()
