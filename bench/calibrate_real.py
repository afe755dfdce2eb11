#!/usr/bin/env python3
"""Calibration over real sockets: every planted bug of "sunder node" in a suite with real cuts, judged from the history.

bench/calibrate_real.py [--seeds 5] [--time 12s] [--only MODE/BUG,…] [--binary build/release/sunder] [--page docs/calibration.md]
Prints one row a bug: seeds caught, the longest run, and how soon the proof was complete. --page writes the rows into that
page, between its marks. Exit code 1 where a seed was not caught within 60 s.
"""
import argparse
import json
import os
import statistics
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
    ("crdt", "duplicate-on-retry", "counter", SLOW, {}),
    ("crdt", "lost-update", "set", {}, {}),
    ("commit-wait", "no-commit-wait", "linearizable", {}, {"n1": "10ms", "n2": "-10ms"}),
]
SELDOM = ("no-write-back", "small-write-quorum")  # writes that are followed too soon hide what is wrong
WITHIN = 60.0
MARKS = ("<!-- real: begin -->", "<!-- real: end -->")  # of the page's table


def suite(mode, bug, check, names, offsets, duration):
    keys = 4 if bug == "apply-before-deps" else 1
    rate = 100 if bug in SELDOM or mode == "crdt" else 300 * len(names)
    text = f"""schema = 1
[cluster]
system = "embedded-{mode}"
nodes = {len(names)}
[workload]
name = "{check if mode == "crdt" else "register"}"
clients = {3 * len(names)}
keys = {keys}
rate = {rate}
time = "{duration}"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "n1"
kind = "drop"
every = "3s"
for = "1500ms"
[checks.{check}]
"""
    for node in names:
        words = [f"--bug={bug}"] if bug else []
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


def proof_time(history, witness):
    """Seconds of the run until the last event of the proof."""
    if not witness:
        return None
    first = None
    with open(history) as file:
        next(file)
        for line in file:
            event = json.loads(line)
            first = event["time"] if first is None else first
            if event["index"] == max(witness):
                return (event["time"] - first) / 1e9
    return None


def run_once(binary, mode, bug, check, delays, offsets, seed, duration):
    """Verdict of the check, seconds of the whole run, seconds until its proof was complete."""
    names = ["n1", "n2", "n3", "n4", "n5"] if delays is FAR else ["n1", "n2", "n3"]
    with tempfile.TemporaryDirectory(prefix="calibrate-") as folder:
        path = os.path.join(folder, "suite.toml")
        with open(path, "w") as file:
            file.write(suite(mode, bug, check, names, offsets, duration))
        out = os.path.join(folder, "run")
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder)  # ctl finds this run, and no other
        began = time.monotonic()
        run = subprocess.Popen([binary, "run", path, "--out", out, "--seed", str(seed), "--quiet"],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        slow_links(binary, delays, environment)
        _, said = run.communicate(timeout=300)
        seconds = time.monotonic() - began
        try:
            with open(os.path.join(out, "results.json")) as file:
                checks = json.load(file)["checks"]
        except OSError:
            sys.exit(f"{mode}/{bug}: the run left no results: {said.strip()}")
        found = next(one for one in checks if one["name"] == check)
        witness = [event["index"] for event in found.get("witness") or []]
        return found["verdict"], seconds, proof_time(os.path.join(out, "history.jsonl"), witness)


def write_page(path, rows, options):
    with open(path) as file:
        text = file.read()
    before, rest = text.split(MARKS[0], 1)
    _, after = rest.split(MARKS[1], 1)
    table = "\n".join(rows)
    words = f"Measured {time.strftime('%Y-%m-%d')}, {options.seeds} seeds a bug, {options.time} of load a run."
    with open(path, "w") as file:
        file.write(f"{before}{MARKS[0]}\n{table}\n\n{words}\n{MARKS[1]}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--time", default="12s")
    parser.add_argument("--only", default="")
    parser.add_argument("--binary", default="build/release/sunder")
    parser.add_argument("--page", default="")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    missed = 0
    rows = ["| mode | bug | check | seeds caught | proof complete after (median) | longest run |", "|---|---|---|---|---|---|"]
    print("\n".join(rows))
    for mode, bug, check, delays, offsets in BUGS:
        if only and f"{mode}/{bug}" not in only:
            continue
        found, longest, proofs = 0, 0.0, []
        for seed in range(1, options.seeds + 1):
            verdict, seconds, proof = run_once(options.binary, mode, bug, check, delays, offsets, seed, options.time)
            found += verdict == "fail" and seconds <= WITHIN
            longest = max(longest, seconds)
            proofs += [] if proof is None else [proof]
        missed += options.seeds - found
        soon = f"{statistics.median(proofs):.1f} s" if proofs else "-"
        rows.append(f"| {mode} | {bug} | {check} | {found} of {options.seeds} | {soon} | {longest:.0f} s |")
        print(rows[-1], flush=True)
    if options.page:
        write_page(options.page, rows, options)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
