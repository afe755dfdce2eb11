"""A small client of etcd's HTTP gateway that records what it saw, so that `sunder wrap --check` can judge it.

A register is a key with a number. Every operation is written to $SUNDER_HISTORY twice: its invocation before the request
leaves, its outcome after the answer is in (docs/reference/history.md).
"""
import base64
import itertools
import json
import os
import threading
import time
import urllib.error
import urllib.request


class NoAnswer(Exception):
    """The operation failed; `unknown` says that it may have taken effect, or may still do so."""

    def __init__(self, text, kind, unknown):
        super().__init__(text)
        self.kind = kind
        self.unknown = unknown


class History:
    """Appends lines to $SUNDER_HISTORY; each is one write, so that threads and processes do not mix them."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self.numbers = itertools.count()
        self.lock = threading.Lock()

    def new_process(self):
        with self.lock:
            return next(self.numbers)

    def write(self, process, type_, **fields):
        line = dict(time=time.monotonic_ns(), process=process, type=type_, **fields)
        os.write(self.file, json.dumps(line).encode() + b"\n")

    def close(self):
        os.close(self.file)


def text(value):
    return base64.b64encode(str(value).encode()).decode()


class Etcd:
    """One client of one node. It has one operation at a time, does not retry, and asks no other node."""

    def __init__(self, node, endpoint, history, timeout=1.0):
        self.node = node
        self.endpoint = endpoint
        self.history = history
        self.timeout = timeout
        self.process = history.new_process()

    def post(self, path, body):
        request = urllib.request.Request(f"http://{self.endpoint}{path}", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:  # "etcdserver: request timed out": it may be done later
            raise NoAnswer(error.read().decode(errors="replace"), "timeout", True) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ConnectionRefusedError):
                raise NoAnswer("refused", "refused", False) from None
            late = isinstance(reason, TimeoutError)
            raise NoAnswer(str(reason), "timeout" if late else "reset", True) from None

    def recorded(self, f, key, value, ask):
        """Runs `ask` between its two lines. A read that fails had no effect; a write that is not sure is `info`."""
        self.history.write(self.process, "invoke", f=f, key=key, value=value, node=self.node)
        try:
            answer = ask()
        except NoAnswer as error:
            unknown = error.unknown and f != "read"
            self.history.write(self.process, "info" if unknown else "fail", f=f, key=key, value=value,
                               error={"class": error.kind, "text": str(error)})
            if unknown:
                self.process = self.history.new_process()
            raise
        self.history.write(self.process, "ok", f=f, key=key, value=answer)
        return answer

    def write(self, key, value):
        def ask():
            self.post("/v3/kv/put", {"key": text(key), "value": text(value)})
            return value

        return self.recorded("write", key, value, ask)

    def read(self, key):
        """The newest value, by consensus; None where there is no such key."""
        return self.recorded("read", key, None, lambda: self.range(key))

    def read_local(self, key):
        """What this node has, which may be old. That is no linearizable read, so it is not recorded as one."""
        return self.range(key, serializable=True)

    def range(self, key, **options):
        found = self.post("/v3/kv/range", {"key": text(key), **options}).get("kvs")
        return int(base64.b64decode(found[0]["value"])) if found else None

    def is_leader(self):
        status = self.post("/v3/maintenance/status", {})
        return status.get("leader", "0") == status["header"]["member_id"]

    def serves(self):
        try:
            return self.range("no-such-key") is None
        except NoAnswer:
            return False
