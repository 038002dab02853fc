"""Classifiers from few labels."""

import json

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _aerbm
from ._common import Progress, as_rows, contract_of, rows_of, seed_of, threads_of


def _numbers(names):
    """The names of classes as integers, if all of them are integers."""
    try:
        return np.asarray([int(name) for name in names])
    except ValueError:
        return np.asarray(names)


def _validation_error(model):
    """The fraction of the held-out rows that a network misclassifies; NaN if none were held out."""
    error_pct, _ = model.validation
    return np.nan if error_pct is None else error_pct / 100


class PretrainedClassifier(ClassifierMixin, BaseEstimator):
    """A network whose hidden layers are pretrained on all rows without labels, one by one, and fine-tuned on
    the labelled rows. Rows with ``y == -1`` have no label, as in scikit-learn's semi-supervised estimators.

    Parameters
    ----------
    hidden_layer_sizes : units of the hidden layers from the data up; () for logistic regression.
    pretraining : a method of the program's comparison, such as 'rbm', 'autoencoder', 'denoising', 'sparse',
        'contractive', 'pca', or 'none' for random weights; or a list of one for each layer, in which a layer
        may also be a dict of the program's settings, such as ``{"kind": "rbm", "training": {"epochs": 5}}``.
    pretraining_iter : epochs of each layer; None for those of the method, with more of them for few rows.
    learning_rate, batch_size, n_updates : of fine-tuning.
    freeze : whether only the output layer is fine-tuned.
    validation_fraction : fraction of the labelled rows of each class, rounded down, that is held out to decide when
        to stop. Without held-out rows, the network after the last step is kept, which is better unless labels are many.
    settings : further settings of fine-tuning, such as ``{"dropout": {"input": 0.2, "hidden": 0.5}}``.
    random_state, n_jobs, verbose : as in the other estimators.

    Attributes
    ----------
    classes_ : the classes.
    validation_error_ : fraction of the held-out rows that is misclassified; NaN without such rows.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    """

    def __init__(
        self,
        hidden_layer_sizes=(500,),
        *,
        pretraining="rbm",
        pretraining_iter=None,
        learning_rate=1e-3,
        batch_size=100,
        n_updates=2000,
        freeze=False,
        validation_fraction=0.0,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.pretraining = pretraining
        self.pretraining_iter = pretraining_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_updates = n_updates
        self.freeze = freeze
        self.validation_fraction = validation_fraction
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __sklearn_is_fitted__(self):
        return self.__dict__.get("_model") is not None

    def _plan(self, n_rows):
        """The hidden layers with their pretraining on ``n_rows`` rows, from the data up."""
        sizes = list(self.hidden_layer_sizes)
        ways = self.pretraining
        if isinstance(ways, str):
            layers = json.loads(_aerbm.method_layers(ways, len(sizes), n_rows))
        else:
            if len(ways) != len(sizes):
                raise ValueError(f"{len(ways)} ways of pretraining: expected one for each of {len(sizes)} layers")
            layers = [
                json.loads(_aerbm.method_layers(way, index + 1, n_rows))[index]
                if isinstance(way, str)
                else dict(way)
                for index, way in enumerate(ways)
            ]
        if self.pretraining_iter is not None:
            for layer in layers:
                if layer["kind"] not in ("random", "pca"):
                    layer.setdefault("training", {})["epochs"] = self.pretraining_iter
        return [{"pretraining": layer, "n_hidden": size} for layer, size in zip(layers, sizes)]

    def fit(self, X, y):
        """Learns from X (n_samples × n_features) and y, in which -1 marks rows without a label."""
        dtypes = (np.float64, np.float32)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=dtypes, ensure_min_samples=2)
        check_classification_targets(y)
        labelled = y != -1 if np.issubdtype(y.dtype, np.number) else np.ones(len(y), dtype=bool)
        self.classes_, codes = np.unique(y[labelled], return_inverse=True)
        if not 1 <= len(self.classes_) <= 256:
            raise ValueError(f"{len(self.classes_)} classes: expected 1 to 256, and -1 for no label")
        labels = np.full(len(y), -1)
        labels[labelled] = codes
        plan = self._plan(len(y))
        tuning = {
            "updates": self.n_updates,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "learning_rate_multipliers": [0.0] * len(plan) if self.freeze else [],
        }
        with Progress(type(self).__name__, self.verbose) as listener:
            self._model = _aerbm.Classifier.fit(
                json.dumps(plan),
                json.dumps(tuning | (self.settings or {})),
                self.validation_fraction,
                as_rows(X),
                [None if label < 0 else label for label in labels.tolist()],
                len(self.classes_),
                seed_of(self.random_state),
                threads_of(self.n_jobs),
                listener,
            )
        self._contract = contract_of(X, (1, X.shape[1], 1), self.classes_)
        self.validation_error_ = _validation_error(self._model)
        return self

    def predict(self, X):
        """The most probable class of each row."""
        check_is_fitted(self)
        _, rows = rows_of(self, X, reset=False)
        return self.classes_[self._model.predict(rows, threads_of(self.n_jobs))]

    def predict_proba(self, X):
        """The probability of each class, n_samples × n_classes."""
        check_is_fitted(self)
        _, rows = rows_of(self, X, reset=False)
        return self._model.probabilities(rows, threads_of(self.n_jobs))

    def codes(self, X):
        """The outputs of the last hidden layer, n_samples × its units."""
        check_is_fitted(self)
        _, rows = rows_of(self, X, reset=False)
        return self._model.codes(rows, threads_of(self.n_jobs))

    def save(self, folder):
        """Writes the network into a folder, as the program does; ``aerbm.load`` reads it, with the names of the
        classes."""
        check_is_fitted(self)
        self._model.save(folder, self._contract)

    def _take(self, model, contract):
        """Becomes the estimator of a classifier of the program."""
        sizes = model.sizes
        self.set_params(hidden_layer_sizes=tuple(sizes[1:-1]))
        self._model, self._contract, self.n_features_in_ = model, contract, sizes[0]
        classes = json.loads(contract or "{}").get("classes") or {}
        names = classes.get("names") or model.classes or np.arange(sizes[-1])
        self.classes_ = _numbers(names)
        self.validation_error_ = _validation_error(model)
        return self
