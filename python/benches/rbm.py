"""Times BernoulliRBM against scikit-learn's on MNIST, in turn, and the overhead of a call.

    python python/benches/rbm.py [ROUNDS] [EPOCHS]

Both have 256 units and batches of 100. The pseudo-likelihood of both models is computed by the same function,
scikit-learn's, as a mean over several draws.
"""

import gzip
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from sklearn import neural_network

import aerbm


def mnist():
    folder = Path(__file__).parents[2] / "data" / "mnist"
    path = next(folder.glob("train-images*"))
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 784) / 255


def pseudo_likelihood(model, X):
    judge = neural_network.BernoulliRBM(256, random_state=0)
    judge.components_ = np.asarray(model.components_, dtype=float)
    judge.intercept_hidden_ = np.asarray(model.intercept_hidden_, dtype=float)
    judge.intercept_visible_ = np.asarray(model.intercept_visible_, dtype=float)
    judge.n_features_in_ = 784
    return np.mean([judge.set_params(random_state=draw).score_samples(X).mean() for draw in range(5)])


def main(rounds=3, epochs=1):
    X = mnist()
    parameters = dict(n_components=256, batch_size=100, n_iter=epochs, random_state=0)
    classes = {"aerbm": aerbm.BernoulliRBM, "scikit-learn": neural_network.BernoulliRBM}
    seconds = {name: [] for name in classes}
    models = {}
    for _ in range(rounds):
        for name, kind in classes.items():
            start = time.perf_counter()
            models[name] = kind(**parameters).fit(X)
            seconds[name].append(time.perf_counter() - start)
    for name, times in seconds.items():
        likelihood = pseudo_likelihood(models[name], X[:10_000])
        print(f"{name}: {statistics.median(times):.2f} s (of {rounds}), pseudo-likelihood {likelihood:.1f} nats")
    ratios = [theirs / ours for ours, theirs in zip(seconds["aerbm"], seconds["scikit-learn"])]
    print(f"ratio, round by round: {', '.join(f'{ratio:.1f}' for ratio in ratios)}")
    for dtype in (np.float32, np.float64):
        few = X[:10].astype(dtype)
        for name, model in models.items():
            times = []
            for _ in range(300):
                start = time.perf_counter()
                model.transform(few)
                times.append(time.perf_counter() - start)
            print(f"{name}: transform of 10 rows of {few.dtype}, {1e6 * statistics.median(times):.0f} µs")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
