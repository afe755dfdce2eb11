#!/usr/bin/env python3
"""`sunder run --budget`: refused before anything starts, a load that is shortened, and budgets that run out, by the wall clock."""
import json
import os
import re
import time

import support
from support import wait

# The least budget: 10 s to start, a load of 4 s, a cut of 1 s, 3 s to recover, twice 0.5 s for answers, 5 s and 5 s.
SUITE = """schema = 1
[cluster]
system = "SYSTEM"
[workload]
clients = 3
keys = 2
rate = 100
time = "60s"
op_timeout = "500ms"
[[nemesis]]
name = "partition"
targets = "n1"
kind = "reset"
every = "3s"
for = "1s"
[checks.linearizable]
[checks.recovery]
within = "3s"
"""
OVER = 3.0  # seconds by which a busy machine may be late

# Nodes that are never ready, for what comes before their start does not end.
SLOW = """base = "embedded-quorum"
[[prepare]]
command = ["sleep", "60"]
"""


class Budget(support.ClusterTest):
    def timed(self, text, budget, *more, meanwhile=None):
        """Runs it. RETURNS its exit code, its words, results.json and the seconds that it took."""
        out = self.box.sub("out", "r")
        begin = time.monotonic()
        process = self.box.start(*more, "run", self.box.write("s.toml", text), "--out", out, "--budget", f"{budget}s")
        if meanwhile:
            meanwhile(process, out)
        words = "".join(process.communicate(timeout=budget + 60))
        seconds = time.monotonic() - begin
        self.assertIn(process.returncode, (0, 1, 3), words)
        with open(os.path.join(out, "results.json")) as f:
            results = json.load(f)
        with open(os.path.join(out, "junit.xml")) as f:
            results["junit"] = f.read()
        self.assertTrue(os.path.getsize(os.path.join(out, "report.html")) > 0)
        self.assertLessEqual(seconds, budget + OVER, words)
        self.assert_clean()
        return process.returncode, words, results, seconds

    def refused(self, budget):
        path = self.box.write("s.toml", SUITE.replace("SYSTEM", "embedded-quorum"))
        result = self.box.run("run", path, "--out", self.box.sub("out", "no"), "--budget", budget)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertFalse(os.path.exists(self.box.sub("out", "no")), "nothing has begun")
        return result.stderr

    def test_too_short_is_refused_with_the_least(self):
        least = re.search(r"the least is (\w+) \(start of the cluster 10s, load 4s", self.refused("20s"))
        self.assertEqual(least and least[1], "29s")
        self.assertIn("for example 5m", self.refused("soon"))

    def test_the_load_is_shortened(self):
        code, words, results, _ = self.timed(SUITE.replace("SYSTEM", "embedded-quorum"), 29)
        self.assertEqual((code, results["verdict"]), (0, "pass"), words)
        budget = results["budget"]
        self.assertEqual((budget["asked"], budget["load_asked"], budget["ran_out"]), (29 * 10**9, 60 * 10**9, None))
        self.assertTrue(4 * 10**9 <= budget["load_granted"] <= 14 * 10**9, budget)
        self.assertRegex(words, r"The load lasted [0-9.]+s instead of 60s: the budget of 29s leaves no more\.")
        self.assertTrue(results["faults"] and not any(f["vacuous"] for f in results["faults"]))

    def test_runs_out_while_the_cluster_starts(self):
        folder = self.box.sub("systems", "slow")
        os.makedirs(folder)
        with open(os.path.join(folder, "system.toml"), "w") as f:
            f.write(SLOW)
        code, words, results, seconds = self.timed(SUITE.replace("SYSTEM", "slow"), 29, "--systems-dir",
                                                   self.box.sub("systems"))
        self.assertEqual((code, results["verdict"], results["reason"]), (3, "unknown", "budget.time"), words)
        self.assertEqual((results["budget"]["ran_out"], results["budget"]["load_granted"]), ("start", 0))
        self.assertLess(seconds, 20, "it ends as soon as no load has room any more")
        self.assertIn("<error", results["junit"])

    def test_runs_out_in_the_midst(self):
        def stand_still(process, out):
            """The machine takes all the time away, from the middle of the load until nothing of it may go on."""
            history = os.path.join(out, "history.jsonl")
            self.assertTrue(wait(lambda: os.path.exists(history) and os.path.getsize(history) > 20000, 15))
            process.send_signal(19)
            time.sleep(18)
            process.send_signal(18)

        code, words, results, _ = self.timed(SUITE.replace("SYSTEM", "embedded-quorum"), 29, meanwhile=stand_still)
        self.assertEqual((code, results["verdict"], results["reason"]), (3, "unknown", "budget.time"), words)
        self.assertEqual(results["budget"]["ran_out"], "faults")
        self.assertGreater(results["ops"], 0)
        self.assertTrue(all(f["healed_at"] for f in results["faults"]), "healed before the end")
        self.assertIn("<error", results["junit"])


if __name__ == "__main__":
    support.main()
