#!/usr/bin/env python3
"""Explicit mode as a user runs it: hold of new connections, who dialled a listener for every source, connections around
the proxy, and limits; with real processes, as root and as an ordinary user."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import unittest

import support

# One that an ordinary user may run, too.
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable

# A node: it listens, dials what it is told, and keeps every connection. A line in, a line out.
NODE = """
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 0))
kept = []
def serve():
    while True:
        peer, _ = server.accept()
        kept.append(peer)
        threading.Thread(target=echo, args=(peer,), daemon=True).start()
def echo(peer):
    try:
        while data := peer.recv(4096):
            peer.sendall(data)
    except OSError:
        pass
    peer.close()
threading.Thread(target=serve, daemon=True).start()
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "dial":
        host, port = words[1].rsplit(":", 1)
        source = (words[2], 0) if len(words) > 2 else None
        try:
            peer = socket.create_connection((host, int(port)), 10, source)
            peer.sendall(b"ping")
            print(peer.recv(64).decode(), flush=True)
            kept.append(peer)
        except OSError as error:
            print(type(error).__name__, flush=True)
    elif words[0] == "close":
        while kept:
            kept.pop().close()
        print("closed", flush=True)
"""


class Node:
    def __init__(self, box):
        command = box.command()[:-1] + [PYTHON, "-c", NODE]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid  # setpriv has become python
        self.address = "127.0.0.1:" + self.process.stdout.readline().strip()

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.kill()
        self.process.communicate()


class Explicit(unittest.TestCase):
    as_user = False

    def setUp(self):
        self.box = support.Sandbox(as_user=self.as_user)
        self.addCleanup(self.box.close)
        self.nodes = [Node(self.box) for _ in range(3)]
        for node in self.nodes:
            self.addCleanup(node.end)

    def serve(self, text, *options):
        path = self.box.write("serve.toml", text)
        process = self.box.start("serve", "--listen", "127.0.0.1:0", "--json", "--threads", "2", "--config", path,
                                 *options)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        line = process.stdout.readline()
        self.assertTrue(line, "serve ended: " + (process.stderr.read() if not line else ""))
        return [link["listen"] for link in json.loads(line)["links"]]

    def ctl(self, *words, code=0):
        result = self.box.run("ctl", *words, timeout=30)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def status(self):
        return json.loads(self.ctl("status", "--json"))

    def dialled(self, source, target="n3"):
        for pair in self.status()["pairs"]:
            if (pair["from"], pair["to"]) == (source, target):
                return pair["connections_total"]
        return 0

    def plan(self, links, sources=(), pids=()):
        text = ""
        for i, node in enumerate(self.nodes, 1):
            text += f'[[node]]\nname = "n{i}"\naddress = "{node.address}"\n'
            if i in sources:
                text += f'source = "127.0.1.{i}"\n'
            if i in pids:
                text += f"pids = [{node.pid}]\n"
        return text + links

    def test_hold_leaves_new_connections_unanswered(self):
        own, other = self.serve(self.plan('[[link]]\nfrom = "n1"\nto = "n3"\n[[link]]\nfrom = "n2"\nto = "n3"\n'))
        self.assertEqual(self.nodes[0].ask("dial", own), "ping")
        self.ctl("partition", "n1", "/", "n3", "--kind", "hold", "--name", "h")
        host, port = own.rsplit(":", 1)
        with socket.socket() as client:
            client.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                client.connect((host, int(port)))
        with socket.socket() as client:
            client.setblocking(False)
            self.assertNotEqual(client.connect_ex((host, int(port))), 0)
            self.assertEqual(self.nodes[1].ask("dial", other), "ping", "another pair")
            time.sleep(0.2)
            self.assertIn("attempts", self.ctl("heal", "h"))
            client.settimeout(10)
            support.wait(lambda: client.connect_ex((host, int(port))) in (0, 106), 10)  # 106: EISCONN
            client.sendall(b"late")
            self.assertEqual(client.recv(64), b"late")
        self.assertEqual(self.nodes[0].ask("dial", own), "ping")

    def test_hold_is_refused_where_the_listener_is_shared(self):
        shared, = self.serve(self.plan('[[link]]\nto = "n3"\n'))
        said = self.ctl("partition", "n1", "/", "n3", "--kind", "hold", code=2)
        self.assertIn("a listener of its own", said)
        self.assertEqual(self.nodes[0].ask("dial", shared), "ping")
        self.ctl("partition", "n1", "/", "n2", "--kind", "hold")

    def test_the_source_by_address_by_process_or_unknown(self):
        shared, = self.serve(self.plan('[[link]]\nto = "n3"\n', sources=[1], pids=[2]))
        self.assertEqual(self.nodes[0].ask("dial", shared, "127.0.1.1"), "ping")
        self.assertEqual(self.nodes[1].ask("dial", shared), "ping")
        self.assertEqual(self.nodes[1].ask("dial", shared), "ping")
        self.assertEqual(self.nodes[0].ask("dial", shared), "ping")
        self.assertEqual([self.dialled(n) for n in ("n1", "n2", "unknown")], [1, 2, 1])
        self.ctl("node", "n1", "pids", str(self.nodes[0].pid))
        self.assertEqual(self.nodes[0].ask("dial", shared), "ping")
        self.assertEqual([self.dialled(n) for n in ("n1", "n2", "unknown")], [2, 2, 1])
        self.assertIn(f"(process {self.nodes[0].pid})", self.ctl("status"))
        self.ctl("partition", "n2", "/", "n3", "--kind", "refuse")
        self.assertIn("Connection", self.nodes[1].ask("dial", shared))  # refused or reset
        self.assertEqual(self.nodes[0].ask("dial", shared), "ping", "only n2 is refused")
        self.ctl("node", "n9", "pids", "1", code=2)

    def test_a_connection_around_the_proxy_is_told(self):
        link, = self.serve(self.plan('[[link]]\nfrom = "n1"\nto = "n3"\n', pids=[1, 2, 3]))
        n1, n3 = self.nodes[0], self.nodes[2]
        self.assertEqual(n1.ask("dial", link), "ping")
        time.sleep(2.5)  # two looks at least
        self.assertEqual(self.status()["bypasses"], [], "through the proxy")
        self.assertEqual(n1.ask("dial", n3.address), "ping")
        found = support.wait(lambda: self.status()["bypasses"], 10)
        self.assertEqual(len(found), 1, found)
        self.assertEqual((found[0]["from"], found[0]["to"]), ("n1", "n3"))
        self.assertEqual((found[0]["from_pid"], found[0]["to_pid"]), (n1.pid, n3.pid))
        self.assertEqual(found[0]["destination"], n3.address)
        self.assertIn("n1:n3 goes around the proxy", self.ctl("status"))
        events = json.loads(self.ctl("events", "--json").splitlines()[-1])
        self.assertEqual((events["event"], events["pairs"]), ("bypass", [["n1", "n3"]]))
        n1.ask("close")
        self.assertEqual(support.wait(lambda: self.status()["bypasses"] == [], 10), True)

    def test_a_listener_has_a_limit_of_its_own(self):
        self.limited_to_one(*self.serve(self.plan('[[link]]\nfrom = "n1"\nto = "n3"\nconnections_max = 1\n'
                                                  '[[link]]\nfrom = "n2"\nto = "n3"\n')))

    def test_the_limit_of_every_listener_is_an_option_and_a_key(self):
        links = '[[link]]\nfrom = "n1"\nto = "n3"\n[[link]]\nfrom = "n2"\nto = "n3"\nconnections_max = 9\n'
        self.limited_to_one(*self.serve(self.plan(links), "--connections-max", "1"))
        self.limited_to_one(*self.serve("[api]\nconnections_max = 1\n" + self.plan(links)))
        # The option wins over the file.
        self.limited_to_one(*self.serve("[api]\nconnections_max = 7\n" + self.plan(links), "--connections-max", "1"))
        self.assertEqual(self.box.run("serve", "--connections-max", "0", timeout=30).returncode, 2)

    def limited_to_one(self, one, other):
        """A second connection to `one` waits until the first is closed; `other` is not touched by it."""
        self.assertEqual(self.nodes[0].ask("dial", one), "ping")
        host, port = one.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 5) as waiting:  # in the kernel's queue
            waiting.sendall(b"late")
            waiting.settimeout(0.4)
            with self.assertRaises(TimeoutError):
                waiting.recv(64)
            self.assertEqual(self.nodes[1].ask("dial", other), "ping")
            self.assertEqual(self.nodes[0].ask("close"), "closed")
            waiting.settimeout(10)
            self.assertEqual(waiting.recv(64), b"late")
        self.assertEqual(self.nodes[1].ask("close"), "closed")

    def test_mistakes_are_told_with_file_and_line(self):
        for text, line, word in [
                ('[[node]]\nname = "a"\nsource = "localhost"\n', 3, "localhost"),
                ('[[node]]\nname = "a"\nsource = "127.0.1.1"\n[[node]]\nname = "b"\nsource = "127.0.1.1"\n', 6, "already"),
                ('[[node]]\nname = "a"\npids = [0]\n', 3, "pids"),
                ('[[node]]\nname = "a"\npid = -1\n', 3, "pid"),
                ('[[node]]\nname = "a"\naddress = "h:1"\n[[link]]\nto = "a"\nconnections_max = 0\n', 6, "connections_max"),
        ]:
            with self.subTest(text):
                support.refuses_configuration(self, self.box, text, line, word)


class ExplicitAsUser(Explicit):
    as_user = True


SUITE = """
schema = 1
[cluster]
system = "etcd"
nodes = 3
network = "explicit"
[workload]
name = "register"
clients = 6
keys = 3
rate = 120
time = "14s"
op_timeout = "1s"
[[nemesis]]
name = "partition"
targets = "leader"
kind = "reset"
every = "7s"
for = "4s"
[checks.linearizable]
"""

INSIDE = """
import json, os, sys, urllib.request
with urllib.request.urlopen("http://" + os.environ["SUNDER_N1"] + "/health", timeout=20) as answer:
    assert json.load(answer)["health"] == "true"
