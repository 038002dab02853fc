"""Convolutional models of images. A row holds the pixels row by row, with the channels of a pixel together."""

import json
import math

from sklearn.utils.validation import check_is_fitted

from ._common import rows_in_unit_interval, seed_of, threads_of
from ._fitted import FittedModel
from ._fitted_autoencoder import FittedAutoencoder, corruption


def image_of(image_shape, n_features):
    """Height, width and channels of rows: as given, those of square images, or those of a single line of pixels."""
    if image_shape is None:
        side = math.isqrt(n_features)
        return (side, side, 1) if side >= 8 and side * side == n_features else (1, n_features, 1)
    shape = tuple(int(size) for size in image_shape)
    shape = shape if len(shape) == 3 else (*shape, 1)
    if math.prod(shape) != n_features:
        raise ValueError(f"image_shape = {image_shape}: X has {n_features} features")
    return shape


class ConvolutionalAutoencoder(FittedAutoencoder):
    """An autoencoder of images. It has ``n_maps`` kernels of ``kernel_size`` × ``kernel_size``; max-pooling keeps
    one value of each map in each window of ``pool_size`` × ``pool_size``; the decoder is the transpose.

    ``image_shape`` is (height, width) or (height, width, channels); None treats rows of a square length as
    square images. ``noise`` and ``level`` are those of :class:`DenoisingAutoencoder`; None means no noise. The
    other parameters and the attributes are those of :class:`Autoencoder`.
    """

    _preset = "conv-autoencoder"

    def __init__(
        self,
        n_maps=16,
        *,
        kernel_size=5,
        pool_size=2,
        image_shape=None,
        noise=None,
        level=0.5,
        activation="relu",
        data="auto",
        learning_rate=0.002,
        batch_size=100,
        n_iter=5,
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
        self.n_maps = n_maps
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.image_shape = image_shape
        self.noise = noise
        self.level = level
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

    def _image(self, n_features):
        return image_of(self.image_shape, n_features)

    def _settings(self, X, real):
        convolution = {
            "input": self._image(X.shape[1]),
            "maps": self.n_maps,
            "kernel": self.kernel_size,
            "pool": self.pool_size,
        }
        settings = {"model.convolution": convolution, "model.hidden": self.activation}
        if self.noise is not None:
            settings["training.corruption"] = corruption(self.noise, self.level, real)
        return settings | self._training(X)

    def _take(self, model, contract):
        own = json.loads(model.settings)["model"]
        convolution = own["convolution"]
        self.set_params(
            n_maps=convolution["maps"],
            kernel_size=convolution["kernel"],
            pool_size=convolution["pool"],
            image_shape=model.image,
        )
        return super()._take(model, contract)


class ConvolutionalRBM(FittedModel):
    """A convolutional RBM with probabilistic max-pooling (Lee et al. 2009), for images with values in [0, 1].

    ``n_maps`` kernels of ``kernel_size`` × ``kernel_size``; pooling units over ``pool_size`` × ``pool_size``
    are the codes. ``image_shape`` is that of :class:`ConvolutionalAutoencoder`. ``algorithm`` is 'pcd', with
    ``batch_size`` chains, or 'cd'.
    """

    _preset = "conv-rbm"
    data = "unit"

    def __init__(
        self,
        n_maps=24,
        *,
        kernel_size=7,
        pool_size=2,
        image_shape=None,
        algorithm="pcd",
        learning_rate=0.3,
        batch_size=100,
        n_iter=4,
        settings=None,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_maps = n_maps
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.image_shape = image_shape
        self.algorithm = algorithm
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _image(self, n_features):
        return image_of(self.image_shape, n_features)

    def _settings(self, X, real):
        algorithms = {
            "pcd": {"kind": "pcd", "chains": self.batch_size},
            "cd": {"kind": "cd", "negative_visible": "samples"},
        }
        if self.algorithm not in algorithms:
            raise ValueError(f"algorithm = {self.algorithm!r}: expected 'pcd' or 'cd'")
        layer = {
            "input": self._image(X.shape[1]),
            "model": {"maps": self.n_maps, "kernel": self.kernel_size, "pool": self.pool_size},
            "training": {
                "epochs": self.n_iter,
                "batch_size": self.batch_size,
                "binarisation": "sample",
                "algorithm": algorithms[self.algorithm],
                "learning_rate": self.learning_rate,
                "schedule": "linear",
                "weight_decay": 0.0,
                "sparsity_cost": 0.0,
                "initial_momentum": 0.0,
                "momentum": 0.0,
            },
        }
        return {"layers": [layer]}

    def _rows(self, X, *, reset=False):
        return rows_in_unit_interval(self, X, reset=reset)

    def score_samples(self, X):
        """−F(v), the log-probability of each row in nats up to the constant ln Z."""
        check_is_fitted(self)
        _, rows = self._rows(X)
        return -self._model.scores(rows, threads_of(self.n_jobs))

    def sample(self, n_samples=1, *, gibbs_steps=1000, random_state=None):
        """Draws images: the means of the pixels at the ends of chains of Gibbs steps from noise."""
        check_is_fitted(self)
        seed = seed_of(self.random_state if random_state is None else random_state)
        found = self._model.sample(n_samples, gibbs_steps, seed, threads_of(self.n_jobs))
        return found.astype(self._dtype, copy=False)

    def _take(self, model, contract):
        layer = json.loads(model.settings)["layers"][0]
        self.set_params(
            n_maps=layer["model"]["maps"],
            kernel_size=layer["model"]["kernel"],
            pool_size=layer["model"]["pool"],
            image_shape=model.image,
            algorithm=layer["training"]["algorithm"]["kind"],
            learning_rate=layer["training"]["learning_rate"],
            batch_size=layer["training"]["batch_size"],
            n_iter=layer["training"]["epochs"],
        )
        return super()._take(model, contract)
