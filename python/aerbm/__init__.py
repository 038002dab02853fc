"""Autoencoders and restricted Boltzmann machines with scikit-learn's protocol.

Estimators train in float32 on all cores, accept float32, float64 and sparse rows, and read and write the
models of the program ``aerbm``.
"""

from importlib.metadata import version

from . import plot
from ._autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DeepAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
)
from ._classifier import PretrainedClassifier
from ._compare import Comparison, compare
from ._convolutional import ConvolutionalAutoencoder, ConvolutionalRBM
from ._load import load
from ._rbm import BernoulliRBM, GaussianRBM

__version__ = version("aerbm")

__all__ = [
    "Autoencoder",
    "BernoulliRBM",
    "Comparison",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "ConvolutionalRBM",
    "DeepAutoencoder",
    "DenoisingAutoencoder",
    "GaussianRBM",
    "PretrainedClassifier",
    "SparseAutoencoder",
    "compare",
    "load",
    "plot",
]
