"""The common parts of the estimators: rows, threads, seeds, settings and progress."""

import functools
import os
import sys
import warnings

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from . import _aerbm


def rows_of(estimator, X, *, reset, least=1):
    """Validates X as scikit-learn does, with a minimum number of rows; returns it with the form in which the
    extension reads it."""
    dtypes = (np.float64, np.float32)
    X = validate_data(
        estimator, X, accept_sparse="csr", dtype=dtypes, reset=reset, ensure_min_samples=least
    )
    return X, as_rows(X)


def as_rows(X):
    """The form in which the extension reads an array or sparse rows, without a copy."""
    if sp.issparse(X):
        indices = X.indices.astype(X.indptr.dtype, copy=False)
        return X.indptr, indices, X.data, X.shape[1]
    return X


def contract_of(X, image, classes=None):
    """The contract by which the program reads new rows: they are used unchanged."""
    values = X.data if sp.issparse(X) else X
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    if sp.issparse(X):
        low, high = min(low, 0), max(high, 0)
    names = None if classes is None else [str(value) for value in classes]
    return _aerbm.contract_of_values(image, X.shape[0], (float(low), float(high)), names)


def dense(X):
    """A dense array, from sparse rows as well."""
    return X.toarray() if sp.issparse(X) else np.asarray(X)


def in_unit_interval(X):
    """Whether all values are in [0, 1]."""
    values = X.data if sp.issparse(X) else X
    return values.size == 0 or (values.min() >= 0 and values.max() <= 1)


def rows_in_unit_interval(estimator, X, *, reset):
    """As ``rows_of``, for models of values in [0, 1]: other values are clipped, with a warning."""
    X, rows = rows_of(estimator, X, reset=reset)
    if in_unit_interval(X):
        return X, rows
    message = "X has values outside [0, 1], which are clipped: binary units have no others"
    warnings.warn(message, stacklevel=4)
    if sp.issparse(X):
        X = X.copy()
        X.sum_duplicates()
        X.data = X.data.clip(0, 1)
    else:
        X = np.clip(X, 0, 1)
    return X, as_rows(X)


@functools.cache
def _cores():
    return joblib.cpu_count()


def threads_of(n_jobs):
    """The number of threads. None follows OpenMP, that is OMP_NUM_THREADS or all cores, so that joblib's workers
    share the cores; negative numbers mean all cores but ``-1 - n_jobs``."""
    if n_jobs is None:
        given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
        return int(given) if given.isdigit() and int(given) > 0 else _cores()
    if n_jobs == 0:
        raise ValueError("n_jobs = 0: expected a number of threads, or -1 for all cores")
    return n_jobs if n_jobs > 0 else max(1, _cores() + 1 + n_jobs)


def seed_of(random_state):
    """A seed for the extension."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def assignments(settings):
    """Settings in the form of the program's command line: ``key=value``, with values in TOML."""
    return [f"{key}={_toml(value)}" for key, value in settings.items()]


def _toml(value):
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


class Progress:
    """Shows the progress of training if ``verbose`` is above 0: a bar of tqdm if that is installed, otherwise
    a line for each step. As a context manager, it returns the listener of the extension."""

    def __init__(self, name, verbose):
        self.name, self.verbose = name, verbose
        self.bar, self.stage = None, None

    def __enter__(self):
        return self._step if self.verbose else None

    def __exit__(self, *_):
        self._close()

    def _close(self):
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _step(self, stage, step, steps, value, metric, seconds):
        if not steps:
            print(f"[{self.name}] {stage}", file=sys.stderr)
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            print(f"[{self.name}] {stage}: {step} of {steps}, {metric} = {value:.4g}, time = {seconds:.2f}s")
            return
        if self.bar is None or self.stage != (stage, steps) or step <= self.bar.n:
            self._close()
            self.bar, self.stage = tqdm(total=steps, desc=stage or self.name), (stage, steps)
        self.bar.set_postfix({metric: f"{value:.4g}"}, refresh=False)
        self.bar.update(step - self.bar.n)
