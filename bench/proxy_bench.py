#!/usr/bin/env python3
"""The byte hall beside its peers: one command, one table. Run it as `./dev bench proxy`.

    ./dev bench proxy                     the whole table, some 10 minutes
    ./dev bench proxy --quick             fewer and shorter rounds, some 2 minutes; numbers are coarse
    ./dev bench proxy --only echo64,idle  some scenarios; --list names them
    ./dev bench proxy --peers sunder,haproxy --rounds 21 --json FILE --soak
    ./dev bench proxy --write docs/benchmarks/proxy.md   puts the tables into that page, between its marks

A compared scenario runs on every peer in each round, in a rotating order, so that a disturbance of the
machine meets all of them; a figure is the median over the rounds, a ratio the median of the ratios within
a round. Exit code 0 when every bar is met (5 % band), 1 when not.
Other files: proxy_peers.py (how each peer is started), proxy_scenarios.py (what is measured and the bars),
load*.cpp (the generator), bare_relay.cpp (the floor).
"""
import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import namedtuple

import proxy_peers
from proxy_scenarios import ALL, DELAYS, NO_SPIN_BARS, SCENARIOS, Compared
from table_page import machine, marks, write_page

MARKS = marks("./dev bench proxy")
BAND = 0.05  # two equal programs differ by that much on a quiet machine
Plan = namedtuple("Plan", "rounds seconds long orders faults open churn")
FULL = Plan(rounds=9, seconds=1.0, long=5, orders=200, faults=10000, open=10000, churn=100000)
QUICK = Plan(rounds=3, seconds=0.4, long=2, orders=50, faults=300, open=2000, churn=10000)


class Bench:
    def __init__(self, plan, kinds, folder):
        self.plan, self.kinds, self.folder = plan, kinds, folder
        self.backend = proxy_peers.Backend()
        self.running, self.results, self.bars, self.lines = {}, {}, [], []

    def start(self, kind):
        """RETURNS the running peer of that kind, started when it is first asked for."""
        if kind.name not in self.running:
            peer = kind(self.backend, self.folder)
            peer.start()
            self.running[kind.name] = peer
        return self.running[kind.name]

    def end(self, name):
        peer = self.running.pop(name, None)
        if peer is not None:
            peer.stop()

    def stop(self):
        for name in list(self.running):
            self.end(name)
        self.backend.stop()

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    # ---- compared ----

    def takes_part(self, kind, scenario):
        if scenario.needs == ALL:
            return True
        if scenario.needs == DELAYS:
            return kind in (proxy_peers.Sunder, proxy_peers.Toxiproxy)
        return kind is not proxy_peers.Direct

    def compare(self, name, scenario):
        kinds = [k for k in self.kinds if self.takes_part(k, scenario)]
        rounds = min(scenario.rounds or self.plan.rounds, self.plan.rounds)
        samples = {kind.name: [] for kind in kinds}
        for turn in range(rounds):
            for kind in kinds[turn % len(kinds):] + kinds[:turn % len(kinds)]:
                if scenario.fresh:
                    self.end(kind.name)
                samples[kind.name].append(scenario.run(self.start(kind), self.plan))
        self.results[name] = samples
        self.print_compared(scenario, samples)
        own = [k.name for k in kinds if issubclass(k, proxy_peers.Sunder)]
        for ours in own:
            bars = scenario.bars if ours == "sunder" else []
            if ours == proxy_peers.SunderNoSpin.name:
                bars = NO_SPIN_BARS.get(name, [])
            for bar in bars:
                self.judge(scenario, ours, bar, samples)

    def print_compared(self, scenario, samples):
        self.say(f"\n### {scenario.title}\n")
        heads = []
        for figure in scenario.figures:
            unit = f" ({figure.unit})" if figure.unit else ""
            heads += [figure.label + unit]
        self.say("| | " + " | ".join(heads) + " | sunder's ratio |")
        self.say("|---" * (len(heads) + 2) + "|")
        first = scenario.figures[0].key
        for name, rows in samples.items():
            cells = [f"{median(rows, f.key):.{f.digits}f}" for f in scenario.figures]
            times = ratio(samples, "sunder", name, first) if "sunder" in samples else None
            cells.append("" if name == "sunder" or times is None else f"{times:.2f}×")
            self.say(f"| {name} | " + " | ".join(cells) + " |")

    def judge(self, scenario, ours, bar, samples):
        label = next(f.label for f in scenario.figures if f.key == bar.figure)
        if bar.peer is None:
            value, what = median(samples[ours], bar.figure), f"{ours}: {label}"
        elif bar.peer not in samples:
            return
        else:
            value = ratio(samples, ours, bar.peer, bar.figure)
            what = f"{ours} / {bar.peer}: {label}"
        # The band is for what was measured beside another; an absolute bound is one.
        band = BAND if bar.peer is not None else 0
        self.bar(scenario.title, what, value, bar.relation, bar.value, band)

    # ---- on sunder alone ----

    def alone(self, name, scenario):
        self.say(f"\n### {scenario.title}\n\n| | | bar |\n|---|---|---|")
        checks = scenario.run(self.start, self.plan)
        self.results[name] = [check._asdict() for check in checks]
        for check in checks:
            bound = "" if check.bound is None else f"{check.relation} {check.bound:g} {check.unit}"
            self.say(f"| {check.label} | {check.value:.3f} {check.unit} | {bound} |")
            if check.bound is not None:
                self.bar(scenario.title, check.label, check.value, check.relation, check.bound, 0)

    def bar(self, title, what, value, relation, bound, band):
        if relation == "within":
            met = abs(value) <= bound
        elif relation == ">=":
            met = value >= bound * (1 - band)
        else:
            met = value <= bound * (1 + band)
        self.bars.append((title, what, value, relation, bound, met))

    def print_bars(self):
        self.say("\n### Bars\n\n| | | measured | bar | |\n|---|---|---|---|---|")
        for title, what, value, relation, bound, met in self.bars:
            self.say(f"| {title} | {what} | {value:.2f} | {relation} {bound:g} | {'met' if met else '**not met**'} |")
        return all(met for *_, met in self.bars)


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def ratio(samples, ours, theirs, key):
    """RETURNS the median of the ratios within the rounds; None where nothing can be divided."""
    pairs = [(a[key], b[key]) for a, b in zip(samples[ours], samples[theirs])]
    ratios = [a / b for a, b in pairs if b != 0]
    return statistics.median(ratios) if ratios else None


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench proxy", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", default="", help="comma list of scenarios")
    parser.add_argument("--peers", default="", help="comma list of peers; default: all that are installed")
    parser.add_argument("--rounds", type=int, help="rounds of a compared scenario")
    parser.add_argument("--soak", action="store_true", help="1 000 000 connections opened and closed")
    parser.add_argument("--json", help="write every sample to this file")
    parser.add_argument("--write", help="put the tables into this page")
    parser.add_argument("--list", action="store_true", help="name scenarios and peers")
    return parser.parse_args()


