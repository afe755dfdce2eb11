#!/usr/bin/env python3
# How far `sunder check` goes over --timeout and --memory, for every check and the ladder: `./dev bench budgets`.
#
# sunder gen → a history that keeps the check busy for seconds → **budgets.py**: the same check with budgets cut off at many
# points between nothing and enough, so that every stage of it is hit → the worst overrun per check, as a table.
# Allowed: max(5 %, 0.5 s) of time from the start of the process to its end; 64 MiB of maximum resident memory over the
# limit, and what the program needs by itself (measured on an empty history).
# Usage: bench/budgets.py [--sunder PATH] [--only "NAME;…"] [--points N] [--scale X]
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

# name: (check, arguments of gen, operations)
CASES = {
    "linearizable": ("linearizable", ["--model", "register"], 2_000_000),
    "linearizable, stale": ("linearizable", ["--model", "register", "--plant", "stale-read"], 1_000_000),
    "linearizable, cas": ("linearizable", ["--model", "cas-register", "--keys", "10"], 1_000_000),
    "linearizable, search": ("linearizable", ["--model", "register", "--values", "5", "--clients", "30"], 20_000),
    "linearizable, kv": ("linearizable", ["--model", "kv", "--clients", "20", "--plant", "stale-read"], 20_000),
    "linearizable, fifo": ("linearizable", ["--model", "fifo-queue", "--clients", "20"], 20_000),
    "linearizable, set": ("linearizable", ["--model", "set", "--clients", "20"], 20_000),
    "linearizable, counter": ("linearizable", ["--model", "counter", "--clients", "20"], 50_000),
    "sequential": ("sequential", ["--model", "register"], 300_000),
    "sequential, stale": ("sequential", ["--model", "register", "--plant", "stale-read"], 300_000),
    "causal": ("causal", ["--model", "register", "--clients", "20", "--keys", "100"], 1_000_000),
    "session": ("session", ["--model", "register", "--clients", "20", "--keys", "100"], 1_000_000),
    "read-your-writes": ("read-your-writes", ["--model", "register", "--keys", "100"], 1_000_000),
    "monotonic-reads": ("monotonic-reads", ["--model", "register", "--keys", "100"], 1_000_000),
    "monotonic-writes": ("monotonic-writes", ["--model", "register", "--keys", "100"], 1_000_000),
    "writes-follow-reads": ("writes-follow-reads", ["--model", "register", "--keys", "100"], 1_000_000),
    "availability": ("availability", ["--model", "register"], 1_000_000),
    "staleness": ("staleness", ["--model", "register", "--keys", "10"], 1_000_000),
    "convergence": ("convergence", ["--model", "register", "--keys", "10"], 1_000_000),
    "recovery": ("recovery", ["--model", "register", "--keys", "10"], 1_000_000),
    "set": ("set", ["--model", "set", "--keys", "1000"], 300_000),
    "set, one key": ("set", ["--model", "set"], 10_000),
    "queue": ("queue", ["--model", "fifo-queue"], 1_000_000),
    "counter": ("counter", ["--model", "counter"], 1_000_000),
    "bank": ("bank", ["bank"], 300_000),
    "lock": ("lock", ["--model", "mutex"], 1_000_000),
    "list-append": ("list-append", ["--model", "list-append", "--keys", "10"], 300_000),
    "list-append, planted": ("list-append", ["--model", "list-append", "--keys", "10", "--plant", "g-single"], 300_000),
    "strict-serializable": ("strict-serializable", ["--model", "txn-register", "--keys", "100"], 300_000),
    "serializable": ("serializable", ["--model", "txn-register", "--keys", "100"], 300_000),
    "snapshot-isolation": ("snapshot-isolation", ["--model", "txn-register", "--keys", "100"], 300_000),
    "txn-causal": ("txn-causal", ["--model", "txn-register", "--keys", "100"], 300_000),
    "read-atomic": ("read-atomic", ["--model", "txn-register", "--keys", "100"], 300_000),
    "read-committed": ("read-committed", ["--model", "txn-register", "--keys", "100"], 300_000),
    "long-fork": ("long-fork", ["--model", "txn-register", "--keys", "100"], 300_000),
    "the ladder": ("ladder", ["--model", "register", "--keys", "100"], 500_000),
    "the ladder, txn": ("ladder", ["--model", "list-append", "--keys", "10"], 200_000),
}
MIB = 1 << 20


