#!/usr/bin/env python3
# A long run with random faults, and what sunder itself holds meanwhile: `./dev bench soak`.
#
# soak.toml → sunder run → **soak.py** looks at sunder's processes twice a second, and at what is left after the end.
# Bars: resident memory grows by less than 1 MiB a minute after the second minute (least squares), descriptors and threads
# are as many at the end of the load as after its second minute (medians of 30 s), and no process, namespace or file is left.
# Only sunder's own processes are looked at, not the databases nor clients in other languages.
# Usage: bench/soak.py [--only etcd,cassandra-quorum] [--time 600] [--json]
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# system: operations a second, time between two kills (a JVM needs its time to come back)
SYSTEMS = {"etcd": (150, "20s"), "cassandra-quorum": (60, "90s")}
WARM = 120.0   # seconds of load that do not count
AROUND = 30.0  # seconds of a median
MOST_SLOPE = 1.0  # MiB a minute


def status_of(pid):
    """Resident MiB, threads and descriptors of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.split(":", 1) for line in f)
        return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"]), len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, KeyError, ValueError):
        return None


def family(root):
    """root and its descendants."""
    parent = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                parent[int(pid)] = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    found, grown = {root}, True
    while grown:
        more = {pid for pid, up in parent.items() if up in found} - found
        found |= more
        grown = bool(more)
    return found


def namespaces(pids):
    found = set()
    for pid in pids:
        for kind in ("net", "mnt", "pid", "uts", "user", "ipc"):
            try:
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                pass
    return found


def all_pids():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def is_sunder(pid, program):
    try:
        return os.readlink(f"/proc/{pid}/exe") == program
    except OSError:
        return False


def watch(process, program, history, own):
    """Samples (seconds of load, MiB, threads, descriptors) until the process ends, and the namespaces that it made."""
    samples, made, began = [], set(), None
    while process.poll() is None:
        time.sleep(0.5)
        try:
            size = os.stat(history).st_size
        except OSError:
            size = 0
        if began is None and size > 4096:
            began = time.monotonic()
        pids = family(process.pid)
        made |= namespaces(pids) - own
        looked = [s for s in (status_of(p) for p in pids if is_sunder(p, program)) if s]
        if began is not None and looked:
            samples.append((time.monotonic() - began, *(sum(column) for column in zip(*looked))))
    return samples, made


def slope(samples):
    """MiB a minute, by least squares."""
    xs, ys = [s[0] / 60 for s in samples], [s[1] for s in samples]
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def soak(system, args):
    rate, kill = SYSTEMS[system]
    with tempfile.TemporaryDirectory(prefix="sunder-soak-") as folder:
        with open(os.path.join(ROOT, "bench", "soak.toml")) as f:
            text = f.read()
        for name, value in {"system": system, "rate": rate, "time": f"{args.time}s", "kill": kill}.items():
            text = text.replace(f"@{name}@", str(value))
        suite = os.path.join(folder, "soak.toml")
        with open(suite, "w") as f:
            f.write(text)
        for name in ("tmp", "run"):
            os.mkdir(os.path.join(folder, name))
        out = os.path.join(folder, "out")
        own = namespaces(all_pids())
        env = dict(os.environ, TMPDIR=os.path.join(folder, "tmp"), XDG_RUNTIME_DIR=os.path.join(folder, "run"))
        process = subprocess.Popen([args.sunder, "run", suite, "--quiet", "--out", out, "--seed", "7"], env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            samples, made = watch(process, args.sunder, os.path.join(out, "history.jsonl"), own)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
        time.sleep(1)  # for what the kernel takes down by itself
        left = made & namespaces(all_pids())
        files = [n for name in ("tmp", "run") for n in os.listdir(os.path.join(folder, name))]
        loaded = [s for s in samples if WARM <= s[0] <= args.time]
        if len(loaded) < 10 or not os.path.exists(os.path.join(out, "results.json")):
            sys.exit(f"soak: {system}: the run ended with {process.returncode} after {len(samples) / 2:.0f} s; "
                     f"at least {WARM + 60:.0f} s of load are needed")
        with open(os.path.join(out, "results.json")) as f:
            results = json.load(f)
        first = [s for s in loaded if s[0] < WARM + AROUND]
        last = [s for s in loaded if s[0] > args.time - AROUND]
        median = lambda part, column: statistics.median(s[column] for s in part)
        return {
            "system": system, "exit": process.returncode, "faults": len(results["faults"]),
            "seconds": round(loaded[-1][0]), "slope_mib_a_minute": round(slope(loaded), 3),
            "mib": [round(median(first, 1), 1), round(median(last, 1), 1)],
            "threads": [median(first, 2), median(last, 2)], "descriptors": [median(first, 3), median(last, 3)],
            "namespaces_made": len(made), "namespaces_left": len(left), "files_left": files,
            "recovery": next(c["verdict"] for c in results["checks"] if c["name"] == "recovery"),
        }


def holds(row):
    return (row["slope_mib_a_minute"] < MOST_SLOPE and row["threads"][1] <= row["threads"][0] and
            row["descriptors"][1] <= 1.1 * row["descriptors"][0] and row["namespaces_left"] == 0 and
            not row["files_left"])


def main():
    parser = argparse.ArgumentParser(description="what sunder holds in a long run with random faults")
    parser.add_argument("--sunder", default=os.path.join(ROOT, "build", "release", "sunder"))
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems, by commas")
    parser.add_argument("--time", type=int, default=600, help="seconds of load")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.sunder = os.path.realpath(args.sunder)
    unknown = [name for name in args.only.split(",") if name not in SYSTEMS]
    if unknown:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(SYSTEMS)}")
    rows = [soak(system, args) for system in args.only.split(",")]
    if args.json:
        print(json.dumps(rows))
    for row in [] if args.json else rows:
        change = lambda key: f"{row[key][0]:g} → {row[key][1]:g}"
        print(f"{row['system']}: {row['seconds']} s of load, {row['faults']} faults; {row['slope_mib_a_minute']:+.2f} MiB a "
              f"minute ({change('mib')} MiB), threads {change('threads')}, descriptors {change('descriptors')}; "
              f"{row['namespaces_made']} namespaces made, {row['namespaces_left']} left; files left: "
              f"{len(row['files_left'])}; recovery: {row['recovery']}")
    sys.exit(0 if all(holds(row) for row in rows) else 1)


main()
