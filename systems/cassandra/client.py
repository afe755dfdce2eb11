#!/usr/bin/env python3
"""Client of Apache Cassandra for sunder: an exec client (docs/reference/exec-client.md) on top of cassandra-driver.

One node, one connection, one operation at a time: no retry, no speculation, no other coordinator. Options ([client] in
system.toml):
  consistency     ONE, QUORUM or any other level; LWT: every write carries IF and every read is SERIAL, all by Paxos
  timestamp_skew  "c2=1.5s,c3=-300ms": these clients' clocks are off by so much (not with LWT, which takes no timestamps);
                  without it the coordinator gives the timestamps
The argument is the list of all nodes' addresses, so that the table is made only when they know each other.
A key is a row of sunder.keys: `v` its value, `s` its set. c1 makes the table before it answers the hello.

What is recorded, by what is sure (tests/systems/cassandra_client_test.py):
  what happened                                                     read              write, cas, add
  no connection; the driver sent nothing                            fail/not-sent     fail/not-sent
  Unavailable, IsBootstrapping: refused before anything was done    fail/refused      fail/refused
  ReadTimeout, WriteTimeout, no answer in time                      fail/timeout      info/timeout
  ReadFailure, WriteFailure, the connection broke, anything else    fail/reset        info/reset
  InvalidRequest, Unauthorized, a mistake in the request            fail/definite     fail/definite
"""
import json
import sys
import time

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
MAKERS_LEAD = 8.0  # so long the others leave the table to c1: two tables of one name at once confuse a cluster
TABLES = (
    "CREATE KEYSPACE IF NOT EXISTS sunder WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
    # `guard` is never written: "IF guard = null" always holds, and makes a plain write go through Paxos.
    "CREATE TABLE IF NOT EXISTS sunder.keys (k text PRIMARY KEY, v bigint, s set<bigint>, guard int)",
)
VERSIONS = ("SELECT schema_version FROM system.local", "SELECT schema_version FROM system.peers_v2")
TABLE_THERE = "SELECT table_name FROM system_schema.tables WHERE keyspace_name='sunder' AND table_name='keys'"


def skew_of(text, client):
    """Microseconds by which this client's clock is off: of "c2=1.5s,c3=-300ms"."""
    for part in filter(None, (text or "").replace(" ", "").split(",")):
        name, _, amount = part.partition("=")
        unit = amount.lstrip("+-0123456789.")
        if unit not in UNITS:
            raise ValueError("timestamp_skew is a list like c2=1.5s,c3=-300ms, not " + text)
        if name == client:
            return round(float(amount[: len(amount) - len(unit)]) * UNITS[unit] * 1e6)
    return 0


def outcome_of(error, is_read):
    """The answer for an exception of the driver. Works by the names of classes, so that it needs no driver to be tested."""
    names = [kind.__name__ for kind in type(error).__mro__]
    if "NoHostAvailable" in names:  # one node, so one error; none: there was nothing to send to
        inner = list(getattr(error, "errors", {}).values()) or [None]
        if inner[0] is not None and not isinstance(inner[0], type(error)):
            return outcome_of(inner[0], is_read)
        return answer("fail", "not-sent", error)
    if "NoConnectionsAvailable" in names or "ConnectionRefusedError" in names:
        return answer("fail", "not-sent", error)
    nothing_sent = ("Pool is shutdown", "Host has been marked down", "Pool not found")
    if "ConnectionException" in names and any(text in str(error) for text in nothing_sent):
        return answer("fail", "not-sent", error)
    if {"Unavailable", "UnavailableErrorMessage", "IsBootstrappingErrorMessage"} & set(names):
        return answer("fail", "refused", error)
    if {"InvalidRequest", "InvalidRequestException", "Unauthorized", "SyntaxException", "ConfigurationException",
        "RequestValidationException", "ValueError", "TypeError"} & set(names):
        return answer("fail", "definite", error)
    late = bool({"Timeout", "OperationTimedOut", "ReadTimeout", "WriteTimeout", "TimeoutError"} & set(names))
    return answer("fail" if is_read else "info", "timeout" if late else "reset", error)


def answer(kind, error_class, error):
    text = (type(error).__name__ + ": " + str(error))[:200] if isinstance(error, Exception) else str(error)
    return {"type": kind, "error": {"class": error_class, "text": text}}