def bank_history(path, ops):
    """Ten accounts of 100; transfers of 1, and every tenth operation reads them all."""
    accounts = [100] * 10
    with open(path, "w", encoding="utf-8") as out:
        for i in range(ops):
            head = f'"process":{i % 8},"time":'
            if i % 10 == 9:
                value = "{" + ",".join(f'"{n}":{amount}' for n, amount in enumerate(accounts)) + "}"
                out.write(f'{{"index":{2 * i},"type":"invoke","f":"read","value":null,{head}{20 * i}}}\n')
                out.write(f'{{"index":{2 * i + 1},"type":"ok","f":"read","value":{value},{head}{20 * i + 9}}}\n')
                continue
            giver, taker = i % 10, (i * 7 + 1) % 10
            if giver != taker and accounts[giver] > 0:
                accounts[giver] -= 1
                accounts[taker] += 1
                kind = "ok"
            else:
                kind = "fail"
            value = f'{{"from":{giver},"to":{taker},"amount":1}}'
            out.write(f'{{"index":{2 * i},"type":"invoke","f":"transfer","value":{value},{head}{20 * i}}}\n')
            out.write(f'{{"index":{2 * i + 1},"type":"{kind}","f":"transfer","value":{value},{head}{20 * i + 9}}}\n')


def measure(words):
    """Seconds, maximum resident bytes, the JSON verdict."""
    start = time.monotonic()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    child.stdout.close()
    seconds = time.monotonic() - start
    try:
        said = json.loads(out)
    except ValueError:
        sys.exit("no verdict from: " + " ".join(words))
    return seconds, usage.ru_maxrss * 1024, said


def reason(said):
    return said.get("reason") or said.get("verdict") or "?"


def rows(options, folder):
    base = None
    for name, (check, gen, ops) in CASES.items():
        if options.only and name not in options.only:
            continue
        path = os.path.join(folder, "history.jsonl")
        ops = max(1000, int(ops * options.scale))
        if gen == ["bank"]:
            bank_history(path, ops)
        else:
            subprocess.run([options.sunder, "gen", *gen, "--ops", str(ops), "-o", path], check=True)
        if base is None:
            empty = os.path.join(folder, "empty.jsonl")
            open(empty, "w", encoding="utf-8").close()
            base = measure([options.sunder, "check", empty, "--json", "--check", "linearizable"])[1]
        how = ["--ladder"] if check == "ladder" else ["--check", check]
        words = [options.sunder, "check", path, "--json", *how]
        enough, most, said = measure([*words, "--timeout", "12s", "--memory", "3GiB"])
        enough = min(enough, 12.0)
        worst_time, worst_memory = (-99.0, 0.0), (-1e9, 0)
        for i in range(options.points):
            share = (i + 0.5) / options.points
            budget = max(0.05, share * enough) if i + 1 < options.points else min(1.0, enough / 2)
            over = measure([*words, "--timeout", f"{budget:.3f}s"])[0] - budget
            worst_time = max(worst_time, (over, budget))
            limit = int(base + share * max(0, most - base)) // MIB + 1
            used = measure([*words, "--memory", f"{limit}MiB", "--timeout", "12s"])[1] - base
            worst_memory = max(worst_memory, (used / MIB - limit, limit))
        yield name, ops, enough, most, reason(said), worst_time, worst_memory
        os.unlink(path)


def main():
    words = argparse.ArgumentParser(description="How far sunder check goes over --timeout and --memory.")
    words.add_argument("--sunder", default="build/release/sunder")
    words.add_argument("--only", default="", help="rows, with ; between them")
    words.add_argument("--points", type=int, default=6, help="budgets tried in each row")
    words.add_argument("--scale", type=float, default=1.0, help="times the usual operations")
    options = words.parse_args()
    options.only = [name for name in options.only.split(";") if name]
    over = []
    print("| check | operations | seconds | memory, MiB | answer | most time over, s (of) | most memory over, MiB (of) |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, ops, enough, most, said, (late, budget), (more, limit) in rows(options, folder):
            wrong = late > max(0.05 * budget, 0.5) or more > 64
            print(f"| {name} | {ops:,} | {enough:.2f} | {most / MIB:.0f} | {said} | {late:+.2f} ({budget:.2f}) | "
                  f"{more:+.0f} ({limit}) |{' OVER' if wrong else ''}", flush=True)
            over += [name] if wrong else []
    print("over the budget: " + (", ".join(over) or "none"))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
