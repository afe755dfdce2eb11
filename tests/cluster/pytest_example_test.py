#!/usr/bin/env python3
"""examples/pytest: a user's pytest suite around a real etcd cluster passes, finds what it must find, and leaves nothing."""
import os
import subprocess
import sys

import support


def python_with_pytest():
    """Debian's python3-pytest belongs to Debian's python3, which need not be the first in PATH."""
    for python in ("/usr/bin/python3", sys.executable):
        if subprocess.run([python, "-c", "import pytest"], capture_output=True).returncode == 0:
            return python
    return None


PYTHON = python_with_pytest()
PYTEST = (PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-v")


class PytestExample(support.ClusterTest):
    def wrap(self, *words):
        return self.box.run("wrap", "--check", "examples/pytest/etcd.toml", "--", *PYTEST, *words,
                            extra={"PYTHONDONTWRITEBYTECODE": "1"}, timeout=150)

    def test_it_passes_and_is_judged(self):
        result = self.wrap("examples/pytest")
        words = result.stdout + result.stderr
        self.assertEqual(result.returncode, 0, words)
        with open(self.box.sub("examples", "pytest", "test_partition.py"), encoding="utf-8") as file:
            tests = file.read().count("\ndef test_")
        self.assertIn(f" {tests} passed in ", words)
        self.assertRegex(words, r"linearizable: pass: Not refuted in [1-9]\d* opportunities")
        self.assert_clean()

    def test_a_client_that_reads_stale_values_is_found_by_the_judge_alone(self):
        path = self.box.sub("examples", "pytest", "etcd.py")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        wrong = text.replace("lambda: self.range(key))", "lambda: self.range(key, serializable=True))")
        self.assertNotEqual(wrong, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(wrong)
        result = self.wrap("examples/pytest", "-k", "many_clients")
        words = result.stdout + result.stderr
        self.assertIn(" 1 passed, ", words)
        self.assertEqual(result.returncode, 1, words)
        self.assertIn("linearizable: fail", words)
        self.assert_clean()

    def test_a_cut_that_met_nothing_is_an_error(self):
        self.box.write("examples/pytest/test_nothing.py", """
def test_nothing(network):
    network.post("/v1/partition", {"pairs": [["client", "n1"]], "kind": "hold"})
""")
        result = self.wrap("examples/pytest/test_nothing.py")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("met nothing", result.stdout + result.stderr)
        self.assert_clean()

    def test_without_a_cluster_it_is_skipped_and_says_how_to_run_it(self):
        env = {name: value for name, value in self.box.env.items() if not name.startswith("SUNDER_")}
        result = subprocess.run([*PYTEST, "-rs", "examples/pytest"], cwd=self.box.path, capture_output=True, text=True,
                                timeout=60, env=dict(env, PYTHONDONTWRITEBYTECODE="1"))
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(" skipped in ", result.stdout)
        self.assertIn("sunder wrap", result.stdout)


if __name__ == "__main__":
    if PYTHON is None:
        print("skipped: pytest is not installed (python3-pytest)")
        sys.exit(77)
    if subprocess.run([support.SUNDER, "doctor", "etcd"], capture_output=True).returncode != 0:
        print("skipped: sunder doctor etcd says that etcd is not installed, or that this machine can't do netns mode")
        sys.exit(77)
    support.main()
