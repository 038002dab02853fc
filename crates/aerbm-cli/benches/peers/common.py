"""What every peer has in common: the data, the works, and the talk with peers.py.

A worker is started as `python WORKER.py WORK BATCH INITIAL THREADS`. It prints one JSON line with its
version when it is ready; then, for each line on standard input, it trains one epoch and prints
{"seconds": …, "cost": …}, the mean cost of a sample over the epoch.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np

MNIST = Path(__file__).resolve().parents[4] / "data" / "mnist"


def images():
    with gzip.open(MNIST / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    return (pixels.reshape(-1, 784) / np.float32(255)).astype(np.float32)


def labels():
    with gzip.open(MNIST / "train-labels-idx1-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int32)


def initial(folder):
    """The parameters that training begins from, the same for all: 0.npy, 1.npy, …"""
    files = sorted(Path(folder).glob("*.npy"), key=lambda path: int(path.stem))
    return [np.load(file) for file in files]


def serve(version, works):
    """Answers for the work named on the command line; `works` maps names to functions that get the
    batch size and the initial parameters and return a function that trains one epoch."""
    work, batch, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    epoch = works[work](batch, initial(folder))
    print(json.dumps({"version": version}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        cost = float(epoch())
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "cost": cost}), flush=True)
