"""The protocol of autoencoders."""

import json

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._common import as_rows, threads_of
from ._fitted import FittedModel, choice

_OPTIMIZERS = {
    "adam": {"kind": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "sgd": {"kind": "sgd"},
    "momentum": {"kind": "momentum", "momentum": 0.9},
    "rmsprop": {"kind": "rms-prop", "decay": 0.9, "epsilon": 1e-8},
}


class FittedAutoencoder(FittedModel):
    """The protocol of dense and convolutional autoencoders."""

    _preset = "autoencoder"

    @property
    def components_(self):
        """The weights of the first layer, units × inputs."""
        model = self.__dict__.get("_model")
        if model is None:
            raise AttributeError(f"{type(self).__name__} has no components_ before it is fitted")
        return model.filters().T.astype(self._dtype, copy=False)

    def _training(self, X):
        settings = {
            "training.epochs": self.n_iter,
            "training.batch_size": self.batch_size,
            "training.learning_rate": self.learning_rate,
            "training.weight_decay": self.weight_decay,
            "training.optimizer": choice("optimizer", self.optimizer, _OPTIMIZERS),
        }
        if self.early_stopping:
            held_out = int(np.ceil(self.validation_fraction * X.shape[0]))
            settings["split"] = {"train": max(X.shape[0] - held_out, 1)}
            settings["stopping.patience"] = self.n_iter_no_change
        return settings

    def _settings(self, X, real):
        settings = {
            "model.n_hidden": self.n_components,
            "model.hidden": self.activation,
            "model.tied": self.tied,
        }
        return settings | self._training(X)

    def inverse_transform(self, codes):
        """The rows that codes represent, n_samples × n_features."""
        check_is_fitted(self)
        return self._model.decode(as_rows(np.asarray(codes)))

    def score_samples(self, X):
        """The negative reconstruction loss of each row: lower values are more unusual."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        return -self._model.scores(rows, threads_of(self.n_jobs))

    def score(self, X, y=None):
        """The mean of ``score_samples``."""
        return float(self.score_samples(X).mean())

    def _take(self, model, contract):
        settings = json.loads(model.settings)
        own, training = settings["model"], settings["training"]
        values = {
            "n_components": own["n_hidden"],
            "hidden_layer_sizes": tuple(own.get("encoder_layers", ())),
            "activation": own["hidden"],
            "tied": own["tied"],
            "n_iter": training["epochs"],
            "batch_size": training["batch_size"],
            "learning_rate": training["learning_rate"],
            "weight_decay": training["weight_decay"],
        }
        known = self.get_params()
        self.set_params(**{name: value for name, value in values.items() if name in known})
        return super()._take(model, contract)


def corruption(noise, level, real):
    """Noise in the form that the program takes."""
    kinds = {
        "gaussian": {"kind": "gaussian", "std": level, "clip": not real},
        "masking": {"kind": "masking", "fraction": level},
        "salt-and-pepper": {"kind": "salt-and-pepper", "fraction": level},
    }
    return choice("noise", noise, kinds)
