#!/usr/bin/env python3
"""Cassandra at ONE on three real nodes, one of them cut off: both sides answer, and what they answer is stale.

Skipped where it is not installed (`sunder install cassandra`). Needs 2.5 GB of memory.
"""
import json
import os
import sys

import support

CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
INSTALLED = os.environ.get("SUNDER_INSTALL_DIR") or os.path.join(CACHE, "sunder")
SUITE = """
schema = 1
[cluster]
system = "cassandra-one"
nodes = 3
[workload]
name = "register"
clients = 6
keys = 3
rate = 60
time = "26s"
op_timeout = "2s"
[[nemesis]]
name = "partition"
targets = "n3"
kind = "drop"
every = "12s"
for = "8s"
[checks.linearizable]
"""


class AtOne(support.ClusterTest):
    def test_both_sides_answer_and_reads_are_stale(self):
        suite = self.box.write("one.toml", SUITE)
        done = self.box.run("run", suite, "--quiet", "--out", self.box.sub("out", "one"), timeout=280,
                            extra={"SUNDER_INSTALL_DIR": INSTALLED})
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        with open(self.box.sub("out", "one", "results.json")) as f:
            results = json.load(f)
        check = next(c for c in results["checks"] if c["name"] == "linearizable")
        self.assertEqual(check["verdict"], "fail", check)
        self.assertTrue(any(e["f"] == "read" for e in check["witness"]), check["witness"])
        rows = [r for r in results["availability"] if r["fault"]]
        for side in ("isolated", "majority"):
            answered = sum(r["answered"] for r in rows if r["side"] == side)
            self.assertGreater(answered, 0, (side, rows))


if __name__ == "__main__":
    if not os.path.exists(os.path.join(INSTALLED, "cassandra", "installed")):
        print("skipped: Cassandra is not there; sunder install cassandra gets it")
        sys.exit(77)
    support.main()
