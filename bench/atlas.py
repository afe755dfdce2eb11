#!/usr/bin/env python3
# The atlas: every row of `sunder cap`, measured several times, beside what its documents say: `./dev atlas`.
#
# bench/atlas.toml + `sunder cap ROW --json`, --runs times each → **atlas.py** → docs/cap-atlas.md.
# Results are kept in --keep DIR as ROW-N.json, so that an interrupted atlas goes on where it was; --fresh begins anew. Rows
# whose database this machine does not have are named in the page and left out.
# Usage: bench/atlas.py [--sunder PATH] [--runs 3] [--only ROW,…] [--full] [--keep DIR] [--write PAGE] [--fresh] [--page-only]
import argparse
import json
import os
import subprocess
import sys
import tomllib

import table_page

HERE = os.path.dirname(os.path.abspath(__file__))
NOT_HERE = 4  # exit code: the database is missing, or did not start


def arguments():
    parser = argparse.ArgumentParser(description="Measures the rows of sunder cap and writes docs/cap-atlas.md.")
    parser.add_argument("--sunder", default="build/release/sunder")
    parser.add_argument("--runs", type=int, default=3, help="of each row, with different seeds")
    parser.add_argument("--only", default="", help="rows, with commas")
    parser.add_argument("--full", action="store_true", help="the whole experiment instead of --quick")
    parser.add_argument("--keep", default="build/atlas", help="folder of the results")
    parser.add_argument("--write", default="docs/cap-atlas.md", help="the page")
    parser.add_argument("--fresh", action="store_true", help="measure again what has a result already")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page from the kept results")
    return parser.parse_args()


def measure(options, row, run, full):
    """One run; RETURNS the JSON, or None where the row can't be measured here (the reason is on standard error)."""
    path = os.path.join(options.keep, f"{row}-{run}.json")
    if os.path.exists(path) and not options.fresh:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    if options.page_only:
        return None
    command = [options.sunder, "cap", row, "--json", "--seed", str(100 + run), "--out", os.path.join(options.keep, f"{row}-{run}")]
    command += [] if full else ["--quick"]
    print(f"atlas: {' '.join(command)}", file=sys.stderr, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):
        print(f"atlas: {row}: exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    result = json.loads(done.stdout)
    result["exit"] = done.returncode
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file)
    return result


def alike(texts):
    """One text where all are the same; else all of them, so that a difference can't be overlooked."""
    return texts[0] if len(set(texts)) == 1 else " · ".join(texts)


def letters(runs, part):
    """The letter of each kind of operation in all runs: "read C, write C"."""
    kinds = sorted({kind for run in runs for kind in run["ops"]}, key=["read", "write", "cas"].index)
    said = {kind: alike([run["ops"].get(kind, {}).get(part, "–") for run in runs]) for kind in kinds}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return ", ".join(f"{kind} {letter}" for kind, letter in said.items())


def slope(runs, kind):
    """The middle of the runs' slopes of that kind, in round trips."""
    slopes = [run["ops"][kind]["slope_rtt"] for run in runs if kind in run["ops"] and run["ops"][kind]["slope_rtt"]]
    return f"{sorted(s[1] for s in slopes)[len(slopes) // 2]:.2f}" if slopes else "–"


def line(row, runs):
    lost = alike([str(run["keys"]["lost"]) for run in runs])
    return (f"| `{row['name']}` | {runs[0]['version']} | {runs[0]['nodes']} | {alike([r['partition'] for r in runs])} | "
            f"{alike([r['else'] for r in runs])} | {letters(runs, 'partition')} | {letters(runs, 'else')} | {slope(runs, 'read')} | "
            f"{slope(runs, 'write')} | {alike([r['strongest'] for r in runs])} | {lost} |")


def agrees(row, runs):
    """What the documents lead one to expect of reads, against what was measured."""
    found = []
    for part, expected in zip(("partition", "else"), row["expect"]):
        whole = {run[part] for run in runs}
        reads = {run["ops"].get("read", {}).get(part) for run in runs}
        if expected and expected not in whole and expected not in reads:
            found.append(f"{part}: expected {expected}, measured {', '.join(sorted(whole))}")
    return "; ".join(found)


