"""Models in folders, shared with the program, and figures of them."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import aerbm

ESTIMATORS = [
    aerbm.BernoulliRBM(6, n_iter=2, random_state=3),
    aerbm.GaussianRBM(6, n_iter=2, random_state=3),
    aerbm.Autoencoder(6, hidden_layer_sizes=(9,), n_iter=2, random_state=3),
    aerbm.SparseAutoencoder(6, n_iter=2, random_state=3),
    aerbm.DenoisingAutoencoder(6, n_iter=2, random_state=3),
    aerbm.ContractiveAutoencoder(6, n_iter=2, random_state=3),
    aerbm.DeepAutoencoder(3, hidden_layer_sizes=(9,), n_iter=2, random_state=3),
    aerbm.ConvolutionalAutoencoder(2, kernel_size=3, n_iter=1, random_state=3),
    aerbm.ConvolutionalRBM(2, kernel_size=3, n_iter=1, random_state=3),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda it: type(it).__name__)
def test_folders_give_the_same_model_and_the_same_bytes(X, tmp_path, estimator):
    estimator.fit(X)
    estimator.save(tmp_path / "one")
    loaded = aerbm.load(tmp_path / "one")
    assert type(loaded) is type(estimator)
    np.testing.assert_allclose(loaded.transform(X), estimator.transform(X), atol=1e-6)
    loaded.save(tmp_path / "two")
    for name in ("model.safetensors", "model.json", "data.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    same = {"n_components", "n_maps", "learning_rate", "n_iter", "batch_size", "random_state"}
    for name in same & estimator.get_params().keys():
        assert loaded.get_params()[name] == estimator.get_params()[name] or name == "random_state"


def test_a_classifier_in_a_folder(digits, tmp_path):
    X, y = digits
    model = aerbm.PretrainedClassifier((8,), n_updates=30, pretraining_iter=1, random_state=0).fit(X, y)
    model.save(tmp_path / "one")
    loaded = aerbm.load(tmp_path / "one")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    loaded.save(tmp_path / "two")
    for name in ("classifier.safetensors", "data.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    words = np.array(["even", "odd"])[y % 2]
    model.fit(X, words).save(tmp_path / "words")
    assert list(aerbm.load(tmp_path / "words").classes_) == ["even", "odd"]


def test_missing_and_damaged_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match="there is no model"):
        aerbm.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ValueError, match="model.safetensors"):
        aerbm.load(tmp_path)


def program():
    """The program: that of AERBM_PROGRAM, one built in the workspace, or the installed one."""
    root = Path(__file__).parents[2] / "target"
    places = [os.environ.get("AERBM_PROGRAM", ""), root / "debug" / "aerbm", root / "release" / "aerbm"]
    found = next((str(place) for place in places if place and Path(place).is_file()), shutil.which("aerbm"))
    return found or pytest.skip("the program aerbm is not built: cargo build, or set AERBM_PROGRAM")


def run(*arguments, cwd):
    done = subprocess.run([program(), *map(str, arguments)], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_uses_our_models_and_we_use_its(X, tmp_path):
    X = X.astype(np.float32)
    np.savez(tmp_path / "x.npz", X=X)
    run(
        "train", "rbm", "--data", "x.npz", "--set", "model.n_hidden=6", "--set", "training.epochs=2",
        "--seed", "5", "--out", "theirs", cwd=tmp_path,
    )
    theirs = aerbm.load(tmp_path / "theirs")
    assert isinstance(theirs, aerbm.BernoulliRBM) and theirs.n_components == 6
    theirs.save(tmp_path / "again")
    original = next((tmp_path / "theirs").rglob("model.safetensors"))
    for name in ("model.safetensors", "model.json", "data.json"):
        assert (tmp_path / "again" / name).read_bytes() == (original.parent / name).read_bytes()

    ours = aerbm.BernoulliRBM(6, n_iter=2, random_state=3).fit(X)
    ours.save(tmp_path / "ours")
    assert "rbm" in run("show", "ours", cwd=tmp_path)
    run("encode", "ours", "x.npz", "--out", "codes.npy", cwd=tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "codes.npy"), ours.transform(X), atol=1e-6)


def test_figures_are_drawn(digits, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    X, y = digits
    rbm = aerbm.BernoulliRBM(16, n_iter=3, random_state=0).fit(X)
    convolution = aerbm.ConvolutionalAutoencoder(4, kernel_size=3, n_iter=1, random_state=0).fit(X[:200])
    drawn = [
        aerbm.plot.filters(rbm),
        aerbm.plot.filters(convolution),
        aerbm.plot.reconstructions(rbm, X),
        aerbm.plot.gibbs(rbm, steps=(0, 1, 10)),
        aerbm.plot.codes(rbm, X, y),
    ]
    for index, axes in enumerate(drawn):
        axes.figure.savefig(tmp_path / f"{index}.png")
        assert (tmp_path / f"{index}.png").stat().st_size > 1000
        plt.close(axes.figure)
    with pytest.raises(ValueError, match="image_shape"):
        aerbm.plot.reconstructions(aerbm.Autoencoder(2, n_iter=1).fit(X[:, :10]), X[:, :10])
