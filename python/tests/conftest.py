"""Data that the tests share."""

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def digits():
    """scikit-learn's digits in [0, 1], with their classes."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture(scope="session")
def X(digits):
    return digits[0][:300]


@pytest.fixture
def rng():
    return np.random.default_rng(0)
