#!/usr/bin/env python3
"""sunder shrink on a real failing run: a smaller suite comes out, and its one command fails again; what can't be is told."""
import json
import re
import shlex
import signal
import time
import unittest

import support


class Shrink(support.ClusterTest):
    def failing_run(self):
        out = self.box.sub("out", "failing")
        done = self.box.run("run", "examples/embedded-stale.toml", "--time", "9s", "--seed", "5", "--out", out)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return out

    def test_the_least_fails_again_with_its_one_command(self):
        out = self.failing_run()
        done = self.box.run("shrink", out, "--budget", "30s", "--json", timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(found["check"], "linearizable")
        self.assertLess(found["to"]["time"], found["from"]["time"])
        self.assertLessEqual(found["to"]["windows"], found["from"]["windows"])
        self.assertGreater(found["failed"], 0)
        with open(found["suite"]) as file:
            head = file.read()
        self.assertIn(f"# It failed in {found['failed']} of {found['runs']} runs.", head)
        command = re.search(r"^#   (sunder run .*)$", head, re.M)[1]
        self.assertEqual(command, found["command"])
        # A failure of a real cluster may stay away once.
        codes = [self.box.run(*shlex.split(command)[1:], "--out", self.box.sub("out", f"again{i}")).returncode
                 for i in range(3)]
        self.assertIn(1, codes)
        self.assert_clean()

    def test_ctrl_c_writes_the_best_so_far(self):
        out = self.failing_run()
        process = self.box.start("shrink", out, "--budget", "10m")
        kept = ""
        while "failed in 3 of 3" not in kept:  # the first guess that always fails
            kept = process.stderr.readline()
            self.assertNotEqual(kept, "", "it ended by itself")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        with open(out + "/shrunk.toml") as file:
            self.assertIn("[[nemesis]]", file.read())
        self.assert_clean()

    def test_what_is_no_failing_run_is_refused(self):
        done = self.box.run("shrink", self.box.sub("out", "nothing"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("nothing", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
