#!/usr/bin/env python3
"""Runs links.py inside a wrapped cluster of peer programs, as root and as an ordinary user."""
import support

SUITE = """schema = 1
[cluster]
system = "etcd"
nodes = 3
[[cluster.node]]
name = "n1"
binary = "{peer}"
[[cluster.node]]
name = "n2"
binary = "{peer}"
[[cluster.node]]
name = "n3"
binary = "{peer}"
"""


class LinksAsRoot(support.ClusterTest):
    def test_links(self):
        suite = self.box.write("peers.toml", SUITE.format(peer=self.box.sub("cluster", "peer.py")))
        result = self.box.run("wrap", suite, "--inside", "--", "python3", self.box.sub("cluster", "links.py"),
                              timeout=240)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("OK", result.stderr)
        self.assert_clean()


class LinksAsUser(LinksAsRoot):
    as_user = True


if __name__ == "__main__":
    support.main()
