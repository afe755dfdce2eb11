#!/usr/bin/env python3
"""PostgreSQL with standbys: reads of a standby that is cut off are stale, money and lists stay consistent all the same."""
import glob
import sys

import support

SUITE = """schema = 1
[cluster]
system = "%s"
nodes = %d
[workload]
name = "%s"
clients = 6
keys = 3
rate = 150
time = "8s"
op_timeout = "1s"
%s
[checks.%s]
"""
CUT = """[[nemesis]]
name = "partition"
targets = "%s"
every = "7s"
for = "4s"
"""


class Postgresql(support.ClusterTest):
    def test_single_server(self):
        text = SUITE % ("postgresql", 1, "register", "", "linearizable")
        results, checks = self.run_suite("single", text)
        self.assertGreater(checks["linearizable"]["power"], 100)
        self.assertRegex(results["system"]["version"], r"^\d+\.\d+")

    def test_standby_cut_off_is_stale(self):
        text = SUITE % ("postgresql-async", 3, "register", CUT % "n2", "linearizable")
        results, checks = self.run_suite("stale", text, (1,))
        self.assertEqual(checks["linearizable"]["verdict"], "fail")
        rows = [row for row in results["availability"] if row["fault"] and row["op"] == "read" and "n2" in row["nodes"]]
        self.assertTrue(rows and all(row["answered"] == row["asked"] - row["censored"] for row in rows), rows)
        writes = [row for row in results["availability"] if row["fault"] and row["op"] == "write" and row["nodes"] == ["n2"]]
        self.assertTrue(all(row["answered"] == 0 for row in writes), writes)

    def test_synchronous_primary_cut_off_waits(self):
        text = SUITE % ("postgresql-sync", 3, "register", CUT % "leader", "linearizable")
        results, _ = self.run_suite("sync", text, (0, 1, 3))
        writes = [row for row in results["availability"] if row["fault"] and row["op"] == "write" and row["nodes"] == ["n1"]]
        self.assertTrue(writes and all(row["answered"] == 0 for row in writes), writes)

    def test_bank_and_lists(self):
        bank = SUITE % ("postgresql-async", 3, "bank", CUT % "leader", "bank")
        _, checks = self.run_suite("bank", bank)
        self.assertGreater(checks["bank"]["power"], 100)
        lists = SUITE % ("postgresql-async", 3, "append", CUT % "leader", "serializable")
        _, checks = self.run_suite("append", lists)
        self.assertGreater(checks["serializable"]["power"], 100)


if __name__ == "__main__":
    if not glob.glob("/usr/lib/postgresql/*/bin/postgres"):
        print("PostgreSQL is not installed")
        sys.exit(77)
    support.main()