class Node:
    """The connection to the node of the hello; made at the first use, and again by the driver when it breaks."""

    def __init__(self, hello):
        options = hello.get("options", {})
        self.hello = hello
        self.level = options.get("consistency", "QUORUM").upper()
        self.paxos = self.level == "LWT"
        self.skew = skew_of(options.get("timestamp_skew"), hello["client"])
        if self.paxos and options.get("timestamp_skew"):
            raise ValueError("timestamp_skew has no use with consistency LWT: Paxos makes its own timestamps")
        self.timestamps = bool(options.get("timestamp_skew"))
        self.cluster = None
        self.session = None

    def connect(self, patience):
        from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
        from cassandra.policies import (ConstantReconnectionPolicy, FallthroughRetryPolicy,
                                        NoSpeculativeExecutionPolicy, WhiteListRoundRobinPolicy)

        host = self.hello["host"]
        profile = ExecutionProfile(
            load_balancing_policy=WhiteListRoundRobinPolicy([host]), retry_policy=FallthroughRetryPolicy(),
            speculative_execution_policy=NoSpeculativeExecutionPolicy(), request_timeout=patience)
        source = self.hello.get("source")
        cluster = Cluster(
            [host], port=self.hello["port"], protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            connection_class=bound_to(source), reconnection_policy=ConstantReconnectionPolicy(0.3, None),
            connect_timeout=patience, control_connection_timeout=patience, schema_metadata_enabled=False,
            token_metadata_enabled=False, max_schema_agreement_wait=5, monitor_reporting_enabled=False,
            timestamp_generator=lambda: int(time.time() * 1e6) + self.skew)
        try:
            session = cluster.connect()
        except Exception:
            cluster.shutdown()
            raise
        session.use_client_timestamp = self.timestamps
        self.cluster, self.session = cluster, session

    def execute(self, cql, values=(), timeout=None):
        from cassandra import ConsistencyLevel
        from cassandra.query import SimpleStatement

        name = self.level
        if self.paxos:
            name = "SERIAL" if cql.startswith("SELECT v") else "QUORUM"
        statement = SimpleStatement(cql, consistency_level=getattr(ConsistencyLevel, name),
                                    serial_consistency_level=ConsistencyLevel.SERIAL)
        return self.session.execute(statement, values, timeout=timeout or self.hello["timeout_ms"] / 1000)

    def agreed(self, node_count):
        """True when this node knows all others, and all have the same tables."""
        versions = [row[0] for cql in VERSIONS for row in self.session.execute(cql)]
        return len(versions) >= node_count and len(set(versions)) == 1 and versions[0] is not None

    def make_table(self, node_count):
        """Waits until the table is at every node; makes it where c1 has not. Gives up quietly: operations then fail."""
        begin = time.monotonic()
        while time.monotonic() - begin < 25:
            late = time.monotonic() - begin > MAKERS_LEAD
            try:
                if self.session is None:
                    self.connect(5)
                if self.session.execute(TABLE_THERE).one():
                    self.session.execute(self.usable(late), timeout=2)
                    return
                if self.agreed(node_count) and (late or self.hello["client"] == "c1"):
                    for cql in TABLES:
                        self.session.execute(cql, timeout=10)
            except Exception as error:
                print("table: %s: %s" % (type(error).__name__, error), file=sys.stderr, flush=True)
            time.sleep(0.1)

    @staticmethod
    def usable(late):
        """A read that works when every node has opened the table; during a partition this one must do."""
        from cassandra import ConsistencyLevel
        from cassandra.query import SimpleStatement

        level = ConsistencyLevel.ONE if late else ConsistencyLevel.ALL
        return SimpleStatement("SELECT v FROM sunder.keys WHERE k = 'none'", consistency_level=level)


def bound_to(source):
    """The driver's connection class, with sockets bound to `source`, by which the proxy knows the client."""
    from cassandra.cluster import DefaultConnection

    class Bound(DefaultConnection):
        def _initiate_connection(self, sockaddr):
            if source:
                self._socket.bind((source, 0))
            super()._initiate_connection(sockaddr)

    return Bound


def operate(node, f, key, value):
    if f == "read":
        row = node.execute("SELECT v, s FROM sunder.keys WHERE k = %s", (key,)).one()
        if row is None:
            return {"type": "ok", "value": None}
        return {"type": "ok", "value": sorted(row.s) if row.s else row.v}
    if f in ("write", "add"):
        change, given = ("v = %s", value) if f == "write" else ("s = s + %s", {value})
        condition = " IF guard = null" if node.paxos else ""
        row = node.execute("UPDATE sunder.keys SET " + change + " WHERE k = %s" + condition, (given, key)).one()
        if node.paxos and not row[0]:
            return answer("fail", "definite", "the guard column was written by somebody")
        return {"type": "ok"}
    if f == "cas" and node.paxos:
        cql = "UPDATE sunder.keys SET v = %s WHERE k = %s IF v = %s"
        if value[0] is None:
            cql = "UPDATE sunder.keys SET v = %s WHERE k = %s IF v = null"
        row = node.execute(cql, (value[1], key) if value[0] is None else (value[1], key, value[0])).one()
        if row[0]:
            return {"type": "ok"}
        seen = getattr(row, "v", None)
        return dict(answer("fail", "mismatch", "it was %s" % seen), observed=seen)
    return answer("fail", "definite", "this client does not know " + f + " at consistency " + node.level)


def handle(node, request):
    f = request["f"]
    try:
        if node.session is None:
            try:
                node.connect(node.hello["timeout_ms"] / 1000)
            except Exception as error:
                return answer("fail", "not-sent", error)
        return operate(node, f, request["key"], request["value"])
    except Exception as error:
        return outcome_of(error, f == "read")


def main():
    node = None
    for line in sys.stdin:
        request = json.loads(line)
        if "hello" in request:
            try:
                node = Node(request)
            except ValueError as error:
                print(error, file=sys.stderr, flush=True)
                return 1
            node.make_table(len(sys.argv[1].split(",")) if len(sys.argv) > 1 else 1)
            reply = {"hello": 1}
        else:
            reply = {"id": request["id"], **handle(node, request)}
        print(json.dumps(reply), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
