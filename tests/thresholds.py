"""Holds the results of a run against stated bounds.

    python3 tests/thresholds.py [DIR]      DIR: reports/quick unless given

Reads what the run wrote, nothing else, with Python's standard library. Prints a line a check,
then the counts; exits with 1 if any check failed.
"""

import csv
import json
import math
import sys
from pathlib import Path

# --- What is expected ------------------------------------------------------------------------

FILES = "config.toml run.json metrics.csv timings.csv comparison.csv summary.csv paired.csv report.html".split()
MIN_FIGURES = 5  # each as svg, png, and the csv that it was drawn from

# Columns that hold a number in every row.
NUMBERS = {
    "metrics.csv": ["seed", "value"],
    "timings.csv": ["seed", "seconds"],
    "comparison.csv": [
        "labels",
        "seed",
        "validation_error_pct",
        "test_error_pct",
        "test_errors",
        "pretrain_updates",
        "finetune_updates",
    ],
    "summary.csv": ["labels", "seeds", "test_error_pct_mean"],
    "paired.csv": ["labels", "seeds", "difference_pct_mean"],
}
# Columns that hold a number, or nothing: where a row has no layer or no epoch, say.
NUMBERS_OR_BLANK = {
    "metrics.csv": ["layer", "epoch"],
    "timings.csv": ["layer", "epoch", "samples_per_second"],
    "comparison.csv": ["depth"],
    "summary.csv": ["depth"],
    "paired.csv": ["depth"],
}
# Columns that may be blank or NaN where `seeds` is 1: a single seed has no interval and no test.
NUMBERS_OF_SEVERAL_SEEDS = {
    "summary.csv": ["ci95_low", "ci95_high"],
    "paired.csv": ["ci95_low", "ci95_high", "p_value"],
}

METHODS = ["none", "autoencoder", "rbm"]

# At the fewest labels, each must have a lower mean test error than random initialisation: that is
# what pretraining is for.
BELOW_NONE = ["rbm", "autoencoder"]

# (method, split, metric, ceiling): the last value of every run stays below the ceiling.
CEILINGS = [
    # The mean image, the best that a model without a code can do, has 0.067 on MNIST.
    ("autoencoder", "test", "mse_per_pixel", 0.02),
]

# --- The checks: each yields (passed, what was found) ------------------------------------------


def rows(directory, name):
    with open(directory / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_file(directory, name):
    path = directory / name
    if not path.is_file():
        yield False, f"{name}: missing"
    else:
        yield path.stat().st_size > 0, f"{name}: {path.stat().st_size} bytes"


def check_figures(directory):
    kinds = (".svg", ".png", ".csv")
    found = {}
    for path in (directory / "figures").glob("*"):
        if path.suffix in kinds and path.stat().st_size > 0:
            found.setdefault(path.stem, set()).add(path.suffix)
    partial = sorted(stem for stem, suffixes in found.items() if len(suffixes) < len(kinds))
    complete = len(found) - len(partial)
    yield complete >= MIN_FIGURES, f"figures: {complete} as svg, png and csv; at least {MIN_FIGURES}"
    yield not partial, f"figures: {', '.join(partial) or 'none'} incomplete"


def check_run_record(directory):
    with open(directory / "run.json", encoding="utf-8") as file:
        yield isinstance(json.load(file), dict), "run.json: a JSON object"


def is_finite(cell):
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def check_finite(directory, name):
    table = rows(directory, name)
    bad = []
    count = 0
    for line, row in enumerate(table, start=2):
        single = row.get("seeds") == "1"
        checked = [(column, False) for column in NUMBERS[name]]
        checked += [(column, row[column] == "") for column in NUMBERS_OR_BLANK.get(name, [])]
        checked += [
            (column, single and row[column] in ("", "NaN"))
            for column in NUMBERS_OF_SEVERAL_SEEDS.get(name, [])
        ]
        for column, excused in checked:
            if not excused:
                count += 1
                if not is_finite(row[column]):
                    bad.append(f"line {line} {column} = {row[column]!r}")
    yield bool(table), f"{name}: {len(table)} rows"
    detail = "all finite" if not bad else f"{len(bad)} not finite, first {bad[0]}"
    yield not bad, f"{name}: {count} numbers, {detail}"


def check_methods(directory):
    methods = {row["method"] for row in rows(directory, "comparison.csv")}
    for method in METHODS:
        yield method in methods, f"comparison.csv: method {method}"


def check_below_none(directory):
    table = rows(directory, "comparison.csv")
    fewest = min(int(row["labels"]) for row in table)

    def mean_error(method):
        errors = [
            float(row["test_error_pct"])
            for row in table
            if row["method"] == method and int(row["labels"]) == fewest
        ]
        return sum(errors) / len(errors) if errors else math.nan

    none = mean_error("none")
    for method in BELOW_NONE:
        error = mean_error(method)
        yield (
            error < none,
            f"{fewest} labels: test error of {method} {error:.2f} %, below none's {none:.2f} %",
        )


def check_ceiling(directory, method, split, metric, ceiling):
    last = {}  # rows come in the order of their epochs
    for row in rows(directory, "metrics.csv"):
        if (row["method"], row["split"], row["metric"]) == (method, split, metric):
            last[row["run"], row["seed"], row["stage"], row["layer"]] = float(row["value"])
    worst = max(last.values(), default=math.nan)
    yield (
        all(value < ceiling for value in last.values()) and bool(last),
        f"{method}: final {split} {metric} {worst:.5f}, the worst of {len(last)}, below {ceiling}",
    )


def checks(directory):
    for name in FILES:
        yield f"{name}", check_file(directory, name)
    yield "figures", check_figures(directory)
    yield "run.json", check_run_record(directory)
    for name in NUMBERS:
        yield f"{name}", check_finite(directory, name)
    yield "methods", check_methods(directory)
    yield "below none", check_below_none(directory)
    for ceiling in CEILINGS:
        yield "ceiling", check_ceiling(directory, *ceiling)


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(sys.argv[1] if len(sys.argv) == 2 else "reports/quick")
    outcomes = []

    def record(passed, found):
        outcomes.append(passed)
        print(f"{'ok  ' if passed else 'FAIL'} {found}")

    for title, check in checks(directory):
        try:
            for passed, found in check:
                record(passed, found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            # A file that is missing or not as designed: this check fails, the others go on.
            record(False, f"{title}: {type(error).__name__}: {error}")

    failed = outcomes.count(False)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
