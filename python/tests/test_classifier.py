"""Classifiers from few labels, and the comparison."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import aerbm


@pytest.fixture(scope="module")
def few(digits):
    """1,200 rows of which 60 have labels, and the rest for testing."""
    X, y = digits
    labels = y[:1200].copy()
    labels[60:] = -1
    return X[:1200], labels, X[1200:], y[1200:]


@pytest.mark.parametrize("pretraining", ["rbm", "denoising", "pca", ["rbm", "none"]])
def test_unlabelled_rows_help(few, pretraining):
    X, y, test_X, test_y = few
    sizes = (64, 32) if isinstance(pretraining, list) else (64,)
    model = aerbm.PretrainedClassifier(
        sizes, pretraining=pretraining, n_updates=500, learning_rate=0.005, batch_size=20, random_state=0
    ).fit(X, y)
    assert list(model.classes_) == list(range(10))
    assert model.score(test_X, test_y) > 0.7
    assert np.isnan(model.validation_error_)
    np.testing.assert_allclose(model.predict_proba(test_X).sum(axis=1), 1, rtol=1e-5)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.predict(test_X), model.predict(test_X))
    assert model.codes(test_X).shape == (len(test_X), sizes[-1])
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(test_X), model.predict_proba(test_X))


def held_out(digits, fraction, per_class):
    """A classifier of this many labelled rows of each class."""
    X, y = digits
    rows = np.concatenate([np.flatnonzero(y == label)[:per_class] for label in range(10)])
    model = aerbm.PretrainedClassifier(
        (), n_updates=50, batch_size=20, validation_fraction=fraction, random_state=0
    )
    return model.fit(X[rows], y[rows])


@pytest.mark.parametrize(("fraction", "per_class"), [(0.0, 20), (0.1, 6), (0.1, 20)])
def test_the_validation_error_is_that_of_held_out_rows(digits, tmp_path, fraction, per_class):
    model = held_out(digits, fraction, per_class)
    has_held_out = int(fraction * per_class) > 0
    assert np.isnan(model.validation_error_) == (not has_held_out)
    model.save(tmp_path)
    loaded = aerbm.load(tmp_path)
    np.testing.assert_equal(loaded.validation_error_, model.validation_error_)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert ("| validation |" in card) == has_held_out


def test_without_hidden_layers_it_is_logistic_regression(digits):
    X, y = digits[0][:1200], digits[1][:1200]
    model = aerbm.PretrainedClassifier((), n_updates=2000, learning_rate=0.01, random_state=0).fit(X, y)
    reference = LogisticRegression(max_iter=1000).fit(X, y)
    test = digits[0][1200:], digits[1][1200:]
    assert abs(model.score(*test) - reference.score(*test)) < 0.03


def test_frozen_layers_stay(few):
    X, y, *_ = few
    frozen = aerbm.PretrainedClassifier((32,), pretraining_iter=2, freeze=True, random_state=0, n_updates=50)
    more = clone(frozen).set_params(n_updates=100)
    np.testing.assert_array_equal(frozen.fit(X, y).codes(X), more.fit(X, y).codes(X))


def test_classes_may_be_words(few):
    X, y, test_X, _ = few
    words = np.array(["even", "odd"])[y[:60] % 2]
    model = aerbm.PretrainedClassifier((16,), n_updates=50, random_state=0).fit(X[:60], words)
    assert set(model.predict(test_X)) <= {"even", "odd"}


def test_mistakes_are_named(few):
    X, y, *_ = few
    with pytest.raises(ValueError, match="did you mean `rbm`"):
        aerbm.PretrainedClassifier(pretraining="rmb").fit(X, y)
    with pytest.raises(ValueError, match="validation_fraction"):
        aerbm.PretrainedClassifier(validation_fraction=1.5).fit(X, y)
    with pytest.raises(ValueError, match="expected one for each of 1 layers"):
        aerbm.PretrainedClassifier((5,), pretraining=["rbm", "rbm"]).fit(X, y)
    with pytest.raises(ValueError, match="0 classes"):
        aerbm.PretrainedClassifier().fit(X, np.full(len(X), -1))


def compared(digits, out, **options):
    X, y = digits[0][:600], digits[1][:600]
    settings = {
        "layers": [32],
        "labels": [{"count": count, "updates": 60, "batch_size": 20} for count in (50, 100)],
        "methods.rbm.layers.training.epochs": 2,
    }
    return aerbm.compare(X, y, methods=["none", "rbm"], depths=[1], seeds=2, settings=settings, out=out, **options)


def tables_of(folder):
    """The bytes of the tables that do not depend on the clock."""
    clock = {"timings.csv", "equal_seconds.csv"}
    return {path.name: path.read_bytes() for path in folder.glob("*.csv") if path.name not in clock}


def test_processes_of_joblib_give_the_same_tables(digits, tmp_path):
    compared(digits, tmp_path / "one")
    compared(digits, tmp_path / "loky", backend="loky", n_jobs=2)
    tables = tables_of(tmp_path / "one")
    assert "comparison.csv" in tables and tables_of(tmp_path / "loky") == tables


def test_workers_of_dask_give_the_same_tables(digits, tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    joblib = pytest.importorskip("joblib")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster), joblib.parallel_config(backend="dask"):
            compared(digits, tmp_path / "dask", backend="joblib")
    compared(digits, tmp_path / "one")
    assert tables_of(tmp_path / "dask") == tables_of(tmp_path / "one")


def test_a_comparison_answers_with_tables_a_page_and_a_network(digits, tmp_path):
    X = digits[0][:600]
    found = compared(digits, tmp_path / "run")
    assert set(found.summary["method"]) == {"none", "rbm"}
    assert len(found.cells["seed"]) == 8
    assert found.page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    best = found.best()
    assert best.predict(X).shape == (600,)
    pytest.importorskip("matplotlib").use("agg")
    axes = aerbm.plot.comparison(found)
    assert axes.get_xlabel() == "labels"


def test_the_page_of_a_comparison_may_be_korean(digits, tmp_path):
    found = compared(digits, tmp_path / "run", language="ko")
    assert '<html lang="ko">' in found.page.read_text(encoding="utf-8")
    assert '<html lang="ko">' in compared(digits, tmp_path / "run").page.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="xx.*en, ko"):
        compared(digits, tmp_path / "other", language="xx")
    assert not (tmp_path / "other").exists()
