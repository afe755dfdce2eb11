#!/usr/bin/env python3
"""A node program for the link tests: opens and watches TCP connections to other nodes as it is told over HTTP.

It takes the place of the database's binary in a cluster (`[[cluster.node]] binary = …`), answers the readiness probe, and
listens on port 7000 for its peers. What a connection lives through (bytes, end of stream, errno) is kept and told. The
tests talk to it from the client namespace, so their own requests never use a node–node pair.

  POST /dial   {"ip","port","timeout","keepalive":[idle,interval,count]?,"user_timeout_ms"?} -> {"id"} | {"error":"ECONNREFUSED"}
  POST /send   {"id","bytes"}   -> {"sent"}          sends in the background; never blocks the request
  POST /die    {}               kills itself with SIGKILL, after the answer
  GET  /state                   -> {"dialled":{id:{…}},"accepted":{id:{…}}}
"""
import argparse
import errno
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TCP_USER_TIMEOUT = 18


def error_name(error):
    if error.errno:
        return errno.errorcode.get(error.errno, str(error))
    return "TIMEOUT" if isinstance(error, socket.timeout) else str(error)  # our own deadline, not the kernel's


class Link:
    """One connection, with a reader thread that notes everything that happens to it."""

    def __init__(self, sock):
        self.sock = sock
        self.peer = sock.getpeername()
        self.received = 0
        self.sent = 0
        self.ok = True  # the received bytes were the expected pattern, in order
        self.end = None  # "EOF" or an errno's name
        self.ended_after = None
        self.born = time.monotonic()
        self.lock = threading.Lock()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    self.finish("EOF")
                    return
                expected = bytes((self.received + i) % 251 for i in range(len(data)))
                self.ok = self.ok and data == expected
                self.received += len(data)
        except OSError as error:
            self.finish(error_name(error))

    def send(self, count):
        def work():
            try:
                with self.lock:
                    self.sock.sendall(bytes((self.sent + i) % 251 for i in range(count)))
                    self.sent += count
            except OSError as error:
                self.finish(error_name(error))

        threading.Thread(target=work, daemon=True).start()

    def finish(self, why):
        if self.end is None:
            self.end = why
            self.ended_after = time.monotonic() - self.born

    def state(self):
        return {"peer": self.peer[0], "received": self.received, "sent": self.sent, "ok": self.ok,
                "end": self.end, "ended_after": self.ended_after}


DIALLED, ACCEPTED = {}, {}


def dial(order):
    sock = socket.socket()
    try:
        if "keepalive" in order:
            idle, interval, count = order["keepalive"]
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, count)
        if "user_timeout_ms" in order:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, order["user_timeout_ms"])
        sock.settimeout(order.get("timeout", 2))
        sock.connect((order["ip"], order.get("port", 7000)))
        sock.settimeout(None)
    except OSError as error:
        sock.close()
        return {"error": error_name(error)}
    number = str(len(DIALLED))
    DIALLED[number] = Link(sock)
    return {"id": number}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, value):
        body = json.dumps(value, separators=(",", ":")).encode()  # as etcd writes it
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/state":
            self.answer({"dialled": {k: v.state() for k, v in DIALLED.items()},
                         "accepted": {k: v.state() for k, v in ACCEPTED.items()},
                         "host": socket.gethostname(), "pid": os.getpid()})
        else:
            self.answer({"health": "true"})

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/dial":
            self.answer(dial(order))
        elif self.path == "/send":
            links = ACCEPTED if order.get("side") == "accepted" else DIALLED
            links[order["id"]].send(order["bytes"])
            self.answer({"sent": order["bytes"]})
        elif self.path == "/die":
            self.answer({})
            self.wfile.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


def accept_forever(ip):
    listener = socket.create_server((ip, 7000), backlog=64)
    while True:
        sock, _ = listener.accept()
        ACCEPTED[str(len(ACCEPTED))] = Link(sock)


def main():
    if "--version" in sys.argv:
        print("etcd Version: 0.0.0-peer")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen-client-urls", required=True)
    args, _ = parser.parse_known_args()
    ip = args.listen_client_urls.split(",")[0].split("//")[1].split(":")[0]
    threading.Thread(target=accept_forever, args=(ip,), daemon=True).start()
    ThreadingHTTPServer((ip, 2379), Handler).serve_forever()


if __name__ == "__main__":
    main()
