#!/usr/bin/env python3
"""The embedded examples as an ordinary user on a machine that gives no namespaces: a pass and a fail, and plain words.

Such a machine is made by a seccomp filter that refuses unshare (without_namespaces.py), as containers have it.
"""
import json
import sys
import unittest

import support


class Unprivileged(support.ClusterTest):
    as_user = True

    def setUp(self):
        super().setUp()
        plain, wrapper = self.box.command, self.box.sub("cluster", "without_namespaces.py")
        self.box.command = lambda *words: plain(*words)[:-len(words) - 1] + [
            sys.executable, wrapper, self.box.sunder, *words]

    def example(self, name, code, verdict):
        out = self.box.sub("out", name)
        done = self.box.run("run", f"examples/{name}.toml", "--time", "9s", "--out", out)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn("network: explicit", done.stderr)
        with open(out + "/results.json") as file:
            results = json.load(file)
        self.assertEqual(results["verdict"], verdict)
        self.assertTrue(results["faults"])
        for fault in results["faults"]:
            self.assertEqual((fault["kind"], fault["vacuous"]), ("reset", False), fault)
        self.assert_clean()
        return results

    def test_one_passes(self):
        check = next(c for c in self.example("embedded", 0, "pass")["checks"] if c["name"] == "linearizable")
        self.assertGreater(check["power_inside"], 10)

    def test_one_fails_with_a_witness(self):
        check = next(c for c in self.example("embedded-stale", 1, "fail")["checks"] if c["name"] == "linearizable")
        self.assertEqual(check["verdict"], "fail")
        self.assertTrue(check["witness"])

    def test_what_needs_namespaces_is_refused_with_the_way_out(self):
        with open(self.box.sub("examples", "embedded.toml")) as file:
            text = file.read()
        for change, words in [
                (("kind = \"reset\"", "kind = \"drop\""), ["namespaces", "kind = \"reset\""]),
                (("nodes = 3", "nodes = 3\nnetwork = \"netns\""), ["namespaces", "sunder doctor"]),
        ]:
            with self.subTest(change):
                path = self.box.write("other.toml", text.replace(*change))
                done = self.box.run("run", path, "--out", self.box.sub("out", "other"))
                self.assertEqual(done.returncode, 4, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)
                self.assert_clean()


if __name__ == "__main__":
    unittest.main(verbosity=2)
