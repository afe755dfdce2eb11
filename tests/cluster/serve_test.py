#!/usr/bin/env python3
"""`sunder serve` as a user runs it: addresses, ctl against it, ports, mistakes in the file, signals; as an ordinary user."""
import json
import os
import signal
import socket
import threading
import unittest

import support


class Echo:
    """A server that sends back what it gets."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(peer,), daemon=True).start()

    @staticmethod
    def echo(peer):
        try:
            while data := peer.recv(65536):
                peer.sendall(data)
        except OSError:
            pass
        peer.close()


def ask(address, text=b"ping"):
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as peer:
        peer.sendall(text)
        return peer.recv(64)


class Serve(unittest.TestCase):
    as_user = False

    def setUp(self):
        self.box = support.Sandbox(as_user=self.as_user)
        self.echo = Echo()
        self.process = None

    def tearDown(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.echo.socket.close()
        self.box.close()

    def serve(self, *args):
        self.process = self.box.start("serve", "--listen", "127.0.0.1:0", "--json", *args)
        line = self.process.stdout.readline()
        self.assertTrue(line, "serve ended: " + (self.process.stderr.read() if not line else ""))
        return json.loads(line)

    def config(self):
        return self.box.write("serve.toml", f"""
[[node]]
name = "n1"
[[node]]
name = "n2"
address = "127.0.0.1:{self.echo.port}"
[[link]]
from = "n1"
to = "n2"
[[proxy]]
name = "Echo One"
upstream = "localhost:{self.echo.port}"
""")

    def test_config_ctl_and_sigterm(self):
        told = self.serve("--config", self.config(), "--threads", "2")
        self.assertEqual(told["proxies"][0]["name"], "Echo One")
        self.assertEqual(ask(told["proxies"][0]["listen"]), b"ping")
        self.assertEqual(ask(told["links"][0]["listen"]), b"ping")
        status = self.box.run("ctl", "status", "--json", timeout=30)  # found by the run-time file
        self.assertEqual(status.returncode, 0, status.stderr)
        seen = json.loads(status.stdout)
        self.assertIn("n1", json.dumps(seen))
        cut = self.box.run("ctl", "partition", "n1", "/", "n2", "--kind", "reset", timeout=30)
        self.assertEqual(cut.returncode, 0, cut.stderr)
        with self.assertRaises(ConnectionError):
            if ask(told["links"][0]["listen"]) == b"":
                raise ConnectionResetError
        self.assertEqual(ask(told["proxies"][0]["listen"]), b"ping", "another pair")
        self.assertEqual(self.box.run("ctl", "heal", timeout=30).returncode, 0)
        self.assertEqual(ask(told["links"][0]["listen"]), b"ping")
        drop = self.box.run("ctl", "partition", "n1", "/", "n2", "--kind", "drop", timeout=30)
        self.assertNotEqual(drop.returncode, 0)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(20), 0)
        self.process.communicate()
        left = [f for _, _, files in os.walk(self.box.sub("run")) for f in files]
        self.assertEqual(left, [], "the run-time file is gone")

    def test_port_in_use_is_4(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.box.run("serve", "--listen", f"127.0.0.1:{port}", timeout=30)
            self.assertEqual(result.returncode, 4, result.stderr)
            self.assertIn(str(port), result.stderr)

    def test_an_address_that_others_can_reach_is_refused(self):
        result = self.box.run("serve", "--listen", "0.0.0.0:0", timeout=30)
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn("needs a token", result.stderr)

    def test_mistakes_are_told_with_file_and_line(self):
        for text, line, word in [
                ('[[proxy]]\nname = "a"\nupstream = "h:1"\nspeed = 1\n', 4, "speed"),
                ('[[proxy]]\nname = "a"\nupstream = "h"\n', 3, "port"),
                ('[[proxy]]\nname = "a"\nupstream = "h:1"\n[[proxy.fault]]\nkind = "nonsense"\n', 5, "nonsense"),
                ('[[link]]\nfrom = "n1"\nto = "n2"\n', 2, "n1"),
                ('[[node]]\nname = "N 1"\n', 2, "N 1"),
                ('[api]\nthreads = 0\n', 2, "threads"),
        ]:
            with self.subTest(text):
                support.refuses_configuration(self, self.box, text, line, word)

    def test_a_bad_option_is_2(self):
        self.assertEqual(self.box.run("serve", "--spin", "5", timeout=30).returncode, 2)
        self.assertEqual(self.box.run("serve", "--threads", "0", timeout=30).returncode, 2)
        self.assertEqual(self.box.run("serve", "--listen", "127.0.0.1:http", timeout=30).returncode, 2)


class ServeAsUser(Serve):
    as_user = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
