"""Times aerbm against PyTorch, JAX and scikit-learn on the same workloads, in turn.

    python peers.py [--rounds N] [--threads N] [--batches 10,100,1000] [--works tutorial,cd1,…]

Every program trains the same model on MNIST from the same initial parameters, one epoch after another, in
its own process, which may use as many processors as it should have threads. The programs take turns, so that
the machine's drift affects all of them; the first epoch of each is not counted. Medians and ratios are printed
as a table in Markdown. A program whose final cost differs from ours by more than 5 % (20 % for the tutorial)
has done different work, and is marked.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import hold_to_processors, processor

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
WORKS = {
    "tutorial": "tutorial autoencoder 784-256",
    "masked": "autoencoder 784-1000, masked input",
    "cd1": "CD-1 784-500",
    "cd10": "CD-10 784-500",
    "finetune": "fine-tuning 784-500-500-2000-10",
    "cnn": "convolutional network 1-32-64",
}
PEERS = {"PyTorch": "torch_work.py", "JAX": "jax_work.py", "scikit-learn": "sklearn_work.py"}
TOLERANCE = 0.05
# Its standard normal weights leave some output pixels stuck at the wrong value, each of which adds 0.0013; their
# number depends on the order of the images.
TOLERANCES = {"tutorial": 0.2}


class Worker:
    """A program that trains an epoch on request."""

    def __init__(self, name, command, threads):
        self.name, self.seconds, self.cost = name, [], math.nan
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            preexec_fn=lambda: hold_to_processors(threads),
        )
        self.version = self.answer()["version"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} stopped; its message is above")
        return json.loads(line)

    def epoch(self, counts):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.answer()
        self.cost = answer["cost"]
        if counts:
            self.seconds.append(answer["seconds"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def machine(command, threads):
    """The processor's name and the peak rate of our products, measured now."""
    answer = subprocess.run([*command, "--peak", str(threads)], capture_output=True, text=True, check=True)
    return f"{processor()}, {threads} threads, {float(answer.stdout):.0f} GFLOP/s in large products"


def compared(work, batch, rounds, threads, ours):
    """All programs on one workload: our median and, for each peer, its median, ratio and mark."""
    with tempfile.TemporaryDirectory() as initial:
        arguments = [work, str(batch), initial, str(threads)]
        workers = [Worker("aerbm", [*ours, "--serve", *arguments], threads)]
        for name, script in PEERS.items():
            if name == "scikit-learn" and work != "cd1":
                continue
            command = [sys.executable, str(HERE / script), *arguments]
            workers.append(Worker(name, command, threads))
        for turn in range(rounds + 1):
            for worker in workers:
                worker.epoch(counts=turn > 0)
        for worker in workers:
            worker.close()
    us, *peers = workers
    our_median = statistics.median(us.seconds)
    cells = {}
    for peer in peers:
        median = statistics.median(peer.seconds)
        other = abs(peer.cost / us.cost - 1) > TOLERANCES.get(work, TOLERANCE)
        mark = f" (cost {peer.cost:.4g}, ours {us.cost:.4g})" if other else ""
        cells[peer.name] = f"{median:.3g} s, **{median / our_median:.2f}**{mark}"
    return our_median, cells, {worker.name: worker.version for worker in workers}


def ours():
    """The command of our benchmark, after building it."""
    built = subprocess.run(
        "cargo bench -p aerbm-cli --bench epoch --no-run --message-format json".split(),
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "epoch" and message.get("executable"):
            return [message["executable"]]
    sys.exit("cargo did not name the benchmark that it built")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", default="10,100,1000")
    parser.add_argument("--works", default=",".join(WORKS))
    options = parser.parse_args()
    command, versions = ours(), {}
    print(f"{machine(command, options.threads)}.\n")
    print(f"Seconds an epoch, medians of {options.rounds} alternated rounds, {options.threads} threads;")
    print("in bold how many times as long as aerbm the others take.\n")
    print(f"| work | batch | aerbm | {' | '.join(PEERS)} |")
    print(f"|---|---|---|{'---|' * len(PEERS)}", flush=True)
    for work in options.works.split(","):
        for batch in map(int, options.batches.split(",")):
            median, cells, found = compared(work, batch, options.rounds, options.threads, command)
            versions |= found
            row = " | ".join(cells.get(name, "") for name in PEERS)
            print(f"| {WORKS[work]} | {batch} | {median:.3g} s | {row} |", flush=True)
    print("\n" + ", ".join(versions.values()))


main()
