#!/usr/bin/env python3
"""The original Toxiproxy and ours, side by side: the same requests, the same status, headers and bodies.

Ports that a server chose itself differ and are compared as PORT. What differs on purpose is not in the table; it stands
in docs/reference/toxiproxy.md.
"""
import re
import sys
import time

import support

T = "/proxies/w/toxics"
U = T + "/latency_downstream"


def table(taken):
    """(method, path, body, headers) in order; `taken` is a port in use."""
    create = [
        "", "  ", "{", "[]", '{"name":1}', '{"name":"a","enabled":"x"}', '{"name":"a","listen":1.5,"upstream":2}',
        "nope", '{"a":tru}', "{x", '{"a" 1}', '{"a":1 2}', '{"a":[1 2]}', '{"a":"\\q"}', '{"a":"\\u12g4"}', '{"a":-x}',
        '{"a":1.x}', '{"a":1ex}', '{"a":"\n"}', "{,}", '{"a":1,}', "'a'", '"s"', "1", "true", "null", '{"name":""}',
        '{"name":"a"}', "\xff", '{"name":"a","upstream":"b","listen":"x"}',
        '{"name":"a","upstream":"b","listen":"127.0.0.1:999999"}', '{"name":"a","upstream":"b","listen":"127.0.0.1:zz"}',
        '{"name":"a","upstream":"b","listen":"127.0.0.1:%d"}' % taken, '{"name":"a","upstream":"b","listen":"a:b:c"}',
        '{"name":"a","upstream":"b","listen":"[::1"}', '{"name":"a","upstream":"b","listen":"256.1.1.1:0"}',
        '{"name":"w","upstream":"b","listen":"127.0.0.1:0"}', '{"name":"w1","upstream":"b","listen":"localhost:0"}',
        '{"name":"w4","upstream":"b","listen":"localhost:0","enabled":false}', '{"name":"w4","upstream":"b"}',
        '{"name":"w5<>&\\u2028\\u0001","upstream":"b","listen":"localhost:0","Enabled":null,"toxics":[1]}',
        '{"name":"w6","upstream":"b","listen":"127.0.0.1:1","Logger":1}',
        '{"NAME":"w8","UPSTREAM":"b","listen":"127.0.0.1:http","enabled":false}',
    ]
    toxics = [
        "", "{", "{}", '{"type":"latency"}', '{"type":"latency"}', '{"type":"nope"}', '{"type":"latency","stream":"x"}',
        '{"type":"latency","stream":"UpStream","attributes":{"latency":5}}',
        '{"type":"latency","name":"q","attributes":{"latency":1.5}}',
        '{"type":"latency","name":"q","attributes":{"latency":"5"}}',
        '{"type":"latency","name":"q","attributes":{"latency":99999999999999999999}}',
        '{"type":"latency","name":"q","attributes":[]}', '{"type":"latency","name":"q","attributes":null}',
        '{"type":"bandwidth","name":"q2","toxicity":"x"}', '{"type":"bandwidth","name":"q2","toxicity":1e400}',
        '{"type":"bandwidth","name":"q2","toxicity":0.1,"attributes":{"RATE":7,"zz":1}}',
        '{"type":"bandwidth","name":"q3","toxicity":1.0e-7}', '{"type":"bandwidth","name":"q4","toxicity":5e30}',
        '{"type":"bandwidth","name":"q5","toxicity":-0.333333333333}', '{"type":1}',
        '{"type":"slicer","stream":null,"attributes":{"average_size":1}}', '{"type":"noop"}',
        '{"type":"limit_data","attributes":{"bytes":-1}}', '{"type":"timeout","toxicity":null}',
        '{"type":"reset_peer","toxicity":1e21}', '{"type":"slow_close","toxicity":1e20}', "[]", "null",
    ]
    updates = ["", "{}", '{"toxicity":0.5}', '{"attributes":{"jitter":3}}', '{"attributes":{"latency":"x"}}',
               '{"attributes":null}', '{"attributes":[]}', '{"toxicity":"a"}', "[]", "null", '{"name":"zz"}']
    populate = ["", "{}", "[", "[]", "[{}]", "[1]", '[{"name":"a"}]', "null", "[null]", "5", '[{"name":1}]',
                '[{"name":"pp","upstream":"b","listen":"127.0.0.1:0"}]',
                '[{"name":"p2","upstream":"b","listen":"127.0.0.1:0"},{"name":"p3","upstream":"b",'
                '"listen":"127.0.0.1:%d"},{"name":"p4","upstream":"b"}]' % taken,
                '[{"name":"p5","upstream":"b","enabled":false},{"name":"p6","enabled":"x","upstream":"z"}]']
    proxy = ["", "{}", '{"enabled":false}', '{"enabled":true}', '{"listen":"bad"}',
             '{"listen":"127.0.0.1:%d"}' % taken, "{}", '{"listen":"127.0.0.1:0","enabled":true}', '{"upstream":""}',
             '{"name":"other"}', "[]", "null", '{"enabled":false,"listen":"localhost:0"}', '{"enabled":true}']
    rows = [("POST", "/proxies", body, {}) for body in create]
    for path in ("/proxies", "/proxies/", "//proxies", "/proxies/w/../w1", "/proxies/w", "/proxies/w%31", "/proxies/none",
                 "/x", "/proxies/a/b/c/d", "/", T, T + "/", "/reset", "/proxies?x=1"):
        rows += [("GET", path, None, {}), ("PUT", path, None, {})]
    rows += [("GET", "/proxies", None, {"User-Agent": "Mozilla/5.0"}), ("GET", "/xx", None, {"User-Agent": "Mozilla/5.0"}),
             ("HEAD", "/proxies", None, {})]
    rows += [("POST", T, body, {}) for body in toxics] + [("GET", T, None, {}), ("GET", "/proxies/w", None, {})]
    rows += [(method, U, body, {}) for body in updates for method in ("POST", "PATCH")]
    rows += [(m, p, "{", {}) for m, p in (("POST", T + "/none"), ("POST", "/proxies/none/toxics"), ("POST", "/proxies/none"),
                                          ("DELETE", T + "/none"), ("DELETE", "/proxies/none"), ("GET", T + "/none"))]
    rows += [("POST", "/populate", body, {}) for body in populate]
    rows += [("POST", "/proxies/w", body, {}) for body in proxy]
    rows += [("DELETE", U, None, {}), ("DELETE", U, None, {}), ("DELETE", "/proxies/w8", None, {}),
             ("POST", "/reset", None, {}), ("GET", "/proxies", None, {}), ("DELETE", "/proxies/w1", None, {})]
    return rows


