"""Common parts of the peers: the data, the workloads, and the protocol with peers.py.

A worker is started as `python WORKER.py WORK BATCH INITIAL THREADS`. It prints one JSON line with its
version when it is ready; then, for each line on standard input, it trains one epoch and prints
{"seconds": …, "cost": …}, the mean cost of a sample over the epoch.
"""

import gzip
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

MNIST = Path(__file__).resolve().parents[4] / "data" / "mnist"


def images(part="train"):
    """The pixels in [0, 1] of the 60,000 training images, or of the 10,000 images of the part t10k."""
    with gzip.open(MNIST / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    return (pixels.reshape(-1, 784) / np.float32(255)).astype(np.float32)


def labels(part="train"):
    with gzip.open(MNIST / f"{part}-labels-idx1-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int32)


def initial(folder):
    """The initial parameters of training, the same for all programs: 0.npy, 1.npy, …"""
    files = sorted(Path(folder).glob("*.npy"), key=lambda path: int(path.stem))
    return [np.load(file) for file in files]


def hold_to_processors(threads):
    """Limits this process to as many processors as it should have threads, if the system supports it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def processor():
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def serve(version, works):
    """Serves the workload named on the command line; `works` maps names to functions that take the batch size
    and the initial parameters and return a function that trains one epoch."""
    work, batch, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    epoch = works[work](batch, initial(folder))
    print(json.dumps({"version": version}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        cost = float(epoch())
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "cost": cost}), flush=True)
