"""Fixtures: the cluster that `sunder wrap` started, its network, and clients of its nodes."""
import itertools
import json
import os
import time
import urllib.request

import pytest
from etcd import Etcd, History, NoAnswer


def wait_until(condition, seconds=30.0):
    """Asks until it is so. RETURNS what the condition gave last."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


class Network:
    """What stands between the nodes: the control API of the running sunder (docs/reference/http-api.md)."""

    def __init__(self, api):
        self.api = api

    def post(self, path, body):
        request = urllib.request.Request(self.api + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def partition(self, *groups, kind="drop"):
        """Nodes of different groups do not see each other. In force when it returns."""
        return self.post("/v1/partition", {"groups": [list(group) for group in groups], "kind": kind})

    def heal(self):
        """RETURNS what each cut touched while it was in force."""
        return self.post("/v1/heal", {"all": True})["removed"]


class Cluster:
    def __init__(self, description, history):
        self.history = history
        self.endpoints = {node["name"]: node["endpoint"] for node in description["nodes"]}
        self.names = sorted(self.endpoints)

    def client(self, node, timeout=1.0):
        return Etcd(node, self.endpoints[node], self.history, timeout)

    def leader(self, among=None):
        """Who says that it leads; None while there is an election."""
        for node in among or self.names:
            try:
                if self.client(node).is_leader():
                    return node
            except NoAnswer:
                pass
        return None

    def others(self, node):
        return [name for name in self.names if name != node]

    def ready(self):
        return all(self.client(node).serves() for node in self.names) and self.leader() is not None


@pytest.fixture(scope="session")
def history():
    path = os.environ.get("SUNDER_HISTORY")
    if not path:
        pytest.skip("there is no cluster; run: sunder wrap --check examples/pytest/etcd.toml -- python3 -m pytest")
    history = History(path)
    yield history
    history.close()


@pytest.fixture
def cluster(history):
    """All nodes serve when a test begins, whatever the one before has left."""
    with open(os.environ["SUNDER_CLUSTER"], encoding="utf-8") as file:
        cluster = Cluster(json.load(file), history)
    assert wait_until(cluster.ready), "not every node serves"
    return cluster


@pytest.fixture
def network(cluster):
    """Healed at the end of each test, also when it failed. A cut that met nothing makes the test an error."""
    network = Network(os.environ["SUNDER_API"])
    yield network
    for cut in network.heal():
        assert not cut["vacuous"], f"the cut {cut['name']} met nothing: the test has tested nothing"


@pytest.fixture
def key(request):
    """A register of its own for each test."""
    return request.node.name


@pytest.fixture(scope="session")
def values():
    """Every value is written once: then the judge needs no search."""
    return itertools.count(1)
