#!/usr/bin/env python3
"""docs/guides/your-own-database.md, followed to the letter in a folder outside of the tree: its commands are those that run here."""
import json
import os
import re
import subprocess

import support

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def commands_of_the_guide():
    with open(os.path.join(TREE, "docs/guides/your-own-database.md"), encoding="utf-8") as file:
        lines = re.findall(r"^    (.*)$", file.read(), re.MULTILINE)
    return [line for line in lines if line.split(" ")[0] in ("mkdir", "cp", "sed", "sunder")]


class OwnDatabase(support.ClusterTest):
    def test_the_guide(self):
        folder = self.box.sub("databases")
        runs = self.box.sub("runs-of-the-guide")
        os.makedirs(runs)
        verdicts = {}
        commands = commands_of_the_guide()
        self.assertEqual(sum(" run " in command for command in commands), 2, commands)
        for command in commands:
            own = command.replace("/tmp/databases", folder).replace("examples/", TREE + "/examples/")
            if command.startswith("sunder"):
                own = support.SUNDER + own[len("sunder"):]
            done = subprocess.run(own, shell=True, cwd=runs, capture_output=True, text=True, timeout=120)
            if " run " not in command:
                self.assertEqual(done.returncode, 0, command + "\n" + done.stdout + done.stderr)
                continue
            self.assertIn(done.returncode, (0, 1), command + "\n" + done.stdout + done.stderr)
            with open(os.path.join(runs, "runs/latest/results.json"), encoding="utf-8") as file:
                results = json.load(file)
            verdicts[results["system"]["name"]] = done.returncode, results
        code, stale = verdicts["toy"]
        self.assertEqual(code, 1, stale["checks"])
        self.assertEqual(stale["checks"][0]["verdict"], "fail")
        self.assertRegex(stale["checks"][0]["text"], r"n[23] answered a read of k\d")
        code, safe = verdicts["toy-safe"]
        self.assertEqual(code, 0, safe["checks"])
        self.assertGreater(safe["checks"][0]["power"], 50)
        self.assert_clean()

    def test_a_folder_that_is_not_there(self):
        done = self.box.run("--systems-dir", "/no/such/folder", "list", "systems", timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/no/such/folder", done.stderr)


if __name__ == "__main__":
    support.main()