def plain(answer, taken):
    status, headers, body = answer
    text = body.decode("utf-8", "replace")
    text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: m[0] if int(m[1]) in (taken, 0, 80) else "127.0.0.1:PORT", text)
    return status, headers, text


def round_trip(server, kind, attributes, payload=b"x" * 200):
    """(seconds, what came back) of one echo through a proxy with one downstream toxic."""
    echo = support.Echo()
    try:
        server.ask("DELETE", "/proxies/real")
        made = server.ask("POST", "/proxies", '{"name":"real","listen":"127.0.0.1:0","upstream":"%s"}' % echo.address)
        address = re.search(rb'"listen":"([^"]+)"', made[2])[1].decode()
        made = server.ask("POST", "/proxies/real/toxics", '{"type":"%s","attributes":%s}' % (kind, attributes))
        assert made[0] == 200, made
        with support.connect(address, timeout=1) as peer:
            begin = time.monotonic()
            peer.sendall(payload)
            return time.monotonic() - begin, support.receive(peer, len(payload)), time.monotonic() - begin
    finally:
        server.ask("DELETE", "/proxies/real")
        echo.close()


def behaviour(server):
    """Coarse figures: the length or kind of what came, and the time in steps of 0.1 s."""
    out = {}
    for kind, attributes in (("noop", "{}"), ("latency", '{"latency":250}'), ("bandwidth", '{"rate":0}'),
                             ("limit_data", '{"bytes":50}'), ("timeout", '{"timeout":250}'),
                             ("reset_peer", '{"timeout":50}'), ("slicer", '{"average_size":50,"delay":50000}')):
        _, got, seconds = round_trip(server, kind, attributes)
        out[kind] = (got if got == "reset" else len(got), seconds)
    return out


def main():
    if not support.has_serve():
        print("skipped: this binary has no `serve`")
        return support.SKIPPED
    original = support.original_server()
    if original is None:
        return support.SKIPPED
    failures = 0
    with original, support.sunder_server() as ours, support.socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]
        rows = table(taken)
        for method, path, body, headers in rows:
            want = plain(original.ask(method, path, body, headers), taken)
            got = plain(ours.ask(method, path, body, headers), taken)
            if want != got:
                failures += 1
                print(f"{method} {path} {body!r}\n  original {want}\n  ours     {got}")
        print(f"{len(rows)} requests compared, {failures} differ")
        want, got = behaviour(original), behaviour(ours)
        for kind, (what, seconds) in want.items():
            same = got[kind][0] == what and abs(got[kind][1] - seconds) < 0.2
            print(f"{kind}: original {what} after {seconds:.2f} s, ours {got[kind][0]} after {got[kind][1]:.2f} s")
            failures += not same
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
