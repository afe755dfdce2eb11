#!/usr/bin/env python3
"""The toy database's client for sunder: an exec client (docs/reference/exec-client.md)."""
import json
import socket
import sys


class Node:
    """One connection to one node. It says whether a request may have left."""

    def __init__(self, hello):
        self.where = (hello["host"], hello["port"])
        self.source = (hello["source"], 0) if hello.get("source") else None
        self.timeout = hello["timeout_ms"] / 1000
        self.lines = None

    def ask(self, request):
        if self.lines is None:
            try:
                connection = socket.create_connection(self.where, timeout=self.timeout, source_address=self.source)
            except ConnectionRefusedError:
                return {"type": "fail", "error": {"class": "refused", "text": "nobody listens"}}
            except OSError as error:
                return {"type": "fail", "error": {"class": "not-sent", "text": str(error)}}
            self.lines = connection.makefile("rwb")
        try:
            self.lines.write(json.dumps(request).encode() + b"\n")
            self.lines.flush()
            line = self.lines.readline()
            if not line:
                raise ConnectionError("closed")
            return json.loads(line)
        except (OSError, ValueError) as error:
            self.lines = None
            late = isinstance(error, TimeoutError)
            return {"type": "info", "error": {"class": "timeout" if late else "reset", "text": str(error)}}


def outcome(reply):
    if "type" in reply:
        return reply
    if reply["ok"]:
        return {"type": "ok", **({"value": reply["value"]} if "value" in reply else {})}
    if reply["sent"]:
        return {"type": "info", "error": {"class": "timeout", "text": "the primary did not answer the node"}}
    return {"type": "fail", "error": {"class": "refused", "text": "the primary takes no connection"}}


def main():
    node = None
    for line in sys.stdin:
        request = json.loads(line)
        if "hello" in request:
            node = Node(request)
            reply = {"hello": 1}
        elif request["f"] in ("read", "write"):
            asked = {"f": request["f"], "key": request["key"], "value": request["value"]}
            reply = {"id": request["id"], **outcome(node.ask(asked))}
        else:
            error = {"class": "definite", "text": "the toy database knows no " + request["f"]}
            reply = {"id": request["id"], "type": "fail", "error": error}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
