"""What `./dev bench proxy` measures: each scenario is one function and one entry of SCENARIOS.

proxy_bench.py (rounds, medians, table) → **a scenario** on one peer → figures. A compared scenario runs on
every peer in each round; an own one only on sunder, once. Figures are in the units that the table shows.
A bar is (figure, peer or None, relation, value): with a peer, the ratio sunder/peer is held against the
value, else the figure itself. Adding a scenario = one function and one entry.
"""
import json
import subprocess
import time
from collections import namedtuple

from proxy_peers import LOAD, Sunder

Figure = namedtuple("Figure", "key label unit digits")
Bar = namedtuple("Bar", "figure peer relation value")
Compared = namedtuple("Compared", "title run needs figures bars rounds fresh", defaults=(None, False))
Own = namedtuple("Own", "title run")
Check = namedtuple("Check", "label value unit relation bound")

RATE = Figure("rate", "round trips/s", "k/s", 1)
CPU = Figure("cpu", "CPU a round trip", "µs", 2)
P50 = Figure("p50", "p50", "µs", 1)
P99 = Figure("p99", "p99", "µs", 1)


def echo64(peer, plan):
    raw = peer.load("echo", connections=64, seconds=plan.seconds)
    return {"rate": raw["rate"] / 1e3, "p50": raw["p50"] / 1e3, "p99": raw["p99"] / 1e3,
            "cpu": raw["cpu"] / 1e3}


def echo1(peer, plan):
    raw = peer.load("echo", connections=1, seconds=plan.seconds * 0.6)
    return {"p50": raw["p50"] / 1e3, "p99": raw["p99"] / 1e3, "cpu": raw["cpu"] / 1e3}


def bulk(connections):
    def run(peer, plan):
        raw = peer.load("bulk", "source", connections=connections, seconds=plan.seconds)
        return {"rate": raw["rate"], "cpu": raw["cpu"] / 1e3}
    return run


def connect(peer, plan):
    raw = peer.load("connect", connections=32, seconds=plan.seconds)
    return {"rate": raw["rate"] / 1e3, "cpu": raw["cpu"] / 1e3, "errors": raw["errors"]}


