#!/usr/bin/env python3
"""The court's speed: one command, one table, beside Porcupine on the same histories. Run it as `./dev bench check`.

    ./dev bench check                     the whole table, 15 to 20 minutes, some 4 GB of disk for a while
    ./dev bench check --quick             one run each, 3 seeds, at most 1 000 000 operations; some 2 minutes
    ./dev bench check --only register,search   some rows; --list names them
    ./dev bench check --write docs/benchmarks/check.md   puts the tables into that page, between its marks

A figure is the median of three runs of `sunder check` on a file that `sunder gen` wrote: from file to verdict, the
process and its start included, page cache warm. Memory is the greatest resident memory of the process. Porcupine's seconds
are those of its check alone; its reading is not counted. Every verdict is compared with the one that is known.
Exit code 0 when every bar is met, 1 when not, 2 for a wrong verdict.
Other files: check_rows.py (what is measured, and the bars), porcupine_peer.py and porcupine/ (the peer).
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections import namedtuple

import porcupine_peer
from check_rows import SEARCHES, WORKS
from table_page import machine, marks, write_page

ROOT = pathlib.Path(__file__).resolve().parents[1]
SUNDER = pathlib.Path(os.environ.get("SUNDER_BINARY", ROOT / "build" / "release" / "sunder"))
HISTORIES = pathlib.Path(os.environ.get("SUNDER_HISTORIES", ROOT.parent / "shared" / "histories"))
MARKS = marks("./dev bench check")
LIMIT = 60.0  # seconds for one file, as by default
Judged = namedtuple("Judged", "seconds cpu mib verdict witness")


class Bench:
    def __init__(self, options, peer, folder):
        self.options, self.peer, self.folder = options, peer, pathlib.Path(folder)
        self.runs = 1 if options.quick else 3
        self.lines, self.bars, self.wrong, self.seconds = [], [], [], {}

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def bar(self, title, what, value, relation, bound):
        met = value >= bound if relation == ">=" else value <= bound
        self.bars.append((title, what, value, relation, bound, met))

    def generate(self, name, words):
        path = self.folder / name
        made = porcupine_peer.run([SUNDER, "gen", *words, "-o", path], 300)
        if made.code != 0:
            sys.exit(f"bench: sunder gen {' '.join(words)} failed; run it by hand to see why")
        return path

    # RETURNS a Judged: medians of seconds and CPU seconds, greatest MiB, verdict of the file, operations of its witness.
    def judge(self, path, words, runs):
        seconds, cpu, mib, found = [], [], 0.0, None
        for _ in range(runs):
            done = porcupine_peer.run([SUNDER, "check", path, "--json", *words], LIMIT + 30)
            seconds.append(done.wall)
            cpu.append(done.cpu)
            mib = max(mib, done.rss)
            if done.code not in (0, 1, 3):
                return Judged(done.wall, done.cpu, mib, "no verdict", 0)
            found = json.loads(done.output)
        events = next((c["witness"] for c in found["checks"] if c["verdict"] == "fail"), [])
        return Judged(statistics.median(seconds), statistics.median(cpu), mib, found["verdict"],
                      sum(1 for event in events if event["type"] == "invoke"))

    def expect(self, what, verdict, expected):
        if verdict != expected:
            self.wrong.append(f"{what}: {verdict}, and it is a {expected}")

    # ---- sunder alone ----

    def works(self, rows):
        if not rows:
            return
        self.say("\n### From file to verdict\n")
        self.say("| history | operations | format | s | bar | CPU s | MiB | bar | verdict | "
                 "operations of the witness |")
        self.say("|---|--:|---|--:|--:|--:|--:|--:|---|--:|")
        for row in rows:
            self.work(row)
        for fmt in ("edn", "jsonl"):
            small, large = (self.seconds.get(("register", ops, fmt)) for ops in (1_000_000, 10_000_000))
            if small and large:
                self.bar("register, 10 clients", f"exponent between 1 M and 10 M, {fmt}",
                         math.log10(large / small), "<=", 1.1)

    def work(self, row):
        words = [*row.gen, "--ops", str(row.ops), "--format", row.format]
        path = self.generate(f"history.{row.format}", words)
        # A small file is read once before, so that the first run is not the one that meets a cold cache.
        seconds, cpu, mib, verdict, witness = self.judge(path, row.check, self.runs)
        path.unlink()
        self.seconds[(row.name, row.ops, row.format)] = seconds
        self.say(f"| {row.title} | {count(row.ops)} | {row.format} | {seconds:.2f} | {row.seconds:g} | "
                 f"{cpu:.2f} | {mib:.0f} | {row.mib or ''} | {verdict} | {witness or ''} |")
        title = f"{row.title}, {count(row.ops)}, {row.format}"
        self.expect(title, verdict, row.expected)
        self.bar(title, "s", seconds, "<=", row.seconds)
        if row.mib is not None:
            self.bar(title, "MiB", mib, "<=", row.mib)
        if row.witness is not None:
            self.bar(title, "operations of the witness", witness, "<=", row.witness)

    def public(self):
        """The public etcd and cas-register logs, all in one go: what tools for histories are usually tried on."""
        table = HISTORIES / "VERDICTS.tsv"
        if not table.exists():
            self.say("\nleft out: there are no public histories beside the project (SUNDER_HISTORIES)")
            return
        wanted = {"jepsen-etcd-log": {}, "jepsen-edn": {}}
        for line in table.read_text(encoding="utf-8").splitlines()[1:]:
            path, model, fmt, _, verdict = line.split("\t")[:5]
            if model.startswith("cas-register") and (HISTORIES / path).exists():
                wanted[fmt][str(HISTORIES / path)] = "pass" if verdict.startswith("true") else "fail"
        seconds = []
        for _ in range(self.runs):
            wall, odd = 0.0, []
            for fmt, files in wanted.items():
                words = ["--init", "0", "--nil", "unknown", "--failed-cas", "error"] if fmt == "jepsen-edn" else []
                done = porcupine_peer.run([SUNDER, "check", "--json", *words, *files], LIMIT)
                wall += done.wall
                for line in done.output.splitlines():
                    found = json.loads(line)
                    if found["verdict"] != files[found["file"]]:
                        odd.append(f"{pathlib.Path(found['file']).name} {found['reason'] or found['verdict']}")
            seconds.append(wall)
        number = sum(len(files) for files in wanted.values())
        value = statistics.median(seconds)
        self.say(f"\n{number} public etcd and cas-register logs together: {value:.2f} s; "
                 f"{len(odd)} verdicts other than listed{': ' if odd else ''}{', '.join(odd)}")
        self.wrong += [sentence for sentence in odd if not sentence.endswith("vacuous.no_power")]
        self.bar("public logs", "s", value, "<=", 1.0)

    # ---- beside Porcupine ----

    def searches(self, rows):
        if not rows:
            return
        self.say("\n### The general search beside Porcupine: values drawn from 5\n")
        self.say("| history | seeds | sunder decides | s, median | s, slowest | MiB | Porcupine decides | "
                 "s, median | MiB | ratio, median |")
        self.say("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for row in rows:
            self.search(row)

    def search(self, row):
        seeds = min(row.seeds, 3) if self.options.quick else row.seeds
        mine, memory, theirs, their_memory, ratios = [], 0.0, [], 0.0, []
        decided = decided_there = lost = 0
        expected = "fail" if row.plant else "pass"
        for seed in range(1, seeds + 1):
            print(f"  seed {seed} of {seeds}", end="\r", file=sys.stderr, flush=True)
            words = ["--clients", str(row.clients), "--values", "5", "--ops", str(row.ops), "--seed", str(seed)]
            path = self.generate("search.jsonl", words + (["--plant", row.plant] if row.plant else []))
            seconds, _, mib, verdict, _ = self.judge(path, ["--timeout", "60s", "--memory", "4GiB"],
                                                  1 if row.every else self.runs)
            mine.append(seconds)
            memory = max(memory, mib)
            if verdict == "unknown":
                self.bar(row.title, f"seed {seed}: s, undecided", seconds, "<=", LIMIT * 1.05)
            else:
                decided += 1
                self.expect(f"{row.title}, seed {seed}", verdict, expected)
            if self.peer is not None:
                # What we decide needs no long wait for the peer; what we don't, all the time that we had.
                limit = LIMIT if verdict == "unknown" else row.peer_seconds
                answers, done = porcupine_peer.judge(self.peer, [path], limit)
                answer = answers.get(str(path), porcupine_peer.Answer("unknown", done.wall, 0))
                their_memory = max(their_memory, done.rss)
                theirs.append(answer.seconds)
                ratios.append(answer.seconds / seconds)
                if answer.verdict != "unknown":
                    decided_there += 1
                    lost += verdict == "unknown"
                    self.expect(f"{row.title}, seed {seed}, Porcupine", answer.verdict, expected)
            path.unlink()
        median = statistics.median
        there = (f"{decided_there} in {row.peer_seconds} s | {median(theirs):.2f} | {their_memory:.0f} | "
                 f"{median(ratios):.1f}× "
                 if theirs else "left out | | | ")
        self.say(f"| {row.title} | {seeds} | {decided} | {median(mine):.3f} | {max(mine):.3f} | {memory:.0f} | {there}|")
        self.bar(row.title, "MiB", memory, "<=", row.mib)
        if row.every:
            self.bar(row.title, "histories that Porcupine alone decides", lost, "<=", 0)
        elif ratios:
            self.bar(row.title, "Porcupine's time by ours, median", median(ratios), ">=", row.ratio)

    def print_bars(self):
        self.say("\n### Bars\n\n| | | measured | bar | |\n|---|---|--:|--:|---|")
        for title, what, value, relation, bound, met in self.bars:
            self.say(f"| {title} | {what} | {value:.2f} | {relation} {bound:g} | {'met' if met else '**not met**'} |")
        for sentence in self.wrong:
            self.say(f"\n**Wrong verdict**: {sentence}.")
        return 2 if self.wrong else 0 if all(met for *_, met in self.bars) else 1


def count(number):
    for unit, size in ((" M", 1_000_000), (" k", 1000)):
        if number >= size:
            return f"{number / size:g}{unit}"
    return str(number)


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench check", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one run each, 3 seeds, at most 1 M operations")
    parser.add_argument("--only", default="", help="comma list of rows")
    parser.add_argument("--most", type=int, default=0, help="leave out histories of more operations")
    parser.add_argument("--folder", help="for the histories (default: the system's temporary folder)")
    parser.add_argument("--write", help="put the tables into this page")
    parser.add_argument("--list", action="store_true", help="name the rows")
    return parser.parse_args()


def main():
    options = parse()
    names = list(dict.fromkeys(["public"] + [row.name for row in WORKS + SEARCHES]))
    if options.list:
        print(", ".join(names))
        return 0
    only = [name for name in options.only.split(",") if name] or names
    for name in only:
        if name not in names:
            sys.exit(f"bench: there is no row {name!r}; there are: {', '.join(names)}")
    most = options.most or (1_000_000 if options.quick else sys.maxsize)
    if options.write and MARKS[0] not in pathlib.Path(options.write).read_text(encoding="utf-8"):
        sys.exit(f"bench: {options.write} has no line {MARKS[0]!r}; put it where the tables belong")
    peer, missing = porcupine_peer.build()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sunder-bench-", dir=options.folder) as folder:
        bench = Bench(options, peer, folder)
        bench.say(f"{machine()}, {datetime.date.today()}. Medians of {bench.runs} runs from file to verdict.")
        busy = os.getloadavg()[0]
        if busy > 0.5:
            bench.say(f"\nThe machine was busy when this began (load {busy:.1f}): seconds are too high; CPU seconds "
                      "tell more.")
        if missing:
            bench.say(f"\nleft out: {missing}.")
        if "public" in only:
            bench.public()
        bench.searches([row for row in SEARCHES if row.name in only])
        bench.works([row for row in WORKS if row.name in only and row.ops <= most])
    code = bench.print_bars()
    print(f"\n{time.monotonic() - begin:.0f} s.")
    if options.write:
        write_page(options.write, bench.lines, MARKS)
    return code


if __name__ == "__main__":
    sys.exit(main())
