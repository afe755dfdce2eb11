#!/usr/bin/env python3
"""What Cassandra's client says of each failure, by what is sure; needs no database and no driver.

The classes stand in for the driver's: outcome_of goes by their names and bases, as cassandra-driver 3.30 has them.
Run by ctest ("systems: cassandra client"). See systems/cassandra/client.py.
"""
import importlib.util
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("client", ROOT / "systems" / "cassandra" / "client.py")
client = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(client)


def error(name, text="text", bases=(Exception,)):
    return type(name, bases, {})(text)


def no_host(*inner):
    outer = error("NoHostAvailable")
    outer.errors = {"10.0.0.%d" % i: e for i, e in enumerate(inner)}
    return outer


TIMEOUT = type("Timeout", (Exception,), {})
TABLE = [  # the failure, of a read, of a write
    (error("Unavailable"), "fail refused", "fail refused"),
    (error("IsBootstrappingErrorMessage"), "fail refused", "fail refused"),
    (error("ReadTimeout", bases=(TIMEOUT,)), "fail timeout", "info timeout"),
    (error("WriteTimeout", bases=(TIMEOUT,)), "fail timeout", "info timeout"),
    (error("OperationTimedOut"), "fail timeout", "info timeout"),
    (error("ReadFailure"), "fail reset", "info reset"),
    (error("WriteFailure"), "fail reset", "info reset"),
    (error("OverloadedErrorMessage"), "fail reset", "info reset"),
    (error("ConnectionShutdown", bases=(type("ConnectionException", (Exception,), {}),)), "fail reset", "info reset"),
    (error("ConnectionException", "Pool is shutdown"), "fail not-sent", "fail not-sent"),
    (error("InvalidRequest"), "fail definite", "fail definite"),
    (error("SomethingNew"), "fail reset", "info reset"),
    (no_host(), "fail not-sent", "fail not-sent"),
    (no_host(error("ConnectionException", "Host has been marked down or removed")), "fail not-sent", "fail not-sent"),
    (no_host(error("OperationTimedOut")), "fail timeout", "info timeout"),
    (no_host(error("ConnectionShutdown")), "fail reset", "info reset"),
]


class Outcomes(unittest.TestCase):
    def test_table(self):
        for failure, of_read, of_write in TABLE:
            for is_read, wanted in ((True, of_read), (False, of_write)):
                got = client.outcome_of(failure, is_read)
                with self.subTest(failure=type(failure).__name__, is_read=is_read):
                    self.assertEqual("%s %s" % (got["type"], got["error"]["class"]), wanted)

    def test_skew(self):
        self.assertEqual(client.skew_of(None, "c1"), 0)
        self.assertEqual(client.skew_of("c2=1.5s, c3=-300ms", "c2"), 1500000)
        self.assertEqual(client.skew_of("c2=1.5s, c3=-300ms", "c3"), -300000)
        self.assertEqual(client.skew_of("c2=1.5s, c3=-300ms", "c1"), 0)
        with self.assertRaises(ValueError):
            client.skew_of("c2=fast", "c1")


class Statements(unittest.TestCase):
    """The CQL of each operation, by a node that only keeps what it is told to execute."""

    class Row(tuple):
        v, s = 7, None

    def run_one(self, paxos, f, value, row=(True,)):
        sent = []
        kept = self.Row(row) if row is not None else None

        class Kept:
            level = "LWT" if paxos else "ONE"

            def execute(self, cql, values=()):
                sent.append((cql, values))
                return type("Rows", (), {"one": staticmethod(lambda: kept)})

        node = Kept()
        node.paxos = paxos
        return client.operate(node, f, "k1", value), sent

    def test_write(self):
        self.assertEqual(self.run_one(False, "write", 5),
                         ({"type": "ok"}, [("UPDATE sunder.keys SET v = %s WHERE k = %s", (5, "k1"))]))
        self.assertTrue(self.run_one(True, "write", 5)[1][0][0].endswith("IF guard = null"))

    def test_cas(self):
        self.assertEqual(self.run_one(True, "cas", [3, 5])[0], {"type": "ok"})
        self.assertEqual(self.run_one(True, "cas", [3, 5])[1][0][1], (5, "k1", 3))
        self.assertTrue(self.run_one(True, "cas", [None, 5])[1][0][0].endswith("IF v = null"))
        missed = self.run_one(True, "cas", [3, 5], (False,))[0]
        self.assertEqual((missed["error"]["class"], missed["observed"]), ("mismatch", 7))
        self.assertEqual(self.run_one(False, "cas", [3, 5])[0]["error"]["class"], "definite")

    def test_read(self):
        self.assertEqual(self.run_one(False, "read", None)[0], {"type": "ok", "value": 7})
        self.assertEqual(self.run_one(False, "read", None, None)[0], {"type": "ok", "value": None})


if __name__ == "__main__":
    unittest.main()
