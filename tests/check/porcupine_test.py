#!/usr/bin/env python3
"""The court beside Porcupine (github.com/anishathalye/porcupine): the same verdict on random small histories.

Registers and compare-and-set on two keys, values that repeat or not, mismatches that tell what they saw, pending and failed
operations, equal stamps. Half the histories come from a perfect object with a wrong answer now and then, half are dice.
Bounded: 400 histories of at most 12 operations, in one call of each program. SUNDER_TEST_SEED repeats a run. Without Go,
or without a way to its modules, the test is skipped (77).
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import porcupine_peer  # noqa: E402

BINARY = os.environ.get("SUNDER_BINARY", str(ROOT / "build" / "release" / "sunder"))
HISTORIES = 400
SKIPPED = 77
HEADER = {"sunder": 1, "t0": 0, "wall": "", "clock": "shared", "initial": None, "seed": 1, "suite": "porcupine",
          "nodes": ["n1"]}


class Draw:
    """One history: operations with an instant each; `lies` is the share of answers that the object would not have given."""

    def __init__(self, rng):
        self.rng = rng
        self.lies = rng.choice((0.0, 0.1, 1.0))
        self.values = rng.choice((2, 3, 0))  # 0: each is unique
        self.cas = rng.random() < 0.5
        self.next = 100
        self.held = {"a": None, "b": None}

    def fresh(self):
        self.next += 1
        return self.rng.randrange(self.values) if self.values else self.next

    def seen(self, key):
        if self.rng.random() >= self.lies:
            return self.held[key]
        return self.rng.choice([None, *range(self.values or 1), *range(101, self.next + 1)])

    def operation(self, process, instant):
        rng, key = self.rng, self.rng.choice("aab")
        begin = max(0, instant - rng.randrange(12))
        end = instant + rng.randrange(12)
        kind = rng.choice(("read", "write", "cas") if self.cas else ("read", "write"))
        outcome = rng.random()
        took = outcome < 0.85 or (outcome < 0.95 and rng.random() < 0.5)
        asked = answered = error = None
        ending = "ok" if outcome < 0.85 else "info" if outcome < 0.95 else "fail"
        if kind == "read":
            answered = self.seen(key) if ending == "ok" else None
        elif kind == "write":
            asked = answered = self.fresh()
            self.held[key] = asked if took else self.held[key]
        else:
            expected = self.seen(key) if rng.random() < 0.7 else rng.choice([None, *range(self.values or 1)])
            asked = answered = [expected, self.fresh()]
            right = (expected == self.held[key]) != (rng.random() < self.lies / 2)
            if ending == "ok" and not right:
                ending, error = "fail", {"class": "mismatch", "text": "no", "observed": self.seen(key)}
            elif took and expected == self.held[key]:
                self.held[key] = asked[1]
        if ending == "info":
            error = {"class": "timeout", "text": "no answer"}
        elif ending == "fail" and error is None:
            error = {"class": "definite", "text": "refused"}
        call = {"process": process, "type": "invoke", "f": kind, "key": key, "value": asked, "node": "n1"}
        back = {**call, "type": ending, "value": answered}
        if error:
            back["error"] = error
        return (begin, 0, call), (end, 1, back)

    def lines(self):
        instants = sorted(self.rng.randrange(60) for _ in range(self.rng.randrange(3, 13)))
        events = []
        for process, instant in enumerate(instants):
            call, back = self.operation(process, instant)
            events += [call] if back[2]["type"] == "info" and self.rng.random() < 0.5 else [call, back]
        events.sort(key=lambda event: event[:2])
        yield json.dumps(HEADER)
        for index, (time, _, event) in enumerate(events):
            yield json.dumps({"index": index, "time": time, **event})


def ours(files):
    done = subprocess.run([BINARY, "check", *files, "--json", "--check", "linearizable"], capture_output=True, text=True,
                          timeout=200, check=False)
    verdicts = {}
    for line in done.stdout.splitlines():
        found = json.loads(line)
        verdict, reason = found["verdict"], found["reason"]
        # Without an observation that could have caught anything a legal history is no pass, and no violation either.
        verdicts[found["file"]] = "pass" if reason == "vacuous.no_power" else verdict
    if len(verdicts) != len(files):
        print(done.stderr, file=sys.stderr)
    return verdicts


def main():
    peer, missing = porcupine_peer.build()
    if peer is None:
        print(f"skipped: {missing}")
        return SKIPPED
    seed = int(os.environ.get("SUNDER_TEST_SEED", random.randrange(1 << 32)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sunder-porcupine-") as folder:
        files = [str(pathlib.Path(folder) / f"{i:03}.jsonl") for i in range(HISTORIES)]
        for file in files:
            pathlib.Path(file).write_text("\n".join(Draw(rng).lines()) + "\n", encoding="utf-8")
        theirs, _ = porcupine_peer.judge(peer, files, 1)
        mine = ours(files)
        wrong = [file for file in files if file not in mine or file not in theirs or mine[file] != theirs[file].verdict]
        for file in wrong[:3]:
            print(f"sunder: {mine.get(file)}, Porcupine: {theirs.get(file)}")
            print(f"{pathlib.Path(file).read_text(encoding='utf-8')}")
    illegal = sum(answer.verdict == "fail" for answer in theirs.values())
    print(f"{len(files)} histories, {illegal} illegal, {len(wrong)} verdicts differ")
    if not HISTORIES / 10 < illegal < HISTORIES * 9 / 10:
        print("the histories are nearly all of one kind; nothing is compared by that")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
