#!/usr/bin/env python3
"""The client libraries of Toxiproxy, unchanged, against `sunder serve`: Python, Node, Go and Java.

Each library is fetched once, by name and version, into build/toxiproxy/. Where its language or its registry is absent
the client is skipped, and the last line counts it.
"""
import os
import pathlib
import shutil
import subprocess
import sys

import support

HERE = pathlib.Path(__file__).resolve().parent / "clients"
CACHE = support.CACHE


def run(command, **more):
    """(worked, output)"""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=80, check=False, **more)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, done.stdout + done.stderr


def python(server):
    folder = CACHE / "py"
    if not (folder / "toxiproxy").exists():
        done, why = run([sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "toxiproxy-python==0.1.1"])
        if not done:
            return None, why
    env = dict(os.environ, PYTHONPATH=str(folder))
    return run([sys.executable, str(HERE / "client.py"), "127.0.0.1", str(server.port)], env=env)


def node(server):
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None, "Node is not installed"
    folder = CACHE / "node"
    if not (folder / "node_modules" / "toxiproxy-node-client").exists():
        folder.mkdir(parents=True, exist_ok=True)
        done, why = run(["npm", "install", "--silent", "--no-audit", "--no-fund", "toxiproxy-node-client@4.1.0"], cwd=folder)
        if not done:
            return None, why
    env = dict(os.environ, NODE_PATH=str(folder / "node_modules"))
    return run(["node", str(HERE / "client.js"), server.url], env=env)


def go(server):
    if shutil.which("go") is None:
        return None, "Go is not installed"
    folder = CACHE / "go"
    program = folder / "client"
    source = (HERE / "client.go").read_text()
    if not program.exists() or (folder / "client.go").read_text() != source:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "client.go").write_text(source)
        (folder / "go.mod").write_text("module client\n\ngo 1.22\n")
        done, why = run(["go", "get", f"github.com/Shopify/toxiproxy/v2@v{support.VERSION}"], cwd=folder)
        if done:
            done, why = run(["go", "build", "-o", "client", "client.go"], cwd=folder)
        if not done:
            return None, why
    return run([str(program), server.url])


POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>client</groupId><artifactId>client</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>eu.rekawek.toxiproxy</groupId><artifactId>toxiproxy-java</artifactId>
<version>2.1.7</version></dependency></dependencies></project>
"""


def java(server):
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            return None, f"{program} is not installed"
    folder = CACHE / "java"
    if not (folder / "lib" / "toxiproxy-java-2.1.7.jar").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(POM)
        done, why = run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], cwd=folder)
        if not done:
            return None, why
    done, why = run(["javac", "-cp", "lib/*", "-d", ".", str(HERE / "Client.java")], cwd=folder)
    if not done:
        return False, why
    return run(["java", "-cp", "lib/*:.", "Client", "127.0.0.1", str(server.port)], cwd=folder)


CLIENTS = (("python", python), ("node", node), ("go", go), ("java", java))


def main():
    if not support.has_serve():
        print("skipped: this binary has no `serve`")
        return support.SKIPPED
    passed, failed, skipped = 0, 0, 0
    for name, client in CLIENTS:
        with support.sunder_server() as server:
            worked, said = client(server)
        if worked is None:
            skipped += 1
            print(f"skipped: {name}: {said.strip()[-200:]}")
        elif worked:
            passed += 1
        else:
            failed += 1
            print(f"{name} failed: {said.strip()[-2000:]}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed:
        return 1
    return 0 if passed else support.SKIPPED


if __name__ == "__main__":
    sys.exit(main())
