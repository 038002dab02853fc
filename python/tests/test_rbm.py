"""RBMs: agreement with scikit-learn, likelihoods, and resumed training."""

import copy
import pickle
from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import neural_network
from sklearn.base import clone

import aerbm


def pair(X, **parameters):
    """Our RBM, and scikit-learn's with its parameters."""
    ours = aerbm.BernoulliRBM(8, n_iter=3, random_state=0, **parameters).fit(X)
    theirs = neural_network.BernoulliRBM(8, n_iter=1, random_state=0).fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(theirs, name, getattr(ours, name))
    return ours, theirs


def test_functions_of_the_parameters_are_scikit_learns(X):
    ours, theirs = pair(X)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=2e-6)
    np.testing.assert_allclose(ours._free_energy(X), theirs._free_energy(X), rtol=1e-5)
    # Both draw one unit per row, so that means over many draws agree.
    mean = [np.mean([rbm.set_params(random_state=seed).score_samples(X).mean() for seed in range(40)])
            for rbm in (ours, theirs)]
    assert abs(mean[0] - mean[1]) < 0.3


def test_parameters_may_be_set(X):
    ours, theirs = pair(X)
    theirs.fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(ours, name, getattr(theirs, name))
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=2e-6)
    ours.partial_fit(X)
    with pytest.raises(ValueError, match="expected"):
        ours.components_ = np.zeros((3, 3))


def test_learning_is_as_good_as_scikit_learns(digits):
    X, _ = digits
    parameters = dict(n_components=32, learning_rate=0.1, n_iter=8, random_state=1)
    ours = aerbm.BernoulliRBM(**parameters).fit(X)
    theirs = neural_network.BernoulliRBM(**parameters).fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(theirs, name, getattr(theirs, name))
    found = [np.mean([rbm.score_samples(X).mean() for _ in range(20)]) for rbm in (
        ours.set_params(random_state=None), theirs.set_params(random_state=None))]
    assert found[0] > found[1] - 0.5


def test_gibbs_recreates_a_bit():
    X = np.array([[0.0], [1.0]])
    rbm = aerbm.BernoulliRBM(2, batch_size=2, n_iter=42, random_state=0).fit(X)
    rbm.components_ = np.array([[40.0], [-40.0]])
    rbm.intercept_hidden_ = np.array([-20.0, 20.0])
    rbm.intercept_visible_ = np.array([0.0])
    for rows in (X, sp.csc_matrix(X)):
        np.testing.assert_array_equal(rbm.gibbs(rows), X)


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "fast-pcd", "tempering"])
def test_every_algorithm_learns(X, algorithm):
    rbm = aerbm.BernoulliRBM(
        24, algorithm=algorithm, learning_rate=0.05, n_iter=15, random_state=0, gibbs_steps=2
    ).fit(X)
    start = clone(rbm).set_params(learning_rate=1e-9, n_iter=1).fit(X)
    assert rbm.score_samples(X).mean() > start.score_samples(X).mean() + 10
    assert hasattr(rbm, "h_samples_") == (algorithm in ("pcd", "fast-pcd"))


def test_the_likelihood_of_a_small_model_is_exact(rng):
    X = (rng.random((60, 6)) < 0.4).astype(float)
    X[:, 1] = X[:, 0]
    rbm = aerbm.BernoulliRBM(4, n_iter=30, likelihood=True, random_state=0).fit(X)
    states = np.array(list(product([0.0, 1.0], repeat=6)))
    log_z = np.logaddexp.reduce(-rbm.free_energy(states))
    assert rbm.log_z_ == pytest.approx(log_z, abs=1e-4)
    assert rbm.log_likelihood_ == pytest.approx(-rbm.free_energy(X).mean() - log_z, abs=1e-4)
    assert np.exp(rbm.log_likelihood(states)).sum() == pytest.approx(1, abs=1e-4)


def test_the_interval_of_a_larger_model_covers_its_value(X):
    rbm = aerbm.BernoulliRBM(24, n_iter=3, random_state=0).fit(X).measure_likelihood(X, precision=0.3)
    low, high = rbm.log_likelihood_interval_
    assert low < rbm.log_likelihood_ < high < 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_matrix, sp.csr_array, sp.csc_array])
def test_the_form_of_rows_changes_nothing(X, dtype, container):
    plain = aerbm.BernoulliRBM(8, n_iter=2, random_state=0).fit(X.astype(np.float32))
    rows = container(X.astype(dtype))
    rbm = aerbm.BernoulliRBM(8, n_iter=2, random_state=0).fit(rows)
    assert rbm.components_.dtype == dtype
    np.testing.assert_allclose(rbm.components_, plain.components_, rtol=1e-6)
    codes = rbm.transform(rows)
    assert codes.dtype == dtype
    np.testing.assert_allclose(codes, plain.transform(X.astype(np.float32)), atol=1e-6)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda rbm: pickle.loads(pickle.dumps(rbm))])
def test_training_goes_on_after_pickling(X, again):
    rbm = aerbm.BernoulliRBM(8, momentum=0.5, random_state=0)
    for _ in range(3):
        rbm.partial_fit(X[:20])
    other = again(rbm)
    np.testing.assert_array_equal(other.h_samples_, rbm.h_samples_)
    for model in (rbm, other):
        model.partial_fit(X[20:50]).partial_fit(X[:5])
    np.testing.assert_array_equal(other.components_, rbm.components_)
    np.testing.assert_array_equal(other.h_samples_, rbm.h_samples_)


def test_threads_change_nothing(X):
    one, two = (aerbm.BernoulliRBM(64, random_state=0, n_iter=2, n_jobs=n).fit(X) for n in (1, 2))
    np.testing.assert_array_equal(one.components_, two.components_)
    with pytest.raises(ValueError, match="n_jobs"):
        aerbm.BernoulliRBM(n_jobs=0).fit(X)


def test_gaussian_units_reconstruct_columns_of_any_scale(rng):
    hidden = rng.normal(size=(400, 2))
    X = hidden @ rng.normal(size=(2, 6)) * np.array([1, 10, 100, 1, 1, 1]) + np.arange(6)
    rbm = aerbm.GaussianRBM(32, n_iter=60, learning_rate=0.02, random_state=0).fit(X)
    np.testing.assert_allclose(rbm.scale_, X.std(axis=0), rtol=1e-4)
    error = ((rbm.reconstruct(X) - X) ** 2).mean(axis=0) / X.var(axis=0)
    assert error.mean() < 0.6
    assert rbm.sample(3, gibbs_steps=20).shape == (3, 6)
    outlier = X[:1] + 8 * X.std(axis=0)
    assert rbm.score_samples(outlier)[0] < rbm.score_samples(X).min()


def test_mistakes_are_named(X):
    with pytest.raises(ValueError, match="algorithm = 'cdd'"):
        aerbm.BernoulliRBM(algorithm="cdd").fit(X)
    with pytest.raises(ValueError, match="n_hidden"):
        aerbm.BernoulliRBM(0).fit(X)
    with pytest.raises(ValueError, match="learning_rat"):
        aerbm.BernoulliRBM(settings={"training.learning_rat": 1}).fit(X)
    with pytest.warns(UserWarning, match="outside"):
        aerbm.BernoulliRBM(2, n_iter=1).fit(2 * X)
