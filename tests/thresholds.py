"""Checks the results of a run against stated bounds.

    python3 tests/thresholds.py [DIR]      DIR: reports/quick unless given

The bounds are those of the profile that the run names: quick or default. Reads only what the run wrote,
with Python's standard library. Prints one line per check, then the counts; exits with 1 if any check
failed.
"""

import csv
import json
import math
import sys
from pathlib import Path

# --- Expected results ------------------------------------------------------------------------

FILES = "config.toml run.json metrics.csv timings.csv comparison.csv summary.csv summary_of_seeds.csv paired.csv mistakes.csv report.html SHA256SUMS".split()
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
# Columns that hold a number, or nothing, for example in a row without a layer or an epoch.
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

# Holm's family consists of pairs of these.
AUTOENCODERS = {"autoencoder", "sparse", "denoising", "contractive"}
CONTROLS = {"none", "relu-dropout"}

# (run, split, metric, ceiling): the last value of every seed stays below the ceiling.
# The mean image, the best that a model without a code can do, has 0.067 on MNIST.
CEILINGS = [("autoencoder", "test", "mse_per_pixel", 0.02)]

PROFILES = {
    "quick": {
        "methods": ["none", "autoencoder", "rbm"],
        # At the fewest labels, each must have a lower mean test error than random initialisation:
        # that is what pretraining is for.
        "below none": ["rbm", "autoencoder"],
        "ceilings": CEILINGS,
        # (methods, labels, ceiling): the lowest mean test error of the methods, in percent.
        "errors": [],
    },
    "default": {
        "methods": ["none", "raw-logistic", "relu-dropout", "autoencoder", "denoising", "rbm"],
        "below none": ["rbm", "denoising", "autoencoder"],
        "ceilings": [*CEILINGS, ("deep-autoencoder", "test", "sse_per_image", 3.6)],
        "errors": [
            (["autoencoder", "denoising"], 100, 18.0),
            (["rbm"], 100, 18.0),
            (["autoencoder", "denoising"], 1000, 6.0),
            (["rbm"], 1000, 6.0),
            (["autoencoder", "denoising", "rbm"], 10000, 3.0),
        ],
    },
}

# --- The checks: each yields (passed, finding) -------------------------------------------------


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


def in_family(row):
    """Whether the pair is of interest: pretraining against none, and an autoencoder against the RBM."""
    pair = {row["method_a"], row["method_b"]}
    pretrained = pair & {*AUTOENCODERS, "rbm"}
    return len(pretrained) == 1 and bool(pair & CONTROLS) or "rbm" in pair and len(pretrained) == 2


def has_no_spread(row, cells):
    """Whether the two methods differ by the same number of errors, not 0, with each seed."""
    errors = {}
    for cell in cells:
        if (cell["depth"], cell["labels"]) == (row["depth"], row["labels"]):
            errors.setdefault(cell["method"], {})[cell["seed"]] = int(cell["test_errors"])
    a, b = errors[row["method_a"]], errors[row["method_b"]]
    differences = {a[seed] - b[seed] for seed in a.keys() & b.keys()}
    return len(differences) == 1 and 0 not in differences


def has_none(column, row, cells):
    """Whether a NaN is expected: no interval and no t-test where differences have no spread, and no
    correction outside of Holm's family."""
    if "test" not in row:
        return False
    if column == "p_value" and "Holm" in row["test"] and not in_family(row):
        return True
    by_seeds = column != "p_value" or "t-test" in row["test"]
    return by_seeds and has_no_spread(row, cells)


def check_finite(directory, name):
    table = rows(directory, name)
    cells = rows(directory, "comparison.csv")
    bad = []
    count = 0
    for line, row in enumerate(table, start=2):
        single = row.get("seeds") == "1"
        checked = [(column, False) for column in NUMBERS[name]]
        checked += [(column, row[column] == "") for column in NUMBERS_OR_BLANK.get(name, [])]
        checked += [
            (column, single and row[column] in ("", "NaN"))
            for column in NUMBERS_OF_SEVERAL_SEEDS.get(name, [])
            if not (row[column] == "NaN" and has_none(column, row, cells))
        ]
        for column, excused in checked:
            if not excused:
                count += 1
                if not is_finite(row[column]):
                    bad.append(f"line {line} {column} = {row[column]!r}")
    yield bool(table), f"{name}: {len(table)} rows"
    detail = "all finite" if not bad else f"{len(bad)} not finite, first {bad[0]}"
    yield not bad, f"{name}: {count} numbers, {detail}"


def check_methods(directory, expected):
    methods = {row["method"] for row in rows(directory, "comparison.csv")}
    for method in expected:
        yield method in methods, f"comparison.csv: method {method}"


def mean_error(table, method, labels):
    errors = [
        float(row["test_error_pct"])
        for row in table
        if row["method"] == method and int(row["labels"]) == labels
    ]
    return sum(errors) / len(errors) if errors else math.nan


def check_below_none(directory, methods):
    table = rows(directory, "comparison.csv")
    fewest = min(int(row["labels"]) for row in table)
    none = mean_error(table, "none", fewest)
    for method in methods:
        error = mean_error(table, method, fewest)
        yield (
            error < none,
            f"{fewest} labels: test error of {method} {error:.2f} %, below none's {none:.2f} %",
        )


def check_error(directory, methods, labels, ceiling):
    table = rows(directory, "comparison.csv")
    errors = [mean_error(table, method, labels) for method in methods]
    # A missing method has no error, and the others do not hide this.
    error = math.nan if any(map(math.isnan, errors)) else min(errors)
    names = ", ".join(methods)
    yield error <= ceiling, f"{labels} labels: lowest error of {names} {error:.2f} %, at most {ceiling}"


def check_ceiling(directory, run, split, metric, ceiling):
    last = {}  # rows come in the order of their epochs
    for row in rows(directory, "metrics.csv"):
        if (row["run"], row["split"], row["metric"]) == (run, split, metric):
            last[row["seed"], row["stage"], row["layer"]] = float(row["value"])
    worst = max(last.values(), default=math.nan)
    yield (
        all(value < ceiling for value in last.values()) and bool(last),
        f"{run}: final {split} {metric} {worst:.5f}, the worst of {len(last)}, below {ceiling}",
    )


def profile_of(directory):
    with open(directory / "run.json", encoding="utf-8") as file:
        words = json.load(file)["command"].split()
    return words[words.index("--profile") + 1]


def checks(directory, expected):
    for name in FILES:
        yield f"{name}", check_file(directory, name)
    yield "figures", check_figures(directory)
    yield "run.json", check_run_record(directory)
    for name in NUMBERS:
        yield f"{name}", check_finite(directory, name)
    yield "methods", check_methods(directory, expected["methods"])
    yield "below none", check_below_none(directory, expected["below none"])
    for ceiling in expected["ceilings"]:
        yield "ceiling", check_ceiling(directory, *ceiling)
    for error in expected["errors"]:
        yield "error", check_error(directory, *error)


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(sys.argv[1] if len(sys.argv) == 2 else "reports/quick")
    try:
        expected = PROFILES[profile_of(directory)]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"FAIL {directory}/run.json names no profile that has bounds: {error!r}")
        return 1
    outcomes = []

    def record(passed, found):
        outcomes.append(passed)
        print(f"{'ok  ' if passed else 'FAIL'} {found}")

    for title, check in checks(directory, expected):
        try:
            for passed, found in check:
                record(passed, found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            # The file is missing or malformed: this check fails, and the others go on.
            record(False, f"{title}: {type(error).__name__}: {error}")

    failed = outcomes.count(False)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
