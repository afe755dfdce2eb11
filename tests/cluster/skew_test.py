#!/usr/bin/env python3
"""Clocks that are off: Redis is asked for the time, all through a run; ZooKeeper keeps its promise; nothing is left."""
import glob
import json
import os
import shutil
import socket
import sys
import threading
import time

import support

SUITE = """schema = 1
[cluster]
system = "%s"
nodes = 3
network = "%s"
[workload]
name = "register"
clients = 3
keys = 3
rate = 60
time = "%s"
op_timeout = "1s"
"""
SKEW = """[[nemesis]]
name = "skew"
targets = "%s"
offset = "%s"
at = "%s"
for = "%s"
"""


def redis_time(host):
    """How wrong the node's clock is, in seconds, as it says itself; None where it does not answer."""
    try:
        with socket.create_connection((host, 6379), 0.5) as peer:
            peer.settimeout(0.5)
            peer.sendall(b"TIME\r\n")
            said = b""
            while said.count(b"\r\n") < 5:
                part = peer.recv(100)
                if not part:
                    return None
                said += part
            words = said.split(b"\r\n")
            return int(words[2]) + int(words[4]) / 1e6 - time.time()
    except (OSError, ValueError, IndexError):
        return None


class Watch(threading.Thread):
    """Asks every node of the run for the time, again and again, with the moments of the questions."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.box = box
        self.over = threading.Event()
        self.seen = {"n1": [], "n2": [], "n3": []}

    def block(self):
        # Loopback addresses 127.77.B.x are the run's; its redis-servers stand on 127.78.B.x, and show it.
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    line = f.read().decode(errors="replace")
                if "redis-server 127.78." in line and os.readlink(f"/proc/{pid}/cwd").startswith(self.box.path):
                    return line.split("127.78.")[1].split(".")[0]
            except OSError:
                continue
        return None

    def run(self):
        block = None
        while not self.over.wait(0.03):
            block = block or self.block()
            for i, node in enumerate(self.seen if block else ()):
                before = time.monotonic_ns()
                off = redis_time(f"127.77.{block}.{11 + i}")
                if off is not None:
                    self.seen[node].append((before, time.monotonic_ns(), off))


def shared_files():
    return sorted(glob.glob("/dev/shm/*faketime*"))


class Skew(support.ClusterTest):
    def test_redis_tells_the_wrong_time_and_then_the_right_one(self):
        text = SUITE % ("redis-sentinel", "explicit", "5s") + SKEW % ("n2", "500ms", "1s", "1s") + SKEW % ("n3", "-2s", "3s", "1s")
        before = shared_files()
        watch = Watch(self.box)
        watch.start()
        results, _ = self.run_suite("skew", text, (0, 3))
        watch.over.set()
        watch.join()
        self.assertEqual(shared_files(), before)
        faults = {fault["nodes"][0]: fault for fault in results["faults"]}
        self.assertEqual({(n, f["kind"], f["detail"]) for n, f in faults.items()},
                         {("n2", "skew", "+500ms"), ("n3", "skew", "-2s")})
        self.assertFalse(any(fault["vacuous"] for fault in faults.values()), faults)
        with open(self.box.sub("out", "skew", "history.jsonl")) as f:
            t0 = json.loads(f.readline())["t0"]
        for node, offset in (("n1", 0.0), ("n2", 0.5), ("n3", -2.0)):
            begin, end = (faults[node]["in_force_at"], faults[node]["healed_at"]) if offset else (0, 0)
            # An answer is late by at most its round trip, which is long on a busy machine.
            answers = [(asked, told, off, 0.1 + (told - asked) / 1e9) for asked, told, off in watch.seen[node]]
            inside = [(off, late) for asked, told, off, late in answers
                      if begin < asked - t0 and told - t0 < faults_end(faults, node)]
            outside = [(off, late) for asked, told, off, late in answers
                       if told - t0 < asked_at(faults, node) or asked - t0 > end]
            if offset:
                self.assertGreater(len(inside), 5, node)
            self.assertGreater(len(outside), 5, node)
            for off, late in inside:
                self.assertAlmostEqual(off, offset, delta=late, msg=node)
            for off, late in outside:
                self.assertAlmostEqual(off, 0.0, delta=late, msg=node)

    def test_zookeeper_keeps_its_promise(self):
        suite = SUITE % ("zookeeper-sync", "auto", "6s") + SKEW % ("leader", "1h", "1s", "2s")
        before = shared_files()
        results, checks = self.run_suite("keeps", suite + "[checks.linearizable]\n[checks.recovery]\n")
        self.assertEqual(shared_files(), before)
        self.assertEqual(checks["linearizable"]["verdict"], "pass")
        self.assertEqual([(f["kind"], f["vacuous"]) for f in results["faults"]], [("skew", False)])
        with open(self.box.sub("out", "keeps", "schedule.toml")) as f:
            self.assertIn('offset = "3600s"', f.read())

    def test_what_asks_the_kernel_is_refused_before_anything_starts(self):
        path = self.box.write("go.toml", SUITE % ("etcd", "auto", "5s") + SKEW % ("n1", "1s", "1s", "1s"))
        process = self.box.run("run", path, "--out", self.box.sub("none"), timeout=30)
        self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
        self.assertIn("go.toml:14", process.stderr)
        self.assertIn("Go program", process.stderr)
        self.assertFalse(os.path.exists(self.box.sub("none")))


def asked_at(faults, node):
    return faults[node]["asked_at"] if node in faults else float("inf")


def faults_end(faults, node):
    # A moment before it is mended: what is asked in between may be answered by either clock.
    return faults[node]["healed_at"] - 50_000_000 if node in faults else 0


if __name__ == "__main__":
    for program in ("redis-server", "redis-sentinel", "java"):
        if not shutil.which(program):
            print(program + " is not installed")
            sys.exit(77)
    if not glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"):
        print("Debian's package faketime is not installed")
        sys.exit(77)
    support.main()
