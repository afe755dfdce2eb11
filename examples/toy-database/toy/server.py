#!/usr/bin/env python3
"""A toy database: a primary that takes all writes, and followers that copy it and answer reads.

    server.py --id n2 --listen 10.77.0.12:7100 --primary 10.77.0.11:7100 --reads local|primary

One JSON object a line, one answer a line. {"f":"read","key":"k"} · {"f":"write","key":"k","value":1} ·
{"f":"copy","from":N}: all changes from number N on · {"f":"ping"}.
A follower passes writes on to the primary. With --reads local it answers reads from its copy, which is up to 100 ms old and,
while the primary can't be reached, as old as that lasts; with --reads primary it passes reads on as well.
"""
import argparse
import json
import socket
import socketserver
import threading
import time

PATIENCE = 0.8  # of a question to the primary
PAUSE = 0.1     # between two questions for changes


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = {}
        self.changes = []

    def write(self, key, value):
        with self.lock:
            self.values[key] = value
            self.changes.append([key, value])

    def read(self, key):
        with self.lock:
            return self.values.get(key)

    def since(self, number):
        with self.lock:
            return self.changes[number:]


class Primary:
    """The primary as a follower sees it: one connection a question, so that a broken one is nobody's problem for long."""

    def __init__(self, where):
        self.where = where

    def ask(self, request):
        with socket.create_connection(self.where, timeout=PATIENCE) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline()
        if not line:
            raise ConnectionError("the primary closed the connection")
        return json.loads(line)


def copy_forever(store, primary):
    while True:
        try:
            for key, value in primary.ask({"f": "copy", "from": len(store.changes)})["changes"]:
                store.write(key, value)
        except (OSError, ValueError):
            pass  # the next question may find it
        time.sleep(PAUSE)


def answer(store, primary, reads, request):
    if request["f"] == "ping":
        return {"ok": True}
    if request["f"] == "copy":
        return {"ok": True, "changes": store.since(request["from"])}
    if primary is not None and (request["f"] == "write" or reads == "primary"):
        try:
            return primary.ask(request)
        except ConnectionRefusedError:
            return {"ok": False, "sent": False}
        except (OSError, ValueError):
            return {"ok": False, "sent": True}  # it may have got there
    if request["f"] == "write":
        store.write(request["key"], request["value"])
        return {"ok": True}
    return {"ok": True, "value": store.read(request["key"])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--listen", required=True, type=address)
    parser.add_argument("--primary", required=True, type=address)
    parser.add_argument("--reads", default="local", choices=("local", "primary"))
    options = parser.parse_args()
    store = Store()
    primary = None if options.primary == options.listen else Primary(options.primary)
    if primary is not None:
        threading.Thread(target=copy_forever, args=(store, primary), daemon=True).start()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(json.dumps(answer(store, primary, options.reads, json.loads(line))).encode() + b"\n")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(options.listen, Handler) as server:
        print(options.id, "serves", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
