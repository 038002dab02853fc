"""Autoencoders, convolutional models, pipelines and searches."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import aerbm

ALL = [
    aerbm.Autoencoder(16, n_iter=30, batch_size=20, learning_rate=0.01),
    aerbm.SparseAutoencoder(32, n_iter=30, batch_size=20, learning_rate=0.01),
    aerbm.SparseAutoencoder(32, penalty="top-k", top_k=8, n_iter=30, batch_size=20, learning_rate=0.01),
    aerbm.DenoisingAutoencoder(32, level=0.3, n_iter=30, batch_size=20, learning_rate=0.005),
    aerbm.ContractiveAutoencoder(32, n_iter=30, batch_size=20, learning_rate=0.01),
    aerbm.DeepAutoencoder(8, hidden_layer_sizes=(32,), n_iter=20, batch_size=20, learning_rate=0.005),
    aerbm.ConvolutionalAutoencoder(8, kernel_size=3, n_iter=40, batch_size=20, learning_rate=0.01),
]


@pytest.mark.parametrize("estimator", ALL, ids=lambda it: type(it).__name__)
def test_they_reconstruct_better_than_the_mean(X, estimator):
    estimator = estimator.set_params(random_state=0).fit(X)
    error = ((estimator.reconstruct(X) - X) ** 2).mean()
    assert error < 0.75 * X.var(axis=0).mean()
    codes = estimator.transform(X)
    assert codes.shape == (300, len(estimator.get_feature_names_out()))
    if not isinstance(estimator, aerbm.ConvolutionalAutoencoder):
        decoded = estimator.inverse_transform(codes)
        np.testing.assert_allclose(decoded, estimator.reconstruct(X), atol=1e-5)
    assert len(estimator.loss_curve_) == estimator.n_iter_
    assert estimator.loss_curve_[-1] < estimator.loss_curve_[0]
    noise = np.random.default_rng(0).random(X.shape)
    assert estimator.score(noise) < estimator.score(X)
    other = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(other.transform(X), codes)


def test_a_linear_autoencoder_reaches_the_optimum_of_pca(rng):
    X = StandardScaler().fit_transform(rng.normal(size=(500, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=(500, 12)))
    linear = aerbm.Autoencoder(
        3, activation="identity", n_iter=100, learning_rate=0.01, batch_size=50, random_state=0
    ).fit(X)
    pca = PCA(3).fit(X)
    best = ((pca.inverse_transform(pca.transform(X)) - X) ** 2).mean()
    assert best <= ((linear.reconstruct(X) - X) ** 2).mean() < 1.02 * best


def test_sparse_rows_are_dense_rows(X):
    X = np.where(X > 0.6, X, 0)
    dense, rows = (aerbm.Autoencoder(8, n_iter=2, random_state=0).fit(it) for it in (X, sp.csr_array(X)))
    np.testing.assert_array_equal(dense.components_, rows.components_)
    np.testing.assert_allclose(dense.transform(X), rows.transform(sp.csr_array(X)), atol=1e-6)


def test_a_denoising_autoencoder_removes_noise(digits, rng):
    X = digits[0][:1200]
    model = aerbm.DenoisingAutoencoder(128, level=0.3, n_iter=40, batch_size=20, random_state=0).fit(X[:1000])
    noisy = (X[1000:] + rng.normal(scale=0.3, size=X[1000:].shape)).clip(0, 1)
    before, after = (((it - X[1000:]) ** 2).mean() for it in (noisy, model.denoise(noisy)))
    assert after < 0.6 * before


def test_early_stopping_holds_rows_out(X):
    model = aerbm.Autoencoder(
        16, n_iter=200, learning_rate=0.05, batch_size=10, early_stopping=True, n_iter_no_change=2, random_state=0
    )
    assert model.fit(X).n_iter_ < 200


def test_a_convolutional_rbm_draws_images(X):
    model = aerbm.ConvolutionalRBM(6, kernel_size=3, n_iter=3, batch_size=20, random_state=0).fit(X)
    assert model.transform(X).shape == (300, 3 * 3 * 6)
    images = model.sample(5, gibbs_steps=10)
    assert images.shape == (5, 64) and images.min() >= 0 and images.max() <= 1
    with pytest.raises(ValueError, match="image_shape"):
        aerbm.ConvolutionalRBM(image_shape=(7, 7)).fit(X)


def test_pipelines_searches_and_named_columns(digits):
    pytest.importorskip("pandas")
    X, y = digits[0][:400], digits[1][:400]
    pipeline = make_pipeline(
        aerbm.BernoulliRBM(64, n_iter=10, random_state=0), LogisticRegression(max_iter=500)
    )
    search = GridSearchCV(pipeline, {"bernoullirbm__learning_rate": [1e-6, 0.1]}, cv=2, n_jobs=2)
    assert search.fit(X, y).best_params_ == {"bernoullirbm__learning_rate": 0.1}
    encoder = aerbm.Autoencoder(3, n_iter=1).set_output(transform="pandas")
    frame = encoder.fit_transform(X)
    assert list(frame.columns) == ["autoencoder0", "autoencoder1", "autoencoder2"]


def test_progress_and_interrupts(X, capsys, monkeypatch):
    aerbm.Autoencoder(4, n_iter=2, verbose=1).fit(X)
    captured = capsys.readouterr()
    assert "2" in captured.out + captured.err

    class Stop(Exception):
        pass

    def stop(self, *_):
        raise Stop

    monkeypatch.setattr("aerbm._common.Progress._step", stop)
    with pytest.raises(Stop):
        aerbm.Autoencoder(4, n_iter=2, verbose=1).fit(X)
