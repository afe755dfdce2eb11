#!/usr/bin/env python3
"""The shortest exec client: a register per key in its own memory, which no other client sees.

It shows every line of the protocol (docs/reference/exec-client.md); put your database's driver in place of `data`.
"""
import json
import sys

data = {}


def answer(f, key, value):
    if f == "read":
        return {"type": "ok", "value": data.get(key)}
    if f == "write":
        data[key] = value
        return {"type": "ok"}
    if f == "cas":
        expected, new = value
        if data.get(key) != expected:
            return {"type": "fail", "error": {"class": "mismatch", "text": "another value"}, "observed": data.get(key)}
        data[key] = new
        return {"type": "ok"}
    return {"type": "fail", "error": {"class": "definite", "text": "this client does not know " + f}}


for line in sys.stdin:
    request = json.loads(line)
    if "hello" in request:
        reply = {"hello": 1}
    else:
        reply = {"id": request["id"], **answer(request["f"], request["key"], request["value"])}
    print(json.dumps(reply), flush=True)
