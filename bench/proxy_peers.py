"""The proxies that `./dev bench proxy` compares, each started with the same two routes.

bench/proxy_bench.py → these classes → one process each, on loopback. A peer has one port for the echo
server and one for the source server. A peer that is not on this machine is named and left out.
Fairness: every peer may use both cores (HAProxy: nbthread 2; Toxiproxy: Go's default), none logs a
connection, all have TCP_NODELAY. Each file that is written goes to one temporary folder.
"""
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "release")
LOAD = os.path.join(BUILD, "bench", "proxy_load")
TOXIPROXY = os.path.join(ROOT, "build", "peers", "bin", "server")


def free_port():
    """A port below those that the system gives to outgoing connections, so that it stays free."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def many_files():
    """Takes as many descriptors as this user may have. RETURNS how many connections a proxy can have then."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 65536:
        try:
            hard = 65536
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return (hard - 200) // 2  # two descriptors a connection


class Backend:
    """The echo and the source server; a process of its own."""

    def __init__(self):
        self.process = subprocess.Popen([LOAD, "backend"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        ports = json.loads(self.process.stdout.readline())
        self.echo, self.source = int(ports["echo"]), int(ports["source"])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class Peer:
    """One way from the load generator to the servers. `pid` is 0 where nothing stands between."""
    name = "?"
    pid = 0

    def __init__(self, backend, folder):
        self.backend, self.folder, self.process = backend, folder, None
        self.echo, self.source = free_port(), free_port()

    def start(self):
        raise NotImplementedError

    def launch(self, command, **options):
        log = open(os.path.join(self.folder, self.name + ".log"), "ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        self.pid = self.process.pid
        for port in (self.echo, self.source):
            self.wait_for(port)

    def wait_for(self, port):
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"bench: {self.name} did not start: {self.last_words()}")
                time.sleep(0.02)

    def last_words(self):
        with open(os.path.join(self.folder, self.name + ".log"), encoding="utf-8") as file:
            return file.read()[-500:].strip()

    def port(self, route):
        return self.echo if route == "echo" else self.source

    def load(self, scenario, route="echo", **options):
        """Runs the load generator; RETURNS its figures."""
        command = [LOAD, scenario, "--port", str(self.port(route)), "--pid", str(self.pid)]
        for key, value in options.items():
            command += ["--" + key, str(value)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=900)
        if done.returncode != 0:
            raise RuntimeError(f"{scenario} through {self.name} failed")
        return json.loads(done.stdout)

    def resident(self):
        """RETURNS the resident memory of the proxy in bytes."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Rss:"):
                    return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Direct(Peer):
    name = "direct"

    def start(self):
        self.echo, self.source = self.backend.echo, self.backend.source


class Bare(Peer):
    """The floor: a relay with no features (bench/bare_relay.cpp)."""
    name = "bare relay"

    def start(self):
        routes = [f"{self.echo}:{self.backend.echo}", f"{self.source}:{self.backend.source}"]
        self.launch([os.path.join(BUILD, "bench", "bare_relay"), *routes], stdin=subprocess.PIPE)


def routes_file(peer, path):
    routes = [("echo", peer.echo, peer.backend.echo), ("source", peer.source, peer.backend.source)]
    with open(path, "w", encoding="ascii") as file:
        json.dump([{"name": name, "listen": f"127.0.0.1:{port}", "enabled": True,
                    "upstream": f"127.0.0.1:{to}"} for name, port, to in routes], file)
    return path


class Api:
    """A small client of the control APIs: a connection for each request, answers as JSON."""
    api = 0

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{self.name}: {method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None


class Sunder(Api, Peer):
    name = "sunder"
    flags = ()

    def start(self):
        self.api = free_port()
        config = routes_file(self, os.path.join(self.folder, f"{self.name}.json"))
        self.launch([os.path.join(BUILD, "sunder"), "serve", "--listen", f"127.0.0.1:{self.api}",
                     "--toxiproxy-config", config, *self.flags])

    def delay(self, route, towards, milliseconds):
        pair = f"client:{route}" if towards == "server" else f"{route}:client"
        self.fault("bench", "delay", pair, {"delay": f"{milliseconds}ms"})

    def fault(self, name, kind, pairs, params):
        return self.ask("POST", "/v1/faults",
                        {"name": name, "kind": kind, "pairs": pairs, "params": params})

    def remove(self, route):
        self.ask("DELETE", "/v1/faults/bench")


class SunderNoSpin(Sunder):
    name = "sunder --spin 0"
    flags = ("--spin", "0us")


class SunderOne(Sunder):
    """Takes part only when it is asked for by name."""
    name = "sunder --threads 1"
    flags = ("--threads", "1")


class Toxiproxy(Api, Peer):
    name = "toxiproxy"

    def start(self):
        self.api = free_port()
        config = routes_file(self, os.path.join(self.folder, "toxiproxy.json"))
        environment = dict(os.environ, LOG_LEVEL="error")
        self.launch([TOXIPROXY, "-host", "127.0.0.1", "-port", str(self.api), "-config", config],
                    env=environment)

    def delay(self, route, towards, milliseconds):
        stream = "upstream" if towards == "server" else "downstream"
        self.ask("POST", f"/proxies/{route}/toxics",
                 {"name": "bench", "type": "latency", "stream": stream,
                  "attributes": {"latency": milliseconds}})

    def remove(self, route):
        try:
            self.ask("DELETE", f"/proxies/{route}/toxics/bench")
        except (RuntimeError, OSError):  # its removal can time out under load (its issues #159, #210): begin afresh
            self.stop()
            self.start()


class HAProxy(Peer):
    name = "haproxy"
    splice = ""

    def start(self):
        path = os.path.join(self.folder, f"{self.name}.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""global
  nbthread 2
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  {self.splice}
listen echo
  bind 127.0.0.1:{self.echo}
  server echo 127.0.0.1:{self.backend.echo}
listen source
  bind 127.0.0.1:{self.source}
  server source 127.0.0.1:{self.backend.source}
""")
        self.launch(["haproxy", "-db", "-f", path])


class HAProxySplice(HAProxy):
    name = "haproxy splice"
    splice = "option splice-auto"


def available():
    """RETURNS the classes of the peers that this machine has, and sentences about the others."""
    peers, missing = [Direct, Bare, Sunder, SunderNoSpin], []
    if shutil.which("haproxy"):
        peers += [HAProxy, HAProxySplice]
    else:
        missing.append("HAProxy is not installed (Debian package haproxy)")
    if os.path.exists(TOXIPROXY):
        peers.append(Toxiproxy)
    else:
        missing.append("Toxiproxy is not installed (it needs Go; bench/run.sh builds it)")
    return peers, missing
