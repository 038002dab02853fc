"""Restricted Boltzmann machines of dense layers."""

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._common import as_rows, dense, rows_in_unit_interval, rows_of, seed_of, threads_of
from ._dense_rbm import DenseRBM


class BernoulliRBM(DenseRBM):
    """An RBM of binary units; a drop-in replacement for ``sklearn.neural_network.BernoulliRBM``.

    Parameters of scikit-learn's class and their defaults have the same meaning. Values of X should be in
    [0, 1]; others are clipped, with a warning.

    Parameters
    ----------
    n_components : number of hidden units.
    learning_rate : learning rate.
    batch_size : number of rows in a step.
    n_iter : number of passes over the rows.
    verbose : whether each pass prints its pseudo-likelihood.
    random_state : seed or generator of all random draws.
    algorithm : 'pcd' (persistent chains, as in scikit-learn), 'cd', 'fast-pcd' or 'tempering'.
    gibbs_steps : k, the number of Gibbs steps per training step.
    n_chains : number of persistent chains; None for the number of rows in a batch.
    n_temperatures : number of temperatures of 'tempering'.
    momentum, weight_decay : of the training steps.
    likelihood : whether fit measures the likelihood and sets ``log_likelihood_``.
    settings : further settings of the program, such as ``{"training.offset_rate": 0.01}``.
    n_jobs : number of threads; None for OMP_NUM_THREADS or all cores.

    Attributes
    ----------
    components_, intercept_hidden_, intercept_visible_ : the parameters.
    h_samples_ : hidden states of the persistent chains.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    log_likelihood_, log_likelihood_interval_, log_z_, log_z_interval_ : after ``likelihood=True`` or
        ``measure_likelihood``, in nats.
    """

    _preset = "rbm"

    def __init__(
        self,
        n_components=256,
        *,
        learning_rate=0.1,
        batch_size=10,
        n_iter=10,
        verbose=0,
        random_state=None,
        algorithm="pcd",
        gibbs_steps=1,
        n_chains=None,
        n_temperatures=10,
        momentum=0.0,
        weight_decay=0.0,
        likelihood=False,
        settings=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.algorithm = algorithm
        self.gibbs_steps = gibbs_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.likelihood = likelihood
        self.settings = settings
        self.n_jobs = n_jobs

    def _rows(self, X, *, reset=False):
        return rows_in_unit_interval(self, X, reset=reset)

    def _measure(self, rows, threads):
        seed = seed_of(self.random_state)
        found = self._model.pseudo_log_likelihoods(rows, seed, threads).mean()
        return f"pseudo-likelihood = {found:.2f}"

    def score_samples(self, X):
        """An estimate of the pseudo-log-likelihood of each row in nats, from one unit drawn at random."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        seed = seed_of(self.random_state)
        return self._model.pseudo_log_likelihoods(rows, seed, threads_of(self.n_jobs))

    def gibbs(self, v):
        """The visible states after one Gibbs step from v, as booleans."""
        check_is_fitted(self)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        v = np.ascontiguousarray(np.atleast_2d(dense(v)), dtype=np.float32)
        seed = int(self.random_state_.randint(np.iinfo(np.int32).max))
        visible, _ = self._model.gibbs(v, 1, seed)
        return visible > 0.5

    # scikit-learn's private methods, under the names by which some programs call them.

    def _mean_hiddens(self, v):
        v = dense(v)
        rows = np.atleast_2d(v).astype(self._dtype, copy=False)
        means = self._model.encode(np.ascontiguousarray(rows), threads_of(self.n_jobs))
        return means[0] if v.ndim == 1 else means

    def _sample_hiddens(self, v, rng):
        means = self._mean_hiddens(v)
        return rng.uniform(size=means.shape) < means

    def _free_energy(self, v):
        return self._model.scores(as_rows(v), threads_of(self.n_jobs))


class GaussianRBM(DenseRBM):
    """An RBM with Gaussian visible units for real numbers, and binary hidden units.

    The means and standard deviations of the columns are estimated from the data, so that X need not be
    standardised; ``partial_fit`` estimates them from its first batch. Parameters and attributes are those of
    :class:`BernoulliRBM`, with contrastive divergence as the default algorithm and a lower learning rate.
    """

    _preset = "gaussian-rbm"

    def _rows(self, X, *, reset=False):
        # A single row does not determine standard deviations.
        return rows_of(self, X, reset=reset, least=2 if reset else 1)

    def __init__(
        self,
        n_components=256,
        *,
        learning_rate=0.01,
        batch_size=100,
        n_iter=30,
        verbose=0,
        random_state=None,
        algorithm="cd",
        gibbs_steps=1,
        n_chains=None,
        n_temperatures=10,
        momentum=0.9,
        weight_decay=2e-4,
        likelihood=False,
        settings=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.algorithm = algorithm
        self.gibbs_steps = gibbs_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.likelihood = likelihood
        self.settings = settings
        self.n_jobs = n_jobs

    @property
    def scale_(self):
        """The standard deviations σ of the visible units; weights and visible biases multiply v / σ."""
        check_is_fitted(self)
        return self._model.tensors()["visible_std"].astype(self._dtype, copy=False)

    def _measure(self, rows, threads):
        return f"free energy = {self._model.scores(rows, threads).mean():.2f}"

    def score_samples(self, X):
        """−F(v), the log-density of each row in nats up to the constant ln Z."""
        return -self.free_energy(X)
