"""The protocol of RBMs of dense layers: parameters, training, samples and the likelihood."""

import json
import time
import warnings

import numpy as np
from sklearn.utils.validation import check_is_fitted

from . import _aerbm
from ._common import Progress, as_rows, assignments, contract_of, seed_of, threads_of
from ._fitted import ModelEstimator


def _parameter(name, of_tensor, to_tensor):
    """An attribute that is read from the model on access, and changes the model when it is set."""

    def read(self):
        model = self.__dict__.get("_model")
        if model is None:
            raise AttributeError(f"{type(self).__name__} has no {name} before it is fitted")
        return of_tensor(model.tensors()).astype(self._dtype, copy=False)

    def write(self, value):
        check_is_fitted(self)
        tensors = self._model.tensors()
        tensors.update(to_tensor(np.asarray(value, dtype=np.float32)))
        self._model = self._model.with_parameters(
            *(np.ascontiguousarray(tensors[key]) for key in ("weights", "visible_bias", "hidden_bias"))
        )
        self._suspend()

    return property(read, write)


class DenseRBM(ModelEstimator):
    """The protocol of both kinds of RBM."""

    components_ = _parameter(
        "components_", lambda t: t["weights"].T, lambda value: {"weights": value.T}
    )
    intercept_hidden_ = _parameter(
        "intercept_hidden_", lambda t: t["hidden_bias"], lambda value: {"hidden_bias": value}
    )
    intercept_visible_ = _parameter(
        "intercept_visible_", lambda t: t["visible_bias"], lambda value: {"visible_bias": value}
    )

    @property
    def h_samples_(self):
        """Hidden states of the persistent chains, chains × hidden."""
        chains = self.__dict__.get("_chains")
        if self.__dict__.get("_learner") is not None:
            chains = self._learner.chains()
        if chains is None:
            raise AttributeError(f"{type(self).__name__} has no persistent chains")
        return chains.astype(self._dtype, copy=False)

    def __getstate__(self):
        state = super().__getstate__().copy()
        learner = state.pop("_learner", None)
        if learner is not None:
            state["_training"] = learner.state(), learner.steps
            state["_chains"] = learner.chains()
        return state

    def _suspend(self):
        """Saves the state of training without the model, which has changed."""
        if self.__dict__.get("_learner") is not None:
            self._training = self._learner.state(), self._learner.steps
            self._chains = self._learner.chains()
            self._learner = None

    def _settings(self):
        settings = {
            "model.n_hidden": self.n_components,
            "training.learning_rate": self.learning_rate,
            "training.batch_size": self.batch_size,
            "training.epochs": max(self.n_iter, 1),
            "training.gibbs_steps": self.gibbs_steps,
            "training.momentum": self.momentum,
            "training.initial_momentum": min(self.momentum, 0.5),
            "training.weight_decay": self.weight_decay,
            "training.schedule": "constant",
            "training.algorithm": self._algorithm(),
        }
        return settings | (self.settings or {})

    def _algorithm(self):
        chains = self.batch_size if self.n_chains is None else self.n_chains
        algorithms = {
            "pcd": {"kind": "pcd", "chains": chains},
            "cd": {"kind": "cd", "negative_visible": "samples"},
            "fast-pcd": {
                "kind": "fast-pcd",
                "chains": chains,
                "fast_rate": self.learning_rate,
                "fast_decay": 0.95,
            },
            "tempering": {
                "kind": "tempering",
                "chains": chains,
                "temperatures": self.n_temperatures,
            },
        }
        if self.algorithm not in algorithms:
            known = ", ".join(map(repr, algorithms))
            raise ValueError(f"algorithm = {self.algorithm!r}: expected one of {known}")
        return algorithms[self.algorithm]

    def _begin(self, X, rows):
        self._dtype = X.dtype
        self._seed = seed_of(self.random_state)
        self._learner = _aerbm.Learner(
            self._preset, assignments(self._settings()), rows, self._seed, threads_of(self.n_jobs)
        )
        self._n_features_out = self.n_components
        for name in ("log_z_", "log_z_interval_", "log_likelihood_", "log_likelihood_interval_"):
            self.__dict__.pop(name, None)

    def fit(self, X, y=None):
        """Learns from X (n_samples × n_features); an earlier fit is forgotten."""
        X, rows = self._rows(X, reset=True)
        self._begin(X, rows)
        threads = threads_of(self.n_jobs)
        begin = time.time()
        for iteration in range(1, self.n_iter + 1):
            self._learner.epoch(rows, threads)
            if self.verbose:
                self._model = self._learner.model()
                name, measure = type(self).__name__, self._measure(rows, threads)
                end = time.time()
                print(f"[{name}] Iteration {iteration}, {measure}, time = {end - begin:.2f}s")
                begin = end
        self._model = self._learner.model()
        self._contract = contract_of(X, self._model.image)
        self.n_iter_ = self.n_iter
        if self.likelihood:
            self.measure_likelihood(X)
        return self

    def partial_fit(self, X, y=None):
        """Takes one training step on all rows of X as one batch."""
        first = not self.__sklearn_is_fitted__()
        X, rows = self._rows(X, reset=first)
        if first:
            self._begin(X, rows)
        elif self.__dict__.get("_learner") is None:
            state, steps = self._training
            self._learner = _aerbm.Learner.resume(self._model, state, steps, rows)
        self._learner.step(rows, threads_of(self.n_jobs))
        self._model = self._learner.model()
        if first:
            self._contract = contract_of(X, self._model.image)
        return self

    def free_energy(self, X):
        """F(v) = −ln p(v) − ln Z of each row, in nats."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        return self._model.scores(rows, threads_of(self.n_jobs))

    def sample(self, n_samples=1, *, gibbs_steps=1000, random_state=None):
        """Draws samples: the means of the visible units at the ends of chains of Gibbs steps from noise.
        ``random_state`` is that of the estimator unless it is given."""
        check_is_fitted(self)
        seed = seed_of(self.random_state if random_state is None else random_state)
        found = self._model.sample(n_samples, gibbs_steps, seed, threads_of(self.n_jobs))
        return found.astype(self._dtype, copy=False)

    def measure_likelihood(self, X, *, precision=0.1):
        """Measures log Z, exactly if a layer has 20 units or fewer, otherwise by tempering until the half-width of the
        95 % interval is ``precision`` nats, and sets ``log_z_``, ``log_z_interval_``, ``log_likelihood_`` (the mean
        over X in nats) and ``log_likelihood_interval_``. Grey values of binary units are first drawn as binary
        states, as in the program. Warns if the estimate is unreliable."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        states = as_rows(self._model.states(rows))
        threads = threads_of(self.n_jobs)
        with Progress(type(self).__name__, self.verbose) as listener:
            (lower, value, upper), verdict = self._model.log_z(
                states, precision, seed_of(self.random_state), threads, listener
            )
        if "unreliable" in verdict or "wider than asked" in verdict:
            warnings.warn(f"log Z: {verdict}", stacklevel=2)
        energy = self._model.scores(states, threads).mean()
        self.log_z_, self.log_z_interval_ = value, (lower, upper)
        self.log_likelihood_ = float(-energy - value)
        self.log_likelihood_interval_ = (float(-energy - upper), float(-energy - lower))
        return self

    def log_likelihood(self, X):
        """The log-likelihood of each row in nats, after ``measure_likelihood`` or a fit with
        ``likelihood=True``. Grey values of binary units are first drawn as binary states."""
        check_is_fitted(self, "log_z_")
        _, rows = self._rows(X)
        states = as_rows(self._model.states(rows))
        return -self._model.scores(states, threads_of(self.n_jobs)) - self.log_z_

    def _take(self, model, contract):
        """Becomes the estimator of a model of the program."""
        settings = json.loads(model.settings)
        training, algorithm = settings["training"], settings["training"]["algorithm"]
        self.set_params(
            n_components=settings["model"]["n_hidden"],
            learning_rate=training["learning_rate"],
            batch_size=training["batch_size"],
            n_iter=training["epochs"],
            algorithm=algorithm["kind"],
            gibbs_steps=training["gibbs_steps"],
            n_chains=algorithm.get("chains"),
            momentum=training["momentum"],
            weight_decay=training["weight_decay"],
            random_state=model.seed,
        )
        self._model, self._dtype, self._contract = model, np.dtype(np.float32), contract
        self._n_features_out, self.n_features_in_ = self.n_components, model.n_visible
        self.n_iter_ = len(model.epochs())
        return self
