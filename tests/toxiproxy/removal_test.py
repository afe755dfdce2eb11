#!/usr/bin/env python3
"""Toxics added and removed while bytes stream at full speed, and while a client reads nothing: the original and ours.

Ours must answer every order with success, lose or change no byte and keep every connection. What the original does is
printed beside it and not judged: it is known to answer 503 or to wait where a toxic is removed before a reader that
does not read.
"""
import http.client
import json
import socket
import sys
import threading
import time

import support

PERIOD = bytes(range(251)) * 1024  # a prime, so that a lost or doubled chunk is seen
STREAMS = 4
ROUNDS = 40
TOXICS = (("latency", {"latency": 5}), ("bandwidth", {"rate": 200000}), ("slicer", {"average_size": 4000, "delay": 1}),
          ("noop", {}))
PARTED = 64 << 20  # what is sent to a client that does not read: more than all buffers on the way


class Source(support.Upstream):
    """Sends PERIOD again and again on every connection, until `enough` bytes or the end."""

    def __init__(self, enough):
        self.enough = enough
        super().__init__()

    def serve(self, peer):
        sent = 0
        while sent < self.enough:
            peer.sendall(PERIOD)
            sent += len(PERIOD)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)


class Reader(threading.Thread):
    """Reads a stream until told to stop, or to its end, and says what was wrong with it."""

    def __init__(self, peer, to_end=False):
        super().__init__(daemon=True)
        self.peer, self.to_end, self.going, self.count, self.wrong = peer, to_end, True, 0, ""
        self.peer.settimeout(20)

    def run(self):
        try:
            while self.going:
                data = self.peer.recv(1 << 18)
                if not data:
                    self.wrong = self.wrong or ("" if self.to_end else "ended")
                    return
                at = self.count % len(PERIOD)
                expected = PERIOD[at:at + len(data)]
                while len(expected) < len(data):
                    expected += PERIOD[:len(data) - len(expected)]
                if data != expected and not self.wrong:
                    self.wrong = f"other bytes from {self.count} on"
                self.count += len(data)
        except OSError as error:
            self.wrong = self.wrong or str(error)


class Orders:
    """Gives orders to one API; keeps the answers and the longest wait."""

    def __init__(self, server):
        self.server, self.answers, self.longest = server, {}, 0.0

    def give(self, method, path, body=None):
        begin = time.monotonic()
        try:
            status = self.server.ask(method, path, None if body is None else json.dumps(body))[0]
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
        self.longest = max(self.longest, time.monotonic() - begin)
        self.answers[status] = self.answers.get(status, 0) + 1
        return status

    def refused(self):
        return sum(count for status, count in self.answers.items() if status not in (200, 201, 204))

    def text(self):
        return ", ".join(f"{status}: {count}" for status, count in sorted(self.answers.items(), key=str))


def under_load(server):
    """(orders, what was wrong with the streams, bytes) of all toxics added and removed in turn."""
    source = Source(enough=1 << 50)
    orders = Orders(server)
    address = "127.0.0.1:%d" % support.free_port()
    orders.give("POST", "/proxies", {"name": "load", "listen": address, "upstream": source.address})
    readers = [Reader(support.connect(address)) for _ in range(STREAMS)]
    try:
        for reader in readers:
            reader.start()
        for turn in range(ROUNDS):
            kind, attributes = TOXICS[turn % len(TOXICS)]
            for stream in ("downstream", "upstream"):
                orders.give("POST", "/proxies/load/toxics",
                            {"name": "t" + stream, "type": kind, "stream": stream, "attributes": attributes})
            time.sleep(0.02)
            for stream in ("downstream", "upstream"):
                orders.give("DELETE", "/proxies/load/toxics/t" + stream)
        for reader in readers:
            reader.going = False
            reader.join(25)
        return orders, [r.wrong for r in readers if r.wrong], sum(r.count for r in readers)
    finally:
        orders.give("DELETE", "/proxies/load")
        for reader in readers:
            reader.peer.close()
        source.close()


def before_a_reader_that_waits(server):
    """(orders, what was wrong, bytes) of toxics removed while the client reads nothing, and then reads all."""
    source = Source(enough=PARTED)
    orders = Orders(server)
    address = "127.0.0.1:%d" % support.free_port()
    orders.give("POST", "/proxies", {"name": "wait", "listen": address, "upstream": source.address})
    try:
        with support.connect(address) as peer:
            time.sleep(1)  # every buffer on the way is full now
            for kind, attributes in TOXICS:
                orders.give("POST", "/proxies/wait/toxics", {"name": "t", "type": kind, "attributes": attributes})
                time.sleep(0.2)
                orders.give("DELETE", "/proxies/wait/toxics/t")
                if orders.refused():
                    break  # one that hangs is seen; the next would hang as long
            reader = Reader(peer, to_end=True)
            reader.start()
            reader.join(60)
            whole = -(-PARTED // len(PERIOD)) * len(PERIOD)
            wrong = reader.wrong or ("" if reader.count == whole else f"{reader.count} bytes of {whole}")
            return orders, [wrong] if wrong else [], reader.count
    finally:
        orders.give("DELETE", "/proxies/wait")
        source.close()


def main():
    if not support.has_serve():
        print("skipped: this binary has no `serve`")
        return support.SKIPPED
    failures = 0
    original = support.original_server()  # says why where it can't be had; ours is judged all the same
    for name, server in (("original", original), ("ours", support.sunder_server())):
        if server is None:
            continue
        with server:
            for what, case in (("full load", under_load), ("a reader that waits", before_a_reader_that_waits)):
                orders, wrong, count = case(server)
                print(f"{name}, {what}: {orders.text()}; longest answer {orders.longest:.3f} s; {count >> 20} MiB; "
                      + ("streams: " + "; ".join(wrong) if wrong else "streams whole"))
                if name == "ours":
                    failures += orders.refused() + len(wrong) + (count == 0)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
