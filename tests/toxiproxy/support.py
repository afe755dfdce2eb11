"""What the tests of the Toxiproxy API share: the two servers, requests byte by byte, sockets with a deadline.

The original is built from its Go module into build/toxiproxy/ once; without Go or a module proxy the tests that need it
are skipped (77). Everything listens on loopback, and every process started here is ended here, by its own pid.
"""

import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SUNDER_BINARY", str(ROOT / "build" / "release" / "sunder"))
CACHE = ROOT / "build" / "toxiproxy"
VERSION = "2.12.0"
SKIPPED = 77


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_serve():
    try:
        help_text = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return help_text.returncode == 0


def original_binary():
    """The path of the original server; None, and a line that says why, where it can't be built here."""
    binary = CACHE / "bin" / "server"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        print("skipped: the original, as Go is not installed")
        return None
    env = dict(os.environ, GOBIN=str(CACHE / "bin"), GOFLAGS="-mod=mod")
    module = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{VERSION}"
    built = subprocess.run(["go", "install", module], env=env, capture_output=True, text=True, timeout=100, check=False)
    if built.returncode != 0:
        print("skipped: the original can't be built here: " + built.stderr.strip().splitlines()[-1][:200])
        return None
    return binary


class Server:
    """A process that serves the API, ended at the end of the with block."""

    def __init__(self, command, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 15
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    sys.exit("no server: " + self.process.stderr.read().decode(errors="replace"))
                time.sleep(0.02)

    def __enter__(self):
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, headers=None):
        """(status, chosen headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            if isinstance(body, str):
                body = body.encode()
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
            kept = {name: answer.getheader(name) for name in ("Content-Type", "X-Content-Type-Options", "Location")}
            kept["id"] = answer.getheader("X-Toxiproxy-Request-Id") is not None
            return answer.status, kept, data
        finally:
            connection.close()


def sunder_server(*more):
    port = free_port()
    return Server([BINARY, "serve", "--listen", f"127.0.0.1:{port}", *more], port)


def original_server():
    binary = original_binary()
    if binary is None:
        return None
    port = free_port()
    return Server([str(binary), "-host", "127.0.0.1", "-port", str(port)], port)


class Upstream:
    """A server on loopback, a thread per connection; what it does with each is `serve`."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        with contextlib.suppress(OSError), peer:
            self.serve(peer)

    def close(self):
        self.listener.close()


class Echo(Upstream):
    """Sends back what it gets, until the peer closes."""

    @staticmethod
    def serve(peer):
        while data := peer.recv(65536):
            peer.sendall(data)


def connect(address, timeout=5):
    host, port = address.rsplit(":", 1)
    peer = socket.create_connection((host, int(port)), timeout=timeout)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def receive(peer, size):
    """`size` bytes, or fewer before the end; "reset" where the peer reset."""
    out = b""
    try:
        while len(out) < size:
            data = peer.recv(size - len(out))
            if not data:
                break
            out += data
    except ConnectionResetError:
        return "reset"
    except socket.timeout:
        return out
    return out