def choose(kinds, wanted):
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if names:
        kinds = kinds + [proxy_peers.SunderOne]
    unknown = [name for name in names if name not in {k.name for k in kinds}]
    if unknown:
        sys.exit(f"bench: there is no peer {unknown[0]!r}; there are: {', '.join(k.name for k in kinds)}")
    return [k for k in kinds if not names or k.name in names]


def main():
    options = parse()
    kinds, missing = proxy_peers.available()
    if options.list:
        print("scenarios:", ", ".join(SCENARIOS), "\npeers:", ", ".join(k.name for k in kinds))
        return 0
    only = [name for name in options.only.split(",") if name] or list(SCENARIOS)
    for name in only:
        if name not in SCENARIOS:
            sys.exit(f"bench: there is no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
    plan = QUICK if options.quick else FULL
    most = proxy_peers.many_files()
    plan = plan._replace(rounds=options.rounds or plan.rounds, open=min(plan.open, most),
                         churn=1000000 if options.soak else plan.churn)
    for sentence in missing:
        print(f"left out: {sentence}")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sunder-bench-") as folder:
        bench = Bench(plan, choose(kinds, options.peers), folder)
        bench.say(f"{machine()}. Medians of {plan.rounds} interleaved rounds of {plan.seconds} s; the last column "
                  "is the first figure, sunder's divided by the other's.")
        try:
            for name in only:
                scenario = SCENARIOS[name]
                (bench.compare if isinstance(scenario, Compared) else bench.alone)(name, scenario)
        finally:
            bench.stop()
    met = bench.print_bars()
    print(f"\n{time.monotonic() - begin:.0f} s.")
    if options.write:
        write_page(options.write, bench.lines, MARKS)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": machine(), "plan": plan._asdict(), "results": bench.results}, file, indent=1)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
