"""Models of the program as estimators."""

import json
from pathlib import Path

from . import _aerbm
from ._autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DeepAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
)
from ._classifier import PretrainedClassifier
from ._convolutional import ConvolutionalAutoencoder, ConvolutionalRBM
from ._rbm import BernoulliRBM, GaussianRBM


def load(folder):
    """Loads the model in a folder that the program or ``save`` wrote, as a fitted estimator. The folder of a
    comparison, or one with only a classifier, gives the classifier. Estimators take rows that are scaled as the
    model's training data were, which ``data.json`` in its folder describes."""
    folder = Path(folder)
    try:
        model = _aerbm.Model.load(folder)
    except ValueError:
        if not any((place / "classifier.safetensors").is_file() for place in (folder, folder / "best")):
            raise
        best = folder / "best"
        folder = best if best.is_dir() else folder
        classifier = _aerbm.Classifier.load(folder)
        sizes = classifier.sizes
        contract = _aerbm.read_contract(folder, sizes[0], sizes[-1])
        return PretrainedClassifier()._take(classifier, contract)
    # A run with one model keeps it in a subfolder.
    inner = [folder, *folder.glob("models/*")]
    place = next(place for place in inner if (place / "model.safetensors").is_file())
    return _estimator_of(model)._take(model, _aerbm.read_contract(place, model.n_visible))


def _estimator_of(model):
    settings = json.loads(model.settings)
    if model.kind == "conv-rbm" and len(settings["layers"]) == 1:
        return ConvolutionalRBM()
    if model.kind == "rbm":
        visible = settings["model"]["visible"]
        estimators = {"binary": BernoulliRBM, "gaussian": GaussianRBM}
        if visible in estimators:
            return estimators[visible]()
        raise ValueError(f"an RBM with {visible} visible units: expected binary or gaussian ones")
    if model.kind != "autoencoder":
        raise ValueError(f"a {model.kind} of several layers has no estimator; the program uses it")
    own, training = settings["model"], settings["training"]
    penalty = training.get("penalty", {}).get("kind")
    if "convolution" in own:
        return ConvolutionalAutoencoder()
    if penalty == "contractive":
        return ContractiveAutoencoder(strength=training["penalty"]["weight"])
    if penalty is not None or "top_k" in own:
        return SparseAutoencoder(penalty=penalty or "top-k", top_k=own.get("top_k", 25))
    if "pretraining" in settings:
        return DeepAutoencoder()
    if "corruption" in training:
        noise = training["corruption"]
        return DenoisingAutoencoder(noise=noise["kind"], level=noise.get("std", noise.get("fraction")))
    return Autoencoder()
