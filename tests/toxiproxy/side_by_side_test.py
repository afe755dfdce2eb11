#!/usr/bin/env python3
"""The original Toxiproxy and ours, side by side: the same requests, the same status, headers and bodies.

Ports that a server chose itself differ and are compared as PORT. What differs on purpose is not in the table; it stands
in docs/reference/toxiproxy.md.
"""
import re
import socket
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
        '{"name":"v6","upstream":"b","listen":"[::1]:0"}', '{"name":"v6any","upstream":"b","listen":"[::]:0"}',
        '{"name":"any","upstream":"b","listen":"0.0.0.0:0"}', '{"name":"any2","upstream":"b","listen":":0"}',
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
    text = re.sub(r"(127\.0\.0\.1|\[::1?\]):(\d+)",
                  lambda m: m[0] if int(m[2]) in (taken, 0, 80) else m[1] + ":PORT", text)
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
        nothing_comes = attributes == '{"rate":0}'
        with support.connect(address, timeout=1 if nothing_comes else 10) as peer:
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


def end_of(peer):
    """(bytes, "fin", "reset" or "open") of what a peer still gets; open: 5 s without an end."""
    peer.settimeout(5)
    count = 0
    try:
        while data := peer.recv(65536):
            count += len(data)
    except ConnectionResetError:
        return count, "reset"
    except socket.timeout:
        return count, "open"
    return count, "fin"


def ending(server, toxic, stream, close, order):
    """(client's end, server's end or None, seconds) of one connection: a hundred bytes go each way, the server closes
    where asked, and then an order is given to the API."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        upstream = "127.0.0.1:%d" % listener.getsockname()[1]
        made = server.ask("POST", "/proxies", '{"name":"end","listen":"127.0.0.1:0","upstream":"%s"}' % upstream)
        address = re.search(rb'"listen":"([^"]+)"', made[2])[1].decode()
        if toxic is not None:
            body = '{"type":"%s","name":"t","stream":"%s","attributes":%s}' % (toxic[0], stream, toxic[1])
            assert server.ask("POST", "/proxies/end/toxics", body)[0] == 200
        try:
            with support.connect(address) as client:
                there, _ = listener.accept()
                with there:
                    begin = time.monotonic()
                    client.sendall(b"c" * 100)
                    there.sendall(b"s" * 100)
                    if toxic is None:
                        support.receive(client, 100)
                        support.receive(there, 100)
                    if order is not None:
                        time.sleep(0.3)
                        assert server.ask(*order)[0] in (200, 204), order
                    if close:
                        there.shutdown(socket.SHUT_WR)
                    at_client = end_of(client)
                    seconds = time.monotonic() - begin
                    return at_client, None if close else end_of(there), seconds
        finally:
            server.ask("DELETE", "/proxies/end")


REMOVE = ("DELETE", "/proxies/end/toxics/t")
# what, toxic, stream, the server closes, the order, the least time to the client's end
ENDINGS = (
    ("nothing", None, "", True, None, 0),
    ("a proxy deleted", None, "", False, ("DELETE", "/proxies/end"), 0.3),
    ("a proxy disabled", None, "", False, ("POST", "/proxies/end", '{"enabled":false}'), 0.3),
    ("slow_close", ("slow_close", '{"delay":500}'), "downstream", True, None, 0.5),
    ("limit_data", ("limit_data", '{"bytes":50}'), "downstream", False, None, 0),
    ("timeout", ("timeout", '{"timeout":400}'), "downstream", False, None, 0.4),
    ("timeout 0", ("timeout", '{"timeout":0}'), "downstream", False, None, 5),
    ("timeout 0 removed", ("timeout", '{"timeout":0}'), "downstream", False, REMOVE, 0.3),
    ("reset_peer", ("reset_peer", '{"timeout":300}'), "downstream", False, None, 0.3),
    ("reset_peer upstream", ("reset_peer", '{"timeout":300}'), "upstream", False, None, 0.3),
    ("latency removed", ("latency", '{"latency":60000}'), "downstream", True, REMOVE, 0.3),
    ("bandwidth 0 removed", ("bandwidth", '{"rate":0}'), "downstream", True, REMOVE, 0.3),
)


def compare_endings(original, ours):
    """How many differ: the bytes and the kind of the end, at both ends, and the time (a slow machine has 5 s more)."""
    differ = 0
    for what, toxic, stream, close, order, least in ENDINGS:
        want = ending(original, toxic, stream, close, order)
        got = ending(ours, toxic, stream, close, order)
        same = got[:2] == want[:2] and least - 0.05 <= got[2] <= least + 5
        print(f"{what}: original {want[0]} {want[1]} after {want[2]:.2f} s, ours {got[0]} {got[1]} after {got[2]:.2f} s"
              + ("" if same else ": DIFFERENT"))
        differ += not same
    return differ


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
            same = got[kind][0] == what and -0.2 < got[kind][1] - seconds < 5
            print(f"{kind}: original {what} after {seconds:.2f} s, ours {got[kind][0]} after {got[kind][1]:.2f} s")
            failures += not same
        failures += compare_endings(original, ours)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
