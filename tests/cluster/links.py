#!/usr/bin/env python3
"""What cuts do to real sockets between nodes; runs inside `sunder wrap --inside` on a cluster of tests/cluster/peer.py.

Every expectation is DESIGN's table of cuts: drop acts as a real partition, hold as a wait, reset, close and refuse as their
names say; one-way; a dead node refuses by itself.
"""
import json
import os
import time
import unittest
import urllib.request

API = os.environ["SUNDER_API"]
CLUSTER = json.load(open(os.environ["SUNDER_CLUSTER"]))
IP = {node["name"]: node["ip"] for node in CLUSTER["nodes"]}
SIZE = 20_000


def http(url, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


class Node:
    def __init__(self, name):
        self.name, self.url = name, f"http://{IP[name]}:2379"

    def dial(self, to, **options):
        return http(self.url + "/dial", {"ip": IP[to], **options})

    def send(self, link, count=SIZE, side="dialled"):
        http(self.url + "/send", {"id": link, "bytes": count, "side": side})

    def state(self):
        return http(self.url + "/state")


N1, N2, N3 = (Node(n) for n in ("n1", "n2", "n3"))


def heal():
    return http(API + "/v1/heal", {"all": True})


def cut(a, b, kind, name="t"):
    """Cuts the directed pair a -> b."""
    return http(API + "/v1/partition", {"pairs": [[a, b]], "kind": kind, "name": name})


def split(kind, name="t"):
    return http(API + "/v1/partition", {"groups": [["n1"], ["n2", "n3"]], "kind": kind, "name": name})


def wait(condition, seconds=8.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return condition()


class Links(unittest.TestCase):
    def setUp(self):
        heal()

    def tearDown(self):
        heal()

    def open(self, dialler, acceptor, **options):
        """An established connection; returns (id at the dialler, id at the acceptor)."""
        before = set(acceptor.state()["accepted"])
        answer = dialler.dial(acceptor.name, **options)
        self.assertIn("id", answer, answer)
        wait(lambda: set(acceptor.state()["accepted"]) - before)
        new = set(acceptor.state()["accepted"]) - before
        self.assertEqual(len(new), 1)
        accepted = new.pop()
        self.assertEqual(acceptor.state()["accepted"][accepted]["peer"], IP[dialler.name],
                         "the acceptor sees the dialler's own address")
        return answer["id"], accepted

    def received(self, node, side, link):
        state = node.state()[side][link]
        self.assertTrue(state["ok"], "bytes arrived once and in order")
        return state["received"]

    def arrives(self, node, side, link, count, seconds=8.0):
        return wait(lambda: self.received(node, side, link) >= count, seconds)

    def test_drop_fires_user_timeout_and_hold_does_not(self):
        for kind, expected in (("hold", None), ("drop", "ETIMEDOUT")):
            with self.subTest(kind=kind):
                link, _ = self.open(N1, N2, user_timeout_ms=1500)
                split(kind)
                N1.send(link, 1000)
                wait(lambda: N1.state()["dialled"][link]["end"], 5)
                self.assertEqual(N1.state()["dialled"][link]["end"], expected)
                heal()

    def test_drop_fires_keepalive_and_hold_does_not(self):
        for kind, expected in (("hold", None), ("drop", "ETIMEDOUT")):
            with self.subTest(kind=kind):
                link, _ = self.open(N1, N2, keepalive=[1, 1, 2])
                split(kind)
                wait(lambda: N1.state()["dialled"][link]["end"], 6)
                self.assertEqual(N1.state()["dialled"][link]["end"], expected)
                heal()

    def test_no_new_connection_under_drop_and_hold_either_way(self):
        for kind in ("drop", "hold"):
            for one_way in (False, True):
                with self.subTest(kind=kind, one_way=one_way):
                    cut("n1", "n2", kind) if one_way else split(kind)
                    self.assertEqual(N1.dial("n2", timeout=1.2), {"error": "TIMEOUT"})
                    self.assertEqual(N2.dial("n1", timeout=1.2), {"error": "TIMEOUT"})
                    self.assertIn("id", N2.dial("n3"), "other pairs are untouched")
                    report = heal()["removed"][0]
                    self.assertGreaterEqual(report["touched"]["attempts"], 2 if kind == "hold" else 1)
                    self.assertFalse(report["vacuous"])

    def test_new_connections_are_refused_under_reset_close_and_refuse(self):
        for kind in ("reset", "close", "refuse"):
            with self.subTest(kind=kind):
                split(kind)
                self.assertEqual(N1.dial("n2"), {"error": "ECONNREFUSED"})
                self.assertEqual(N3.dial("n1"), {"error": "ECONNREFUSED"})
                report = heal()["removed"][0]
                self.assertGreaterEqual(report["touched"]["attempts"], 2)

    def test_established_connections_by_kind(self):
        for kind, ends in (("reset", "ECONNRESET"), ("close", "EOF"), ("refuse", None)):
            with self.subTest(kind=kind):
                link, accepted = self.open(N1, N2)
                cut("n1", "n2", kind)
                wait(lambda: N1.state()["dialled"][link]["end"], 2)
                self.assertEqual(N1.state()["dialled"][link]["end"], ends)
                wait(lambda: N2.state()["accepted"][accepted]["end"], 1)
                self.assertEqual(N2.state()["accepted"][accepted]["end"], ends)
                heal()

    def test_one_way_hold_stops_one_direction_whoever_dialled(self):
        for dialler, acceptor in ((N1, N2), (N2, N1)):
            with self.subTest(dialler=dialler.name):
                link, accepted = self.open(dialler, acceptor)
                cut("n1", "n2", "hold")
                dialler.send(link)
                acceptor.send(accepted, SIZE, "accepted")
                at_n2 = (N2, "accepted", accepted) if dialler is N1 else (N2, "dialled", link)
                at_n1 = (N1, "dialled", link) if dialler is N1 else (N1, "accepted", accepted)
                self.assertTrue(self.arrives(*at_n1, SIZE), "n2's bytes flow to n1")
                time.sleep(0.5)
                self.assertEqual(self.received(*at_n2), 0, "n1's bytes wait")
                heal()
                self.assertTrue(self.arrives(*at_n2, SIZE, 2), "held bytes flow at once")

    def test_one_way_drop_stops_both_directions_of_established_connections(self):
        for dialler, acceptor in ((N1, N2), (N2, N1)):
            with self.subTest(dialler=dialler.name):
                link, accepted = self.open(dialler, acceptor)
                cut("n1", "n2", "drop")
                # More than a window, so that the lost acknowledgements stop the other direction too.
                dialler.send(link, 8_000_000)
                acceptor.send(accepted, 8_000_000, "accepted")
                time.sleep(1.5)
                first = (self.received(dialler, "dialled", link),
                         self.received(acceptor, "accepted", accepted))
                time.sleep(1.0)
                second = (self.received(dialler, "dialled", link),
                          self.received(acceptor, "accepted", accepted))
                self.assertEqual(first, second, "nothing moves any more")
                self.assertLess(max(second), 8_000_000)
                heal()
                self.assertTrue(self.arrives(acceptor, "accepted", accepted, 8_000_000, 20))
                self.assertTrue(self.arrives(dialler, "dialled", link, 8_000_000, 20))

    def test_drop_loses_no_byte(self):
        link, accepted = self.open(N1, N2)
        N1.send(link)
        self.assertTrue(self.arrives(N2, "accepted", accepted, SIZE))
        split("drop")
        N1.send(link)
        time.sleep(1.0)
        self.assertEqual(self.received(N2, "accepted", accepted), SIZE)
        report = heal()["removed"][0]
        self.assertGreater(report["touched"]["packets"], 0)
        self.assertTrue(self.arrives(N2, "accepted", accepted, 2 * SIZE, 10))

    def test_loss_loses_packets_and_no_byte(self):
        http(API + "/v1/faults", {"kind": "loss", "pairs": [["n1", "n2"]], "params": {"ratio": "20%"}, "name": "lossy"})
        link, accepted = self.open(N1, N2, timeout=9)  # SYNs are lost too, and tried again after 1, 3 and 7 s
        for i in range(1, 6):
            N1.send(link)
            self.assertTrue(self.arrives(N2, "accepted", accepted, i * SIZE, 30))
        wait(lambda: not N1.send(link) and http(API + "/v1/faults")["faults"][0]["touched"]["packets"] > 0)
        removed = http(API + "/v1/faults/lossy", method="DELETE")["removed"][0]
        self.assertGreater(removed["touched"]["packets"], 0)
        self.assertFalse(removed["vacuous"])

    def test_shapes_and_flapping(self):
        made = http(API + "/v1/partitions", {"shape": "isolate", "nodes": ["n1"], "name": "flaps",
                                             "flap_on": "400ms", "flap_off": "400ms"})
        self.assertEqual(len(made["pairs"]), 4)
        link, accepted = self.open(N2, N3)  # not its pair
        N2.send(link)
        self.assertTrue(self.arrives(N3, "accepted", accepted, SIZE))
        self.assertTrue(wait(lambda: "id" in N1.dial("n2", timeout=0.2)), "it goes out of force by itself")
        self.assertTrue(wait(lambda: N1.dial("n2", timeout=0.2) == {"error": "TIMEOUT"}), "and comes back")
        heal()
        self.assertIn("id", N1.dial("n2"))

    def test_delay_is_added(self):
        http(API + "/v1/faults", {"kind": "delay", "pairs": [["n1", "n2"]], "params": {"delay": "300ms"}})
        link, accepted = self.open(N1, N2)
        start = time.monotonic()
        N1.send(link, 100)
        self.assertTrue(self.arrives(N2, "accepted", accepted, 100))
        self.assertGreaterEqual(time.monotonic() - start, 0.29)

    def test_total_split_and_stacking(self):
        http(API + "/v1/partition", {"groups": [["n1"], ["n2"], ["n3"]], "name": "all", "kind": "hold"})
        cut("n1", "n2", "drop", "extra")
        http(API + "/v1/heal", {"names": ["all"]})
        self.assertEqual(N1.dial("n2", timeout=1.0), {"error": "TIMEOUT"}, "the other cut stays")
        self.assertIn("id", N1.dial("n3"))

    def test_status_proves_integrity(self):
        link, accepted = self.open(N1, N3)
        N1.send(link)
        self.assertTrue(self.arrives(N3, "accepted", accepted, SIZE))
        status = http(API + "/v1/status")
        pair = next(p for p in status["pairs"] if (p["from"], p["to"]) == ("n1", "n3"))
        self.assertGreaterEqual(pair["bytes_out"], SIZE)
        self.assertTrue(pair["intact"])

    def test_zz_a_killed_node_refuses(self):
        # Last by name: n3 stays dead.
        self.assertIn("id", N1.dial("n3"))
        http(N3.url + "/die", {})
        wait(lambda: N1.dial("n3") == {"error": "ECONNREFUSED"}, 3)
        for _ in range(5):
            answer = N1.dial("n3")
            self.assertEqual(answer, {"error": "ECONNREFUSED"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