class Opened:
    """N open connections through a peer, in a process of their own, for as long as the with block."""

    def __init__(self, peer, count):
        self.command = [LOAD, "open", "--port", str(peer.echo), "--connections", str(count)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.echoed = self.answer()
        return self

    def answer(self):
        return int(json.loads(self.process.stdout.readline())["echoed"])

    def echo_again(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)


def idle(peer, _):
    peer.load("echo", connections=1, seconds=0.1)
    before = peer.resident()
    with Opened(peer, 1500) as opened:
        if opened.echoed != 1500:
            raise RuntimeError(f"{peer.name}: {opened.echoed} of 1500 connections were served")
        return {"memory": (peer.resident() - before) / 1500 / 1024}


def delayed(peer, plan):
    """Paced as the delay will pace them, so that both runs meet the same load."""
    calm = peer.load("echo", connections=64, seconds=plan.seconds, pace=0.01)
    peer.delay("echo", "server", 10)
    try:
        raw = peer.load("echo", connections=64, seconds=plan.seconds)
    finally:
        peer.remove("echo")
    return {"added50": (raw["p50"] - calm["p50"]) / 1e6, "added99": (raw["p99"] - calm["p50"]) / 1e6,
            "calm50": calm["p50"] / 1e3, "calm99": calm["p99"] / 1e3}


def bulk_delayed(peer, plan):
    peer.delay("source", "client", 50)
    try:
        raw = peer.load("bulk", "source", connections=1, seconds=plan.seconds, warmup=0.5)
    finally:
        peer.remove("source")
    return {"rate": raw["rate"], "cpu": raw["cpu"] / 1e3}


def rate_accuracy(start, plan):
    """A rate of each size for some seconds: how far what arrives is off."""
    peer, checks = start(Sunder), []
    for bytes_a_second in (10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20, 500 << 20):
        peer.fault("bench", "rate", "source:client", {"rate": f"{bytes_a_second}B/s"})
        raw = peer.load("bulk", "source", connections=1, seconds=plan.long, warmup=0.5)
        peer.remove("source")
        off = 100 * (raw["bytes"] / bytes_a_second - 1)
        checks.append(Check(f"rate {bytes_a_second >> 10} KiB/s: off by", off, "%", "within", 1))
    return checks


def some_rules(start, plan):
    """64 connections beside a proxy with 1 000 rules on other pairs, in turns with one without."""
    peer, other = start(Sunder), start(SunderRules)
    ratios = []
    for _ in range(plan.rounds):
        without = peer.load("echo", connections=64, seconds=plan.seconds)
        ratios.append(other.load("echo", connections=64, seconds=plan.seconds)["rate"] / without["rate"])
    return [Check("round trips/s with 1000 rules on other pairs, of those with none",
                  sorted(ratios)[len(ratios) // 2], "", ">=", 0.98)]


class SunderRules(Sunder):
    """Sunder with 1 000 delays on 50 pairs that nobody uses."""
    name = "sunder with rules"

    def start(self):
        super().start()
        for proxy in range(50):
            name = f"other-{proxy}"
            self.ask("POST", "/proxies", {"name": name, "listen": "127.0.0.1:0", "enabled": True,
                                          "upstream": f"127.0.0.1:{self.backend.echo}"})
            for rule in range(20):
                self.fault(f"r{proxy}-{rule}", "delay", f"client:{name}", {"delay": "1ms"})


def background(peer, **options):
    command = [LOAD, "echo", "--port", str(peer.echo)]
    for key, value in options.items():
        command += ["--" + key, str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def timed(call):
    begin = time.monotonic()
    answer = call()
    return answer, (time.monotonic() - begin) * 1e3


def share(values, part):
    return sorted(values)[int((len(values) - 1) * part)]


def partition(start, plan):
    """Hold and heal again and again, both ways, while 1 000 connections talk."""
    peer, answered, in_loops = start(Sunder), [], []
    took = {"/v1/partition": [], "/v1/heal": []}
    load = background(peer, connections=1000, pace=0.05, seconds=plan.orders * 0.03 + 1, warmup=1)
    time.sleep(1.5)
    for _ in range(plan.orders):
        for path, body in (("/v1/partition", {"name": "bench", "kind": "hold",
                                              "pairs": ["client:echo", "echo:client"]}),
                           ("/v1/heal", {"names": ["bench"]})):
            answer, milliseconds = timed(lambda p=path, b=body: peer.ask("POST", p, b))
            took[path].append(answer["took"] / 1e6)
            if path == "/v1/partition":
                in_loops.append(answer["loops_took"] / 1e6)
            answered.append(milliseconds)
            time.sleep(0.01)
    load.communicate(timeout=60)
    cut, heal = took["/v1/partition"], took["/v1/heal"]
    return [Check("in force everywhere after it was asked, p50", share(cut, 0.5), "ms", "", None),
            Check("in force everywhere after it was asked, p99", share(cut, 0.99), "ms", "", None),
            Check("in force after the order had reached the loop, slowest loop, p99", share(in_loops, 0.99), "ms",
                  "<=", 1),
            Check("healed and everything held sent on, p50", share(heal, 0.5), "ms", "", None),
            Check("answered, p99", share(answered, 0.99), "ms", "<=", 10),
            Check("the 1000 connections lived on (1: yes)", int(load.returncode == 0), "", ">=", 1)]


def many_orders(start, plan):
    """Faults of several kinds come and go on pairs under full load."""
    peer, times = start(Sunder), []
    load = background(peer, connections=64, seconds=3600)
    kinds = (("delay", {"delay": "1ms"}), ("rate", {"rate": "100MiB/s"}), ("slice", {}))
    try:
        for i in range(plan.faults):
            kind, params = kinds[i % len(kinds)]
            pair = ("client:echo", "echo:client")[i % 2]
            times.append(timed(lambda k=kind, q=pair, v=params: peer.fault("bench", k, q, v))[1])
            times.append(timed(lambda: peer.remove("echo"))[1])
        left = len(peer.ask("GET", "/v1/rules")["rules"])
        alive = load.poll() is None
    finally:
        load.terminate()
        load.communicate()
    return [Check(f"{plan.faults} faults added and removed, p50 of an answer", share(times, 0.5), "ms", "", None),
            Check("slowest answer", max(times), "ms", "<=", 100),
            Check("rules left over", left, "", "<=", 0),
            Check("the 64 connections lived on (1: yes)", int(alive), "", ">=", 1)]


def settled(peer, descriptors):
    """Waits until the proxy has closed what its clients closed."""
    end = time.monotonic() + 10
    while peer.descriptors() > descriptors and time.monotonic() < end:
        time.sleep(0.05)
    return peer.descriptors()


def many_open(start, plan):
    """So many connections open at once, twice; all must be served and leave nothing behind."""
    peer = start(Sunder)
    descriptors, checks = peer.descriptors(), []
    for _ in range(2):  # the first time fills the pools
        before = peer.resident()
        with Opened(peer, plan.open) as opened:
            served = min(opened.echoed, opened.echo_again())
        left = settled(peer, descriptors) - descriptors
        grown = (peer.resident() - before) / 2**20
        checks = [Check(f"{plan.open} open connections: not served", plan.open - served, "", "<=", 0),
                  Check("descriptors left over", left, "", "<=", 0),
                  Check("memory grown by a second time", grown, "MiB", "<=", 2)]
    return checks


def churn(start, plan):
    """Opened and closed, so many; a tenth of them before the first look at the memory."""
    peer = start(Sunder)
    descriptors = peer.descriptors()
    peer.load("connect", connections=32, count=plan.churn // 10)
    before = peer.resident()
    raw = peer.load("connect", connections=32, count=plan.churn)
    left = settled(peer, descriptors) - descriptors
    grown = (peer.resident() - before) / 2**20
    return [Check(f"{plan.churn} connections opened and closed: errors", raw["errors"], "", "<=", 0),
            Check("descriptors left over", left, "", "<=", 0),
            Check("memory grown", grown, "MiB", "<=", 2),
            Check("connections a second", raw["rate"] / 1e3, "k/s", "", None)]


ALL, PROXIES, DELAYS = "all", "proxies", "delays"
BULK = [Figure("rate", "throughput", "MiB/s", 0), Figure("cpu", "CPU a MiB", "µs", 0)]
BULK_BARS = [Bar("rate", "toxiproxy", ">=", 2.0), Bar("rate", "haproxy", ">=", 1.0),
             Bar("rate", "haproxy splice", ">=", 1.0)]

SCENARIOS = {
    "echo64": Compared("64 connections × 64-byte echo, closed loop", echo64, ALL, [RATE, P50, P99, CPU],
                       [Bar("rate", "toxiproxy", ">=", 1.6), Bar("rate", "haproxy", ">=", 0.95),
                        Bar("cpu", "toxiproxy", "<=", 0.5), Bar("cpu", "haproxy", "<=", 1.0)]),
    "echo1": Compared("1 connection × 64-byte echo", echo1, ALL, [P50, P99, CPU],
                      [Bar("p50", "toxiproxy", "<=", 0.5), Bar("p50", "haproxy", "<=", 0.5)]),
    "bulk1": Compared("bulk, 1 connection", bulk(1), ALL, BULK, BULK_BARS),
    "bulk16": Compared("bulk, 16 connections", bulk(16), ALL, BULK, BULK_BARS),
    "connect": Compared("connect, echo one message, close; 32 at a time", connect, ALL,
                        [Figure("rate", "connections/s", "k/s", 2), Figure("cpu", "CPU a connection", "µs", 1),
                         Figure("errors", "errors", "", 0)], [Bar("rate", "haproxy", ">=", 1.0)]),
    "idle": Compared("1 500 idle connections", idle, PROXIES,
                     [Figure("memory", "resident memory a connection", "KiB", 2)],
                     [Bar("memory", None, "<=", 4)], 3, True),
    "delay": Compared("delay of 10 ms, 64 connections × 64-byte echo", delayed, DELAYS,
                      [Figure("added50", "p50 above the calm p50", "ms", 3),
                       Figure("added99", "p99 above the calm p50", "ms", 3),
                       Figure("calm50", "p50 in calm weather", "µs", 0),
                       Figure("calm99", "p99 in calm weather", "µs", 0)],
                      [Bar("added50", None, "<=", 10.3), Bar("added99", None, "<=", 11.0)]),
    "bulk-delay": Compared("bulk under a delay of 50 ms, 1 connection", bulk_delayed, DELAYS, BULK,
                           [Bar("rate", "toxiproxy", ">=", 1.5)]),
    "rules": Own("1 000 rules on other pairs", some_rules),
    "rate": Own("rate, 1 connection", rate_accuracy),
    "partition": Own("partition over 1 000 live connections", partition),
    "orders": Own("faults added and removed under full load", many_orders),
    "open": Own("many open connections", many_open),
    "churn": Own("many connections opened and closed", churn),
}
# With --spin 0 one bar more: a single connection is as fast as HAProxy's without burning a core.
NO_SPIN_BARS = {"echo1": [Bar("p50", "haproxy", "<=", 1.0)]}
