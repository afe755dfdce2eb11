"""Porcupine (github.com/anishathalye/porcupine) on our histories: built from its Go module, called, its answers read.

bench/porcupine/main.go reads sunder's JSONL and prints a line a file. Without Go, or without a way to its modules, build()
says so in a sentence, and who asked leaves Porcupine out. Used by bench/check_bench.py and tests/check/porcupine_test.py.
"""
import collections
import os
import pathlib
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "bench" / "porcupine"
BINARY = ROOT / "build" / "peers" / "bin" / "porcupine"
NAME = "Porcupine 1.3.1"
LEGAL = {"ok": "pass", "illegal": "fail", "unknown": "unknown"}

# seconds: of the check alone, without reading the file. wall, cpu (seconds of all threads) and rss (MiB): of the process.
Answer = collections.namedtuple("Answer", "verdict seconds operations")
Run = collections.namedtuple("Run", "code wall cpu rss output")


def build():
    """RETURNS (path, "") or (None, a sentence that says what is missing)."""
    newest = max(path.stat().st_mtime for path in SOURCE.iterdir())
    if BINARY.exists() and BINARY.stat().st_mtime >= newest:
        return BINARY, ""
    if shutil.which("go") is None:
        return None, "Porcupine: there is no Go here; install it (Debian: golang-go) for the comparison"
    BINARY.parent.mkdir(parents=True, exist_ok=True)
    try:
        made = subprocess.run(["go", "build", "-o", str(BINARY), "."], cwd=SOURCE, capture_output=True, text=True,
                              timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return None, "Porcupine: its Go modules did not come within 180 s; check the way to the module proxy"
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines() or ["go build failed"]
        return None, f"Porcupine: it can't be built here: {lines[-1]}"
    return BINARY, ""


def run(command, limit):
    """Runs a program to its end, or for `limit` seconds. RETURNS its Run; code None where it was ended."""
    begin = time.monotonic()
    # The child is waited for by wait4, which alone tells the greatest resident memory of one child.
    reading, writing = os.pipe()
    child = subprocess.Popen([str(word) for word in command], stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    os.set_blocking(reading, False)
    output, code, usage = b"", None, None
    while usage is None:
        try:
            output += os.read(reading, 1 << 20)
        except BlockingIOError:
            pass
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid != 0:
            code, usage = os.waitstatus_to_exitcode(status), used
        elif time.monotonic() - begin > limit:
            child.kill()
            _, _, usage = os.wait4(child.pid, 0)
        else:
            time.sleep(0.0005 if time.monotonic() - begin < 1 else 0.005)
    wall = time.monotonic() - begin
    child.returncode = -1 if code is None else code
    while True:
        try:
            rest = os.read(reading, 1 << 20)
        except BlockingIOError:
            break
        if not rest:
            break
        output += rest
    os.close(reading)
    return Run(code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.decode("utf-8", "replace"))


def judge(binary, files, timeout):
    """RETURNS (answers by file, the Run). A file that took the process with it has no answer."""
    done = run([binary, "-timeout", f"{timeout}s", *files], timeout * len(files) + 60)
    answers = {}
    for line in done.output.splitlines():
        path, verdict, seconds, operations = line.rsplit(" ", 3)
        answers[path] = Answer(LEGAL[verdict], float(seconds), int(operations))
    return answers, done
