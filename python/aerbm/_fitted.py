"""The protocols of estimators that transform rows."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from . import _aerbm
from ._common import Progress, assignments, contract_of, in_unit_interval, rows_of, seed_of, threads_of


def choice(name, value, known):
    """The entry of a table with this name."""
    if value not in known:
        raise ValueError(f"{name} = {value!r}: expected one of {', '.join(map(repr, known))}")
    return known[value]


class ModelEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The operations that all transformers have. The model is in `_model` once it is fitted."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __sklearn_is_fitted__(self):
        return self.__dict__.get("_model") is not None

    def _rows(self, X, *, reset=False):
        return rows_of(self, X, reset=reset)

    def transform(self, X):
        """The codes of X or, for RBMs, the probabilities of the hidden units, n_samples × n_components."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        return self._model.encode(rows, threads_of(self.n_jobs))

    def reconstruct(self, X):
        """X encoded and decoded again, n_samples × n_features; for RBMs, the means of the visible units."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        return self._model.reconstruct(rows, threads_of(self.n_jobs))

    def save(self, folder):
        """Writes the model into a folder, as the program does; ``aerbm.load`` reads it."""
        check_is_fitted(self)
        self._model.save(folder, self._contract)


class FittedModel(ModelEstimator):
    """The protocol of models that are trained in one call."""

    def _image(self, n_features):
        """Height, width and channels of the rows, if the model is one of images."""
        return

    def _is_real(self, X):
        return choice("data", self.data, {"auto": not in_unit_interval(X), "unit": False, "real": True})

    def fit(self, X, y=None):
        """Learns from X (n_samples × n_features); an earlier fit is forgotten."""
        X, rows = self._rows(X, reset=True)
        real = self._is_real(X)
        settings = self._settings(X, real) | (self.settings or {})
        with Progress(type(self).__name__, self.verbose) as listener:
            model = _aerbm.Model.fit(
                self._preset,
                assignments(settings),
                rows,
                self._image(X.shape[1]),
                real,
                seed_of(self.random_state),
                threads_of(self.n_jobs),
                listener,
            )
        self._adopt(model, contract_of(X, model.image))
        self._dtype = X.dtype
        return self

    def _adopt(self, model, contract):
        self._model, self._contract = model, contract
        self.loss_curve_ = [value for _, value, _, _ in model.epochs()]
        self.n_iter_ = len(self.loss_curve_)
        probe = np.zeros((1, model.n_visible), dtype=np.float32)
        self._n_features_out = model.encode(probe, 1).shape[1]

    def _take(self, model, contract):
        """Becomes the estimator of a model of the program."""
        self.set_params(random_state=model.seed)
        self._adopt(model, contract)
        self._dtype, self.n_features_in_ = np.dtype(np.float32), model.n_visible
        return self
