"""Figures of fitted estimators, drawn by matplotlib, which is imported on first use.

Each function draws into ``ax``, or into a new figure, and returns the axes.
"""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._common import dense


def _axes(ax, size):
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def _image(estimator, n_values, image_shape):
    if image_shape is not None:
        return tuple(image_shape)
    height, width, channels = estimator._model.image
    if height * width * channels == n_values and height > 1:
        return (height, width) if channels == 1 else (height, width, channels)
    raise ValueError(f"rows of {n_values} values are not square images: pass image_shape")


def _grid(images, columns):
    """Images (n × height × width [× channels]) side by side, with one pixel between them."""
    rows = math.ceil(len(images) / columns)
    height, width, *channels = images[0].shape
    grid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, *channels), np.nan)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (height + 1), column * (width + 1)
        grid[top : top + height, left : left + width] = image
    return grid


def _show(ax, grid, **options):
    ax.imshow(grid, interpolation="nearest", **options)
    ax.set_axis_off()
    return ax


def filters(estimator, *, n=64, columns=8, image_shape=None, ax=None):
    """The weights into the first ``n`` units of the first layer, each as an image on its own scale: red
    excites, blue inhibits. Those of a convolution are its kernels."""
    check_is_fitted(estimator)
    weights = estimator._model.filters().T[:n]
    if hasattr(estimator, "kernel_size") and image_shape is None:
        channels = weights.shape[1] // estimator.kernel_size**2
        image_shape = (estimator.kernel_size, estimator.kernel_size, channels)
    shape = _image(estimator, weights.shape[1], image_shape)
    images = weights.reshape(len(weights), *shape)
    if images.ndim == 4:
        images = images.mean(axis=3)
    largest = np.abs(images).max(axis=(1, 2), keepdims=True)
    grid = _grid(images / np.where(largest > 0, largest, 1), columns)
    ax = _axes(ax, (columns, math.ceil(len(images) / columns)))
    return _show(ax, grid, cmap="RdBu_r", vmin=-1, vmax=1)


def reconstructions(estimator, X, *, n=10, image_shape=None, ax=None):
    """The first ``n`` rows of X above their reconstructions."""
    check_is_fitted(estimator)
    X = dense(X)[:n]
    shape = _image(estimator, X.shape[1], image_shape)
    both = np.concatenate([X, estimator.reconstruct(X)]).reshape(2 * len(X), *shape)
    ax = _axes(ax, (len(X), 2))
    return _show(ax, _grid(both.clip(0, 1), len(X)), cmap="gray", vmin=0, vmax=1)


def gibbs(estimator, *, n=10, steps=(0, 1, 10, 100, 1000), image_shape=None, random_state=None, ax=None):
    """Chains of Gibbs steps from noise: one chain per column, and one row for each number of steps."""
    check_is_fitted(estimator)
    from ._common import seed_of

    seed = seed_of(estimator.random_state if random_state is None else random_state)
    # Each row shows the same chains: a sample depends on the seed and on the number of steps.
    rows = [estimator._model.sample(n, step, seed, 1) for step in steps]
    shape = _image(estimator, rows[0].shape[1], image_shape)
    images = np.concatenate(rows).reshape(len(steps) * n, *shape)
    ax = _axes(ax, (n, len(steps)))
    return _show(ax, _grid(images.clip(0, 1), n), cmap="gray", vmin=0, vmax=1)


def codes(estimator, X, y=None, *, dimensions=(0, 1), ax=None):
    """Two dimensions of the codes of X, coloured by y. Codes of more dimensions are projected onto their
    first principal components."""
    check_is_fitted(estimator)
    found = estimator.transform(X) if hasattr(estimator, "transform") else estimator.codes(X)
    found = np.asarray(found, dtype=np.float64)
    label = "code unit"
    if found.shape[1] > 2:
        from sklearn.decomposition import PCA

        n_components = min(max(dimensions) + 1, *found.shape)
        found, label = PCA(n_components, random_state=0).fit_transform(found), "principal component"
    ax = _axes(ax, (6, 5))
    first, second = dimensions
    classes = [None] if y is None else np.unique(y)
    for index, value in enumerate(classes):
        own = slice(None) if value is None else np.asarray(y) == value
        color = f"C{index % 10}"
        ax.scatter(found[own, first], found[own, second], s=6, alpha=0.6, color=color, label=value)
    ax.set_xlabel(f"{label} {first + 1}")
    ax.set_ylabel(f"{label} {second + 1}")
    if y is not None:
        ax.legend(markerscale=2, frameon=False)
    return ax


def comparison(found, *, depth=None, ax=None):
    """Mean test errors by number of labels, with 95 % intervals, from the result of ``aerbm.compare``. By
    default, the depth is the smallest that all methods share."""
    summary = {name: np.asarray(found.summary[name]) for name in found.summary}
    if depth is None:
        depth = summary["depth"][summary["depth"] > 0].min()
    ax = _axes(ax, (7, 5))
    for method in dict.fromkeys(summary["method"].tolist()):
        own = (summary["method"] == method) & np.isin(summary["depth"], [0, depth])
        if not own.any():
            continue
        labels, mean = summary["labels"][own], summary["test_error_pct_mean"][own].astype(float)
        low, high = (summary[name][own].astype(float) for name in ("ci95_low", "ci95_high"))
        spread = np.nan_to_num([mean - low, high - mean])
        ax.errorbar(labels, mean, yerr=spread, marker="o", capsize=3, label=method)
    ax.set_xscale("log")
    ax.set_xlabel("labels")
    ax.set_ylabel("test error, %")
    ax.legend(frameon=False)
    return ax
