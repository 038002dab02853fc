"""Runs the comparison of the profile `default` with aerbm and with PyTorch in turn, and compares their times.

    python study.py [--rounds N] [--threads N] [--methods none,rbm,…] [--labels 100,1000,…] [--seeds N]
                    [--fraction F] [--aerbm PROGRAM]

Both programs get their settings from the profile through study_profile.py: aerbm as options of `aerbm compare`,
in an empty folder each time, and torch_study.py by reading it. Each may use as many processors as it should
have threads. The total time is wall time from the start of the program, including the reading of the data, to
the last result of the comparison; what aerbm does afterwards (figures, the page, the recommended network) is not
counted. Seconds of pretraining and of fine-tuning are those that each program measures itself. Those of
aerbm's fine-tuning include work that PyTorch does not do: the effect of fine-tuning on each layer is measured on
2,000 images, which takes a second or two for each cell of convolutions. Its total time includes writing a file
for each layer and cell, from which it could continue.

The mean errors of both are printed side by side. They come from the same settings and different random numbers,
so they should differ by no more than those of two seeds do; programs whose errors differ more have done different
work.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from common import hold_to_processors, processor
from study_profile import Unsupported, assignments, read

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
STAGES = {"pretrain": "pretraining", "fine-tune": "fine-tuning"}


class Run:
    """The times and results of a run of one of the programs."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.of_stage = defaultdict(float)
        self.of_method = defaultdict(float)
        self.errors = defaultdict(list)

    def add_seconds(self, method, stage, seconds):
        self.of_stage[stage] += float(seconds)
        self.of_method[method] += float(seconds)

    def add_errors(self, row):
        key = row["method"], int(row["depth"]), int(row["labels"])
        errors = float(row["validation_error_pct"]), float(row["test_error_pct"])
        self.errors[key].append(errors)


def by_aerbm(program, settings, threads):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "compare", "--data", "mnist", "--out", folder, *assignments(settings)]
        run = Run(timed(command, threads, until="comparison: "))
        for row in table(folder, "timings.csv"):
            if row["run"].startswith("comparison"):
                run.add_seconds(row["method"], STAGES[row["stage"]], row["seconds"])
        for row in table(folder, "comparison.csv"):
            run.add_errors(row)
    return run


def by_torch(given):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, HERE / "torch_study.py", "--csv", Path(folder) / "cells.csv"]
        for option in ("threads", "methods", "labels", "seeds", "fraction"):
            value = getattr(given, option)
            if value is not None:
                value = ",".join(map(str, value)) if isinstance(value, list) else value
                command += [f"--{option}", str(value)]
        run = Run(timed(command, given.threads, until="total: "))
        for row in table(folder, "cells.csv"):
            if row["method"] == "total":
                continue
            run.add_seconds(row["method"], "pretraining", row["pretrain_seconds"])
            run.add_seconds(row["method"], "fine-tuning", row["finetune_seconds"])
            run.add_errors(row)
    return run


def timed(command, threads, until):
    """Runs a command to its end and returns the seconds from its start to the line that begins with this text."""
    number = str(threads)
    variables = ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, number)
    begun, seconds, last = time.perf_counter(), None, ""
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env=environment, preexec_fn=lambda: hold_to_processors(threads),
    )
    for last in process.stdout:
        if seconds is None and last.startswith(until):
            seconds = time.perf_counter() - begun
    if process.wait() != 0 or seconds is None:
        sys.exit(f"{command[0]} stopped: {last.strip()}")
    return seconds


def table(folder, name):
    with open(Path(folder) / name, newline="") as file:
        return list(csv.DictReader(file))


def built():
    """Our program, after building it."""
    subprocess.run("cargo build --release -p aerbm-cli".split(), cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(ROOT / target / "release" / "aerbm")


def print_seconds(ours, theirs):
    print("\n| seconds, medians | aerbm | PyTorch | ratio |\n|---|---|---|---|")

    def line(words, seconds_of):
        us, them = (statistics.median(map(seconds_of, runs)) for runs in (ours, theirs))
        ratio = f"**{them / us:.2f}**" if us >= 0.05 else ""
        print(f"| {words} | {us:.1f} | {them:.1f} | {ratio} |")

    for method in theirs[0].of_method:
        line(method, lambda run: run.of_method[method])
    for stage in STAGES.values():
        line(f"all {stage}", lambda run: run.of_stage[stage])
    line("in all", lambda run: run.seconds)


def print_errors(ours, theirs):
    """The errors of the first round; those of the others are the same."""
    print("\n| mean error, % | depth | labels | validation: aerbm | PyTorch | test: aerbm | PyTorch |")
    print("|---|---|---|---|---|---|---|")
    for (method, depth, labels), errors in theirs.errors.items():
        found = ours.errors.get((method, depth, labels))
        if not found:
            sys.exit(f"aerbm has no cell of {method} with {labels} labels; its training may have diverged")
        pairs = zip(zip(*found), zip(*errors))
        cells = [f"{statistics.mean(side):.2f}" for pair in pairs for side in pair]
        print(f"| {method} | {depth} | {labels} | {' | '.join(cells)} |")


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", type=lambda text: text.split(","))
    parser.add_argument("--labels", type=lambda text: [int(number) for number in text.split(",")])
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--fraction", type=float, default=1.0, help="part of the work, for a trial run")
    parser.add_argument("--aerbm", help="our program; built if it is not given")
    return parser.parse_args()


def main():
    given = options()
    try:
        settings = read(given.methods, given.labels, given.seeds, fraction=given.fraction)
    except Unsupported as error:
        sys.exit(f"error: {error}")
    program = given.aerbm or built()
    ours, theirs = [], []
    for number in range(1, given.rounds + 1):
        ours.append(by_aerbm(program, settings, given.threads))
        print(f"round {number}: aerbm {ours[-1].seconds:.1f} s", flush=True)
        theirs.append(by_torch(given))
        print(f"round {number}: PyTorch {theirs[-1].seconds:.1f} s", flush=True)
    print(f"\n{processor()}; threads: {given.threads}; rounds: {given.rounds}; ", end="")
    print(f"part of the work: {given.fraction:g}")
    print_seconds(ours, theirs)
    print_errors(ours[0], theirs[0])


main()
