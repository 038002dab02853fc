"""Autoencoders of dense layers."""

from ._fitted import choice
from ._fitted_autoencoder import FittedAutoencoder, corruption


class Autoencoder(FittedAutoencoder):
    """An autoencoder of fully connected layers.

    Parameters
    ----------
    n_components : number of code units.
    hidden_layer_sizes : units of the layers between data and code; the decoder mirrors them.
    activation : of the hidden units: 'logistic', 'tanh', 'relu', 'elu', 'identity' and others of the program.
    tied : whether the decoder uses the encoder's weights, transposed.
    data : 'unit' for values in [0, 1] (logistic output, cross-entropy), 'real' for others (identity, squared
        error), 'auto' to choose in fit.
    learning_rate, batch_size, n_iter, weight_decay : of training; the rate falls to 0 by a cosine.
    optimizer : 'adam', 'sgd', 'momentum' or 'rmsprop'.
    early_stopping : whether training stops after ``n_iter_no_change`` epochs without a lower error on the last
        ``validation_fraction`` of the rows.
    settings : further settings of the program, such as ``{"training.max_norm": 2.0}``.
    random_state : seed or generator of all random draws.
    n_jobs : number of threads; None for OMP_NUM_THREADS or all cores.
    verbose : whether progress is shown, by tqdm if it is installed.

    Attributes
    ----------
    components_ : weights of the first layer.
    loss_curve_, n_iter_ : the cost after each epoch, and their number.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    """

    def __init__(
        self,
        n_components=256,
        *,
        hidden_layer_sizes=(),
        activation="logistic",
        tied=False,
        data="auto",
        learning_rate=0.002,
        batch_size=100,
        n_iter=20,
        weight_decay=0.0,
        optimizer="adam",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.tied = tied
        self.data = data
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _settings(self, X, real):
        layers = {"model.encoder_layers": list(self.hidden_layer_sizes)}
        return super()._settings(X, real) | layers


class SparseAutoencoder(FittedAutoencoder):
    """An autoencoder with one hidden layer whose units are rarely active.

    ``penalty='kl'`` keeps each unit's mean activity near ``target``, with this ``strength``; 'l1' penalises
    activities; 'top-k' keeps the ``top_k`` largest of each row. The other parameters and the attributes are
    those of :class:`Autoencoder`.
    """

    def __init__(
        self,
        n_components=256,
        *,
        penalty="kl",
        target=0.05,
        strength=0.5,
        top_k=25,
        activation="logistic",
        tied=False,
        data="auto",
        learning_rate=0.002,
        batch_size=100,
        n_iter=15,
        weight_decay=0.0,
        optimizer="adam",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.penalty = penalty
        self.target = target
        self.strength = strength
        self.top_k = top_k
        self.activation = activation
        self.tied = tied
        self.data = data
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _settings(self, X, real):
        kl = {"kind": "kl", "target": self.target, "weight": self.strength}
        penalties = {
            "kl": {"training.penalty": kl},
            "l1": {"training.penalty": {"kind": "l1", "weight": self.strength}},
            "top-k": {"model.top_k": self.top_k},
        }
        return super()._settings(X, real) | choice("penalty", self.penalty, penalties)


class DenoisingAutoencoder(FittedAutoencoder):
    """An autoencoder that receives rows with noise and learns to return the rows without it.

    ``noise`` is 'gaussian', of standard deviation ``level`` and clipped to [0, 1] for such data; 'masking',
    which sets the fraction ``level`` of values to 0; or 'salt-and-pepper', which sets it to 0 or 1. ``denoise``
    removes noise. The other parameters and the attributes are those of :class:`Autoencoder`.
    """

    def __init__(
        self,
        n_components=256,
        *,
        noise="gaussian",
        level=0.5,
        hidden_layer_sizes=(),
        activation="elu",
        tied=False,
        data="auto",
        learning_rate=0.0007,
        batch_size=100,
        n_iter=20,
        weight_decay=0.0,
        optimizer="adam",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.noise = noise
        self.level = level
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.tied = tied
        self.data = data
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _settings(self, X, real):
        settings = super()._settings(X, real)
        settings["model.encoder_layers"] = list(self.hidden_layer_sizes)
        settings["training.corruption"] = corruption(self.noise, self.level, real)
        return settings

    def denoise(self, X):
        """X without its noise, n_samples × n_features."""
        return self.reconstruct(X)


class ContractiveAutoencoder(FittedAutoencoder):
    """An autoencoder whose code changes little with the data: ``strength`` times the squared norm of the
    code's Jacobian is added to the cost (Rifai et al. 2011). The other parameters and the attributes are those
    of :class:`Autoencoder`.
    """

    def __init__(
        self,
        n_components=256,
        *,
        strength=0.1,
        activation="logistic",
        tied=True,
        data="auto",
        learning_rate=0.002,
        batch_size=100,
        n_iter=20,
        weight_decay=0.0,
        optimizer="adam",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.strength = strength
        self.activation = activation
        self.tied = tied
        self.data = data
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _settings(self, X, real):
        penalty = {"kind": "contractive", "weight": self.strength}
        return super()._settings(X, real) | {"training.penalty": penalty}


class DeepAutoencoder(FittedAutoencoder):
    """A deep autoencoder (Hinton & Salakhutdinov 2006): its layers are pretrained one by one, unrolled and
    trained together. The code is linear.

    ``pretraining`` is 'autoencoder', for ``pretraining_iter`` epochs per layer at ``pretraining_learning_rate``,
    or None for random weights. The other parameters and the attributes are those of :class:`Autoencoder`.
    """

    def __init__(
        self,
        n_components=30,
        *,
        hidden_layer_sizes=(1000, 500, 250),
        pretraining="autoencoder",
        pretraining_iter=4,
        pretraining_learning_rate=0.001,
        activation="elu",
        data="auto",
        learning_rate=0.001,
        batch_size=100,
        n_iter=30,
        weight_decay=0.0,
        optimizer="adam",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.pretraining = pretraining
        self.pretraining_iter = pretraining_iter
        self.pretraining_learning_rate = pretraining_learning_rate
        self.activation = activation
        self.data = data
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _settings(self, X, real):
        layers = {
            "kind": "autoencoder",
            "training": {
                "epochs": self.pretraining_iter,
                "batch_size": self.batch_size,
                "learning_rate": self.pretraining_learning_rate,
            },
        }
        pretraining = {"autoencoder": {"pretraining.layers": layers}, None: {}}
        settings = {
            "model.n_hidden": self.n_components,
            "model.encoder_layers": list(self.hidden_layer_sizes),
            "model.hidden": self.activation,
            "model.code": "identity",
        }
        return settings | self._training(X) | choice("pretraining", self.pretraining, pretraining)
