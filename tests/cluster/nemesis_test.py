#!/usr/bin/env python3
"""Nemeses on real etcd: kills, pauses, faults and shapes that overlap; each really happened, and everything is mended."""
import json

import support

SUITE = """schema = 1
[cluster]
system = "etcd"
nodes = 3
[workload]
name = "register"
clients = 6
keys = 3
rate = 150
time = "20s"
op_timeout = "1s"
[[nemesis]]
name = "kill"
targets = "leader"
at = "1s"
for = "2s"
[[nemesis]]
name = "pause"
targets = "n2"
at = "9s"
for = "2s"
[[nemesis]]
name = "partition"
shape = "bridge"
at = "14s"
for = "3s"
[[nemesis]]
name = "fault"
fault = "delay"
params = { delay = "30ms" }
targets = "one"
at = "500ms"
for = "5s"
overlap = true
[checks.linearizable]
[checks.recovery]
within = "30s"
"""

# A client that does not reach its node, and a node that is dead inside a cut: neither is the node's refusal.
BLAMELESS = """schema = 1
[cluster]
system = "etcd"
nodes = 3
[workload]
name = "register"
clients = 6
keys = 3
rate = 120
time = "9s"
op_timeout = "500ms"
[[nemesis]]
name = "partition"
pairs = ["c2:n2", "n2:c2"]
at = "1s"
for = "4s"
[[nemesis]]
name = "partition"
targets = "n1"
at = "8s"
for = "6s"
[[nemesis]]
name = "kill"
targets = "n1"
at = "8500ms"
for = "3s"
overlap = true
[checks.linearizable]
[checks.availability]
settle = "2s"
"""


class Nemeses(support.ClusterTest):
    def test_they_happen_and_are_mended(self):
        results, _ = self.run_suite("chaos", SUITE, (0,), "--seed", "7")
        faults = {fault["kind"]: fault for fault in results["faults"]}
        self.assertEqual(set(faults), {"kill", "pause", "drop", "delay"}, results["faults"])
        self.assertGreater(faults["delay"]["touched"]["bytes"], 0)
        self.assertLess(faults["delay"]["asked_at"], faults["kill"]["asked_at"])
        self.assertGreater(faults["delay"]["healed_at"], faults["kill"]["healed_at"])  # they overlapped
        self.assertEqual(faults["pause"]["nodes"], ["n2"])
        killed = faults["kill"]["nodes"][0]
        # Nobody was answered by a paused node, and by a killed one only before and after.
        silent = [("kill", killed), ("pause", "n2")]
        with open(self.box.sub("out", "chaos", "history.jsonl")) as f:
            events = [json.loads(line) for line in f][1:]
        for kind, node in silent:
            begin, end = faults[kind]["in_force_at"], faults[kind]["healed_at"]
            oks = [e for e in events if e["type"] == "ok" and e.get("node") == node and begin + 2e8 < e["time"] < end - 1e8]
            self.assertEqual(oks, [], kind)
            back = [e for e in events if e["type"] == "ok" and e.get("node") == node and e["time"] > end]
            self.assertTrue(back, kind + ": it never came back")

    def test_who_is_not_blamed(self):
        results, _ = self.run_suite("blameless", BLAMELESS, (0,), "--seed", "7")
        rows = {(row["fault"], row["side"], row["op"]): row for row in results["availability"]}
        met = [row for (fault, _, _), row in rows.items() if fault == "p1"]
        # A client that gets no answer asks little: of one kind perhaps nothing.
        self.assertGreater(sum(row["left_out"] for row in met), 0, met)
        for row in met:
            self.assertEqual((row["side"], row["judged"]), ("all", True), row)
            self.assertEqual(row["answered"], row["asked"] - row["censored"], row)
            self.assertEqual("drop between c2 and its node n2 (p1)" in row["note"], row["left_out"] > 0, row)
        with open(self.box.sub("out", "blameless", "history.jsonl")) as f:
            events = [json.loads(line) for line in f][1:]
        cut = next(fault for fault in results["faults"] if fault["name"] == "p1")
        inside = [e for e in events if cut["in_force_at"] < e["time"] < cut["healed_at"] and e["process"] % 6 == 1]
        self.assertTrue(any(e["type"] == "invoke" for e in inside), inside)
        self.assertFalse(any(e["type"] == "ok" for e in inside), inside)
        alone = rows["p2", "isolated", "read"]
        # Killed before the settling was over, and started again where it can't serve: nothing is left.
        self.assertEqual((alone["asked"], alone["judged"]), (0, False), alone)
        self.assertGreater(alone["left_out"], 0, alone)
        self.assertIn("void; ", alone["note"])
        self.assertIn("n1 was killed (p101)", alone["note"])

    def test_mistakes_are_refused_before_anything_starts(self):
        for old, new, said in (('fault = "delay"', 'fault = "delai"', "delay"), ('delay = "30ms"', 'delay = "soon"', "delay"),
                               ('shape = "bridge"', 'shape = "brigde"', "bridge")):
            path = self.box.write("wrong.toml", SUITE.replace(old, new))
            process = self.box.run("run", path, "--out", self.box.sub("none"), timeout=30)
            self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
            self.assertIn(said, process.stderr)
            self.assertIn("wrong.toml", process.stderr)


if __name__ == "__main__":
    support.main()