def chapter(row, runs):
    out = [f"### {row['name']}", "", f"{row['says']} ({row['source']})", ""]
    first = runs[0]
    for part in ("partition", "else"):
        out.append(f"- *{part}* {alike([run[part] for run in runs])}: {first['why'][0 if part == 'partition' else 1]}")
    worst = next((run for run in runs if run["verdicts"]["whole"]["verdict"] == "fail"), None)
    if worst is not None:
        out.append(f"- Refuted as linearizable: {worst['verdicts']['whole']['text']}")
    else:
        out.append(f"- Not refuted as linearizable in {' / '.join(str(run['power']) for run in runs)} opportunities, "
                   f"{' / '.join(str(run['power_inside']) for run in runs)} of them inside the cuts.")
    undecided = False
    for kind in first["ops"]:
        for at, part in enumerate(("partition", "else")):
            whys = [run["ops"][kind]["why"][at] for run in runs if run["ops"].get(kind, {}).get(part) == "undecided"]
            if whys:
                undecided = True
                out.append(f"- `undecided`, {kind}, {part}, {len(whys)} of {len(runs)} runs: {' · '.join(dict.fromkeys(whys))}")
    if undecided and row.get("argued"):
        out.append(f"- Why: {row['argued']}")
    contradiction = agrees(row, runs)
    if contradiction:
        out.append(f"- Other than the documents lead one to expect: {contradiction}.")
    out += ["", f"Seeds {', '.join(str(run['seed']) for run in runs)}.", ""]
    return out


def page(options, measured, missing):
    quick = "" if options.full else " --quick"
    full_rows = ", ".join(f"`{row['name']}`" for row, _ in measured if row.get("full")) or "none"
    lines = [f"{table_page.machine()}. `clock: shared`: all processes of a run read one clock, which flatters systems that order by",
             f"time stamps. {options.runs} runs a row, `sunder cap ROW{quick} --seed N` ({full_rows} without `--quick`); a cell with several entries is one in which runs differ.", "",
             "| row | version | nodes | partition | else | partition, by operation | else, by operation | read: round trips | write | strongest not refuted | keys that lost a write |",
             "|---|---|--:|---|---|---|---|--:|--:|---|---|"]
    lines += [line(row, runs) for row, runs in measured]
    if missing:
        lines += ["", "Not measured here: " + ", ".join(f"`{name}`" for name in missing) + "."]
    lines += ["", "## Row by row", ""]
    for row, runs in measured:
        lines += chapter(row, runs)
    return lines


def main():
    options = arguments()
    with open(os.path.join(HERE, "atlas.toml"), "rb") as file:
        rows = tomllib.load(file)["row"]
    wanted = [name for name in options.only.split(",") if name]
    unknown = set(wanted) - {row["name"] for row in rows}
    if unknown:
        sys.exit(f"atlas: there is no row {', '.join(sorted(unknown))} in bench/atlas.toml")
    os.makedirs(options.keep, exist_ok=True)
    measured, missing = [], []
    for row in rows:
        # Rows that were not asked for stay in the page with what is kept of them.
        asked = not wanted or row["name"] in wanted
        row_options = options if asked else argparse.Namespace(**{**vars(options), "page_only": True, "fresh": False})
        runs = [run for run in (measure(row_options, row["name"], n, options.full or row.get("full", False)) for n in range(1, options.runs + 1)) if run is not None]
        if runs:
            measured.append((row, runs))
        else:
            missing.append(row["name"])
    table_page.write_page(options.write, page(options, measured, missing), table_page.marks("./dev atlas"))
    print(f"atlas: {len(measured)} rows in {options.write}" + (f"; not measured: {', '.join(missing)}" if missing else ""))
    return 0 if measured else NOT_HERE


if __name__ == "__main__":
    sys.exit(main())
