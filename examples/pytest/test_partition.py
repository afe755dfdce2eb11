"""What our service relies on when it stores its numbers in etcd, put to the test across partitions."""
import threading
import time

import pytest
from conftest import wait_until
from etcd import NoAnswer


def written(client, key, value):
    """True once the write is acknowledged. Only for writes whose value is used once: it may be tried in vain."""
    try:
        return client.write(key, value) == value
    except NoAnswer:
        return False


def test_the_majority_goes_on_while_the_leader_is_cut_off(cluster, network, key, values):
    leader = cluster.leader()
    majority = cluster.others(leader)
    before = next(values)
    cluster.client(leader).write(key, before)

    network.partition([leader], majority)
    assert wait_until(lambda: cluster.leader(among=majority)), "the majority elected nobody"
    client = cluster.client(majority[0])
    assert client.read(key) == before, "what was acknowledged is there"
    assert wait_until(lambda: written(client, key, next(values))), "the majority takes no writes"


def test_the_node_that_is_cut_off_refuses_to_read_by_consensus(cluster, network, key, values):
    alone = cluster.leader()
    majority = cluster.others(alone)
    old = next(values)
    cluster.client(alone).write(key, old)

    network.partition([alone], majority)
    assert wait_until(lambda: cluster.leader(among=majority))
    new = next(values)
    assert wait_until(lambda: cluster.client(majority[0]).serves())
    cluster.client(majority[0], timeout=5).write(key, new)
    with pytest.raises(NoAnswer):
        cluster.client(alone).read(key)
    with pytest.raises(NoAnswer):
        cluster.client(alone).write(key, next(values))
    # It still tells what it has to those who ask for no more; a service must not take that for the truth.
    assert cluster.client(alone).read_local(key) == old


def test_after_the_heal_all_nodes_tell_the_same(cluster, network, key, values):
    alone = cluster.others(cluster.leader())[0]
    majority = cluster.others(alone)
    network.partition([alone], majority)
    client = cluster.client(majority[0], timeout=5)
    for _ in range(5):
        last = next(values)
        client.write(key, last)
    with pytest.raises(NoAnswer):
        cluster.client(alone).read(key)

    removed = network.heal()
    assert [cut["vacuous"] for cut in removed] == [False]
    assert wait_until(cluster.ready), "not every node serves again"
    for node in cluster.names:
        assert cluster.client(node, timeout=5).read(key) == last, f"{node} tells another value"


def test_many_clients_on_both_sides(cluster, network, key, values):
    """No assertion of ours on each answer: they are recorded, and `wrap --check` judges all of them together."""
    leader = cluster.leader()
    stop = threading.Event()
    acknowledged = []

    def work(node):
        client = cluster.client(node)
        while not stop.is_set():
            for operation in (lambda: acknowledged.append(client.write(key, next(values))), lambda: client.read(key)):
                try:
                    operation()
                except NoAnswer:
                    pass
                time.sleep(0.02)

    workers = [threading.Thread(target=work, args=(node,)) for node in cluster.names for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(0.5)
        network.partition([leader], cluster.others(leader))
        time.sleep(4)
        network.heal()
        time.sleep(1)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert acknowledged, "nothing was ever written"
