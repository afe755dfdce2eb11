#!/usr/bin/env python3
"""Calibration over real sockets: every planted bug of "sunder node" in a suite with real cuts, judged from the history.

bench/calibrate_real.py [--seeds 5] [--time 20s] [--only MODE/BUG,…] [--binary build/release/sunder]
Prints one row a bug: seeds caught, and the longest run. Exit code 1 where a seed was not caught within 60 s.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

SLOW = {"n1:n2,n1:n3": "80ms"}  # what n1 says comes late
FAR = {"n1:n3,n1:n4,n1:n5": "120ms", "n2:n3,n2:n4,n2:n5": "40ms"}  # n1 and n2 are near each other, the others far
# mode, bug, check, delays by pairs, clock offsets of nodes
BUGS = [
    ("single", "lost-update", "linearizable", {}, {}),
    ("quorum", "stale-read", "linearizable", SLOW, {}),
    ("quorum", "no-write-back", "linearizable", FAR, {}),
    ("quorum", "small-write-quorum", "linearizable", SLOW, {}),
    ("primary", "ack-before-replicated", "linearizable", SLOW, {}),
    ("primary", "lost-update", "linearizable", {}, {}),
    ("primary", "duplicate-on-retry", "linearizable", SLOW, {}),
    ("primary", "split-brain", "linearizable", {}, {}),
    ("primary-async", "broken-session", "read-your-writes", SLOW, {}),
    ("lww", "clock-skew-lww", "causal", {}, {"n1": "200ms", "n2": "-200ms"}),
    ("lww", "resurrected-write", "monotonic-reads", SLOW, {}),
    ("causal", "apply-before-deps", "causal", {"n1:n3": "120ms"}, {}),
    ("causal", "broken-session", "read-your-writes", {}, {}),
    ("commit-wait", "no-commit-wait", "linearizable", {}, {"n1": "10ms", "n2": "-10ms"}),
]
SELDOM = ("no-write-back", "small-write-quorum")  # writes that are followed too soon hide what is wrong
WITHIN = 60.0


def suite(mode, bug, names, offsets, duration):
    keys = 4 if bug == "apply-before-deps" else 1
    text = f"""schema = 1
[cluster]
system = "embedded-{mode}"
nodes = {len(names)}
[workload]
name = "register"
clients = {3 * len(names)}
keys = {keys}
rate = {100 if bug in SELDOM else 300 * len(names)}
time = "{duration}"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "n1"
kind = "drop"
every = "3s"
for = "1500ms"
[checks.linearizable]
"""
    for node in names:
        words = [f"--bug={bug}"]
        if node in offsets:
            words.append(f"--clock-offset={offsets[node]}")
        text += f'[[cluster.node]]\nname = "{node}"\nargs = {json.dumps(words)}\n'
    return text


def slow_links(binary, delays, environment):
    """As soon as the run takes commands."""
    for pairs, delay in delays.items():
        for _ in range(50):
            added = subprocess.run([binary, "ctl", "fault", "add", "delay", pairs, f"delay={delay}"],
                                   env=environment, capture_output=True, text=True, timeout=30)
            if added.returncode == 0:
                break
            time.sleep(0.1)
        else:
            sys.exit(f"the delay {pairs} could not be added: {added.stderr.strip()}")


def caught(binary, mode, bug, check, delays, offsets, seed, duration):
    names = ["n1", "n2", "n3", "n4", "n5"] if delays is FAR else ["n1", "n2", "n3"]
    with tempfile.TemporaryDirectory(prefix="calibrate-") as folder:
        path = os.path.join(folder, "suite.toml")
        with open(path, "w") as file:
            file.write(suite(mode, bug, names, offsets, duration))
        out = os.path.join(folder, "run")
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder)  # ctl finds this run, and no other
        began = time.monotonic()
        run = subprocess.Popen([binary, "run", path, "--out", out, "--seed", str(seed), "--quiet"],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        slow_links(binary, delays, environment)
        _, said = run.communicate(timeout=300)
        history = os.path.join(out, "history.jsonl")
        if not os.path.exists(history):
            sys.exit(f"{mode}/{bug}: the run left no history: {said.strip()}")
        judged = subprocess.run([binary, "check", history, "--check", check],
                                capture_output=True, text=True, timeout=120)
        return judged.returncode == 1, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--time", default="20s")
    parser.add_argument("--only", default="")
    parser.add_argument("--binary", default="build/release/sunder")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    missed = 0
    print("| mode | bug | check | seeds caught | longest |\n|---|---|---|---|---|")
    for mode, bug, check, delays, offsets in BUGS:
        if only and f"{mode}/{bug}" not in only:
            continue
        found, longest = 0, 0.0
        for seed in range(1, options.seeds + 1):
            hit, seconds = caught(options.binary, mode, bug, check, delays, offsets, seed, options.time)
            found += hit and seconds <= WITHIN
            longest = max(longest, seconds)
        missed += options.seeds - found
        print(f"| {mode} | {bug} | {check} | {found} of {options.seeds} | {longest:.0f} s |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