with urllib.request.urlopen(os.environ["SUNDER_API"] + "/v1/status", timeout=20) as answer:
    print(answer.read().decode())
"""


class SuiteAsUser(unittest.TestCase):
    """A whole cluster without any privilege: no namespace, no packet filter."""

    def setUp(self):
        self.box = support.Sandbox(as_user=True)
        self.addCleanup(self.box.close)
        self.suite = self.box.write("suite.toml", SUITE)

    @unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
    def test_a_run_with_real_etcd(self):
        self.check_run()

    def test_a_run_with_reference_nodes(self):
        self.suite = self.box.write("nodes.toml", SUITE.replace('"etcd"', '"embedded-quorum"').replace('"leader"', '"n1"'))
        self.check_run()

    def check_run(self):
        out = self.box.sub("out", "run")
        done = self.box.run("run", self.suite, "--out", out, timeout=150)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(os.path.join(out, "results.json")) as file:
            results = json.load(file)
        self.assertEqual(results["verdict"], "pass")
        self.assertTrue(results["faults"])
        for fault in results["faults"]:
            self.assertEqual((fault["kind"], fault["vacuous"]), ("reset", False), fault)
        self.assertEqual(self.box.leftovers(), [])

    @unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
    def test_a_wrapped_command_sees_every_pair(self):
        done = self.box.run("wrap", self.suite, "--", PYTHON, "-c", INSIDE, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        status = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")), strict=False)
        self.assertEqual((status["mode"], status["bypasses"]), ("explicit", []))
        for pair in status["pairs"]:
            self.assertNotEqual(pair["from"], "unknown", pair)
            if {pair["from"], pair["to"]} <= {"n1", "n2", "n3"} and pair["from"] != pair["to"]:
                self.assertGreater(pair["bytes_out"], 0, pair)
        self.assertEqual(self.box.leftovers(), [])

    @unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
    def test_nothing_stays_after_sigkill(self):
        process = self.box.start("run", self.suite, "--out", self.box.sub("out", "killed"))
        self.assertTrue(support.wait(lambda: sum("etcd" in c for c in self.box.processes().values()) >= 3, 40))
        time.sleep(1)
        process.kill()
        process.communicate()
        self.assertEqual(self.box.leftovers(), [])

    @unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
    def test_what_the_mode_cannot_do_is_told_before_anything_starts(self):
        bad = self.box.write("bad.toml", SUITE.replace('"reset"', '"drop"'))
        done = self.box.run("run", bad, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bad.toml:17", done.stderr)
        self.assertIn("explicit mode can't drop", done.stderr)
        done = self.box.run("wrap", self.suite, "--inside", "--", "true", timeout=30)
        self.assertEqual(done.returncode, 125, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
