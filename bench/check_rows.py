"""What ./dev bench check measures: histories that `sunder gen` writes, checks, and the bars they are held to.

A Work is one row: a generated file, from file to verdict. Bars: seconds, MiB of maximum resident memory, operations of a
witness. Used by check_bench.py.
"""
from collections import namedtuple

Work = namedtuple("Work", "name title gen check ops format expected seconds mib witness")


def work(name, title, gen, seconds, *, check="", ops=1_000_000, fmt="jsonl", expected="pass", mib=None, witness=None):
    return Work(name, title, gen.split(), ["--check", check] if check else [], ops, fmt, expected, seconds, mib, witness)


SIZES = ((100_000, 0.2), (1_000_000, 1.5), (10_000_000, 15.0))


def registers():
    """One key, unique values: polynomial, so that ten times the operations take ten times as long."""
    shapes = (("register", "register, 10 clients", "--clients 10", ("edn", "jsonl"), "pass", None),
              ("clients", "register, 100 clients", "--clients 100", ("jsonl",), "pass", None),
              ("pending", "register, 1 % pending", "--clients 10 --pending 1%", ("jsonl",), "pass", None),
              ("wide", "register, 100 clients, 1 % pending", "--clients 100 --pending 1%", ("jsonl",), "pass", None),
              ("planted", "register, a stale read planted", "--clients 10 --plant stale-read", ("edn", "jsonl"), "fail", 6))
    rows = []
    for name, title, gen, formats, expected, witness in shapes:
        for ops, bar in SIZES:
            for fmt in formats:
                if name == "planted" and fmt == "edn" and ops > 1_000_000:
                    continue
                rows.append(work(name, title, "--model register " + gen, bar, ops=ops, fmt=fmt, expected=expected,
                                 mib=2048 if ops == 10_000_000 else None, witness=witness))
    return rows


WORKS = registers() + [
    work("cas", "cas chains, half cas", "--model cas-register", 0.3, ops=100_000),
    work("list-append", "list-append, 20 processes, transactions", "--model list-append --clients 20", 10.0, mib=4096),
    work("list-append", "list-append, a G-single planted", "--model list-append --clients 20 --plant g-single", 10.0,
         expected="fail", mib=4096),
    work("causal", "causal, 20 sessions", "--model register --clients 20", 5.0, check="causal"),
    work("session", "session, 20 sessions", "--model register --clients 20", 5.0, check="session"),
    work("set", "set, 100 000 sets, 2 or 3 elements a read", "--model set --keys 100000", 3.0, check="set"),
    work("set", "set, 10 000 sets, 25 elements a read", "--model set --keys 10000", 3.0, check="set"),
    work("counter", "counter", "--model counter", 3.0, check="counter"),
    work("lock", "lock", "--model mutex", 3.0, check="lock"),
    work("staleness", "staleness", "--model register", 3.0, check="staleness"),
    work("queue", "FIFO queue", "--model fifo-queue", 5.0, check="queue"),
]

# The general search, beside Porcupine: values drawn from five, one key. `every`: each of these histories that Porcupine
# decides has to be decided; else a ratio is asked for, and memory (MiB).
Search = namedtuple("Search", "name title clients ops seeds plant ratio mib every peer_seconds")
SEARCHES = [
    Search("search", "10 clients, 10 000 operations", 10, 10_000, 10, "", 3.0, 100, False, 30),
    Search("search-planted", "10 clients, 10 000 operations, a stale read planted", 10, 10_000, 10, "stale-read", 3.0, 100,
           False, 20),
    Search("hard", "30 clients, 2 000 operations", 30, 2_000, 20, "", None, 4096, True, 5),
    Search("hard", "30 clients, 10 000 operations", 30, 10_000, 20, "", None, 4096, True, 5),
]
