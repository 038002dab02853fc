"""The comparison of methods on the user's own data."""

import csv
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from sklearn.utils import check_X_y

from . import _aerbm
from ._common import Progress, assignments, threads_of
from ._load import load


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison. Tables are data frames if pandas is installed, otherwise dicts of lists,
    one list per column."""

    folder: Path
    """Folder of the run, with its figures and files."""
    headline: "str | None"
    """The answer in a sentence or two."""
    cells: object
    """One row for each method, depth, number of labels and seed."""
    summary: object
    """Mean test errors with 95 % intervals over seeds."""
    paired: object
    """Paired differences between methods with their tests."""

    @property
    def page(self):
        """The page, one file of HTML."""
        return self.folder / "report.html"

    def best(self):
        """The recommended network, a fitted ``PretrainedClassifier``."""
        return load(self.folder / "best")

    def _repr_html_(self):
        table = getattr(self.summary, "to_html", lambda: "")()
        return f"<p>{self.headline or ''}</p>{table}"


def compare(
    X,
    y,
    *,
    methods=None,
    labels=None,
    depths=None,
    seeds=None,
    first_seed=None,
    trials=None,
    settings=None,
    out=None,
    force=False,
    language=None,
    backend=None,
    n_jobs=None,
    verbose=0,
):
    """Compares methods of pretraining on the rows of X (n_samples × n_features) with classes y.

    ``methods``, ``labels`` (numbers of labels, or 'all'), ``depths``, ``seeds`` (their number) and ``trials``
    of the search of hyperparameters are those of the program's default comparison unless given; ``settings``
    are further ones, such as ``{"layers": [128], "learning_rates": [0.01]}``. The run is written into the folder
    ``out``, where an earlier run is continued, or replaced if its settings differ and ``force`` is true; None
    creates a temporary folder. The page is in the ``language`` "en" or "ko"; None keeps that of an earlier run, and
    is English otherwise. Columns outside [0, 1] are standardised.

    ``backend`` spreads the work over processes: ``"joblib"`` for the active backend of joblib, such as that of
    ``joblib.parallel_config(backend="dask")``, or the name of one, such as ``"loky"``. The workers need access to
    ``out``. The numbers are those of one process. ``n_jobs`` is the number of threads or, with a backend, of
    processes.
    """
    X, y = check_X_y(X, y, dtype=np.float32)
    classes, codes = np.unique(y, return_inverse=True)
    folder = Path(tempfile.mkdtemp(prefix="aerbm-") if out is None else out).absolute()
    everything = labels == "all" if isinstance(labels, str) else False
    options = {
        "methods": list(methods or []),
        "labels": [] if everything or labels is None else list(labels),
        "all_labels": everything,
        "depths": list(depths or []),
        "seeds": seeds,
        "first_seed": first_seed,
        "trials": trials,
        "set": assignments(settings or {}),
        "language": language,
        "force": force,
    }
    data = folder / "data.npz"
    arguments = data, folder, options
    comparison = _aerbm.Comparison(*arguments)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "data.part.npz"
    np.savez(part, X=X, y=codes.astype(np.uint8 if len(classes) <= 256 else np.int64))
    os.replace(part, data)
    if backend is not None:
        spread(comparison, arguments, None if backend == "joblib" else backend, n_jobs, verbose)
        n_jobs = None
    with Progress("compare", verbose) as listener:
        headline = comparison.run(threads_of(n_jobs), listener)
    names = ["comparison.csv", "summary.csv", "paired.csv"]
    cells, summary, paired = (table(folder / name) for name in names)
    return Comparison(folder, headline, cells, summary, paired)


def spread(comparison, arguments, backend, n_jobs, verbose):
    """Has joblib compute the stages of a comparison, wave by wave."""
    for wave in comparison.waves():
        parallel = joblib.Parallel(backend=backend, n_jobs=n_jobs, verbose=verbose)
        parallel(joblib.delayed(work)(arguments, key) for key in wave)


def work(arguments, key):
    """Computes a stage, in whichever process this is called."""
    _aerbm.Comparison(*arguments).work([key], threads_of(None))


def table(path):
    """A table of a run."""
    try:
        import pandas as pd
    except ImportError:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {name: [_value(row[name]) for row in rows] for name in (rows[0] if rows else [])}
    return pd.read_csv(path)


def _value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
