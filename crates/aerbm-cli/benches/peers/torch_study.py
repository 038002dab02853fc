"""The comparison of the profile `default` in PyTorch: the same study as that of aerbm, implemented independently.

    python torch_study.py [--threads N] [--seeds N] [--methods none,rbm,…] [--labels 100,1000,…]
                          [--depths 4] [--fraction F] [--csv FILE] [--compile]

Every method gives a network its hidden layers; each network is then fine-tuned with each number of labels
and seed, and tested. Layer sizes, epochs, batches, updates, rates, dropout and everything else come from the
profile that aerbm reads. As in aerbm, the layers of a seed are trained once for all numbers of labels and
depths, all pairs of rates are tried for the first seed and the best one is kept for the others, the model
with the lowest validation error of several evaluations is kept, and only this model reads the test images, once.

Data stay in one tensor, batches are selected by index, and random masks are compared uniform numbers,
which is the fastest way on a CPU. Training that diverges ends the program, whereas aerbm would restart it at
lower rates. `--fraction` shortens the epochs of pretraining and lowers the numbers of updates and
evaluations, for a trial run. Prints one line per cell, and the total seconds.
"""

import argparse
import copy
import csv
import sys
import time
import zlib

import torch
import torch.nn.functional as F
import torch_layers
from common import images, labels
from study_profile import TRAINING_IMAGES, Unsupported, methods_of, read
from torch import nn
from torch_layers import BLOCK, Diverged, adam, descend, initialise, pretrained, schedule, thinned

COLUMNS = [
    "method", "depth", "labels", "seed", "validation_error_pct", "test_error_pct", "pretrain_seconds",
    "finetune_seconds",
]
IMAGE = (28, 28, 1)
CLASSES = 10


def draw(*name):
    """A separate generator for each named purpose, so that methods that differ elsewhere share it."""
    return torch.Generator().manual_seed(number_of(name))


def draw_all(*name):
    """Makes everything without its own generator be drawn for this purpose from now on."""
    torch.manual_seed(number_of(name))


def number_of(name):
    return zlib.crc32(repr(name).encode())


class Data:
    """MNIST: 50,000 training, 10,000 validation and 10,000 test images."""

    def __init__(self):
        x, y = torch.from_numpy(images()), torch.from_numpy(labels()).long()
        self.train, self.validation = x[:TRAINING_IMAGES], (x[TRAINING_IMAGES:], y[TRAINING_IMAGES:])
        self.train_labels = y[:TRAINING_IMAGES]
        self.test = torch.from_numpy(images("t10k")), torch.from_numpy(labels("t10k")).long()

    def labelled(self, count, seed):
        """The labelled images: the first of an order whose every prefix keeps the class proportions."""
        generator, place = draw(seed, "subset"), torch.empty(TRAINING_IMAGES)
        for label in range(CLASSES):
            members = (self.train_labels == label).nonzero().squeeze(1)
            rank = torch.randperm(len(members), generator=generator)
            place[members] = (rank + 0.5) / len(members)
        chosen = place.argsort(stable=True)[:count]
        return self.train[chosen], self.train_labels[chosen]


class Stack:
    """The pretrained layers of a method and seed, which are added as deeper networks need them."""

    def __init__(self, method, sizes, x, seed):
        self.method, self.sizes, self.seed = method, sizes, seed
        self.layers, self.features, self.level = [], x, 0

    def inputs(self):
        """The features that the next layer learns from; computed only if it learns."""
        for layer in self.layers[self.level :]:
            self.features = layer.encode(self.features)
        self.level = len(self.layers)
        return self.features

    def grow(self, depth):
        """Adds layers up to this depth and returns the seconds that this took."""
        begun = time.perf_counter()
        known = self.method.layers
        while known and len(self.layers) < depth:
            place = len(self.layers)
            below = self.layers[-1] if self.layers else None
            shape, n_inputs = (below.output_shape, below.n_outputs) if below else (IMAGE, 784)
            draw_all(self.seed, "layer", place)
            settings, order = known[min(place, len(known) - 1)], draw(self.seed, "order", place)
            layer = pretrained(settings, self.inputs, n_inputs, shape, self.sizes[place], order)
            self.layers.append(layer)
        return time.perf_counter() - begun


class Classifier(nn.Module):
    """Hidden layers and an output layer. Without hidden layers it is logistic regression."""

    def __init__(self, hidden, seed):
        super().__init__()
        self.hidden = nn.ModuleList(copy.deepcopy(hidden)).requires_grad_(True)
        self.output = nn.Linear(hidden[-1].n_outputs if hidden else 784, CLASSES)
        draw_all(seed, "output layer")
        initialise(self.output, "identity")

    def forward(self, x, dropout=None):
        for place, layer in enumerate(self.hidden):
            x = layer(thinned(x, left_out(dropout, place)))
        return self.output(thinned(x, left_out(dropout, len(self.hidden))))

    def cost(self, x, y, dropout):
        return F.cross_entropy(self(x, dropout), y)

    def linears(self):
        return [*(layer.linear for layer in self.hidden), self.output]

    @torch.no_grad()
    def on_average(self, dropout):
        """The network for use after dropout, which left values unscaled: each weight is multiplied by the
        probability that its input was kept (Srivastava et al. 2014)."""
        average = copy.deepcopy(self)
        for place, linear in enumerate(average.linears()):
            linear.weight.mul_(1 - left_out(dropout, place))
        return average

    @torch.no_grad()
    def error_pct(self, x, y):
        parts = zip(x.split(BLOCK), y.split(BLOCK))
        return 100 * sum((self(x).argmax(1) != y).sum().item() for x, y in parts) / len(y)


def left_out(dropout, place):
    """The probability that an input of the layer at this position is dropped."""
    if dropout is None:
        return 0.0
    return dropout.input if place == 0 else dropout.hidden


def fine_tuned(network, train, validation, method, budget, rates, seed):
    """Trains the network and returns its lowest validation error with the corresponding model."""
    (x, y), (rate, multiplier) = train, rates
    optimizer = adam((network.hidden.parameters(), rate * multiplier), (network.output.parameters(), rate))
    order = draw(seed, "fine-tuning order")
    draw_all(seed, "dropout")
    best, evaluations, updates = (float("inf"), None), 0, 0
    while updates < budget.updates:
        for samples in torch.randperm(len(x), generator=order).split(budget.batch_size):
            cost = network.cost(x.index_select(0, samples), y.index_select(0, samples), budget.dropout)
            descend(optimizer, cost, schedule(method.schedule, updates, budget.updates))
            if method.max_norm is not None:
                with torch.no_grad():
                    for linear in network.linears():
                        linear.weight.renorm_(2, 0, method.max_norm)
            updates += 1
            # Evaluations are at the ends of equal parts of the updates.
            if updates * method.evaluations // budget.updates > evaluations:
                evaluations += 1
                average = network.on_average(budget.dropout)
                error = average.error_pct(*validation)
                if error < best[0]:
                    best = error, average
            if updates == budget.updates:
                break
    return best


def cell(method, stack, depth, budget, seed, data, candidates):
    """Fine-tunes at each pair of rates and tests the best model. Returns the pair, the errors on validation
    and test images, and the seconds."""
    begun = time.perf_counter()
    train = data.labelled(budget.count, seed)
    best = None
    for rates in candidates:
        network = Classifier(stack.layers[:depth], seed)
        error, model = fine_tuned(network, train, data.validation, method, budget, rates, seed)
        if best is None or error < best[1]:
            best = rates, error, model
    rates, error, model = best
    return rates, error, model.error_pct(*data.test), time.perf_counter() - begun


def run(settings, report):
    """Computes every cell and passes its row to `report`."""
    comparison, methods, data = settings["comparison"], methods_of(settings), Data()
    samples = data.train[: comparison.get("pretraining_samples") or TRAINING_IMAGES]
    chosen = {}
    for seed in range(1, comparison["seeds"] + 1):
        for method in methods:
            stack = Stack(method, comparison["layers"], samples, seed)
            for depth in comparison["depths"]:
                pretraining = stack.grow(depth)
                for budget in method.budgets:
                    here = (method.name, depth, budget.count)
                    candidates = [chosen[here]] if here in chosen else method.rates
                    found = cell(method, stack, depth, budget, seed, data, candidates)
                    chosen[here], validation, test, tuning = found
                    report(method.name, depth, budget.count, seed, validation, test, pretraining, tuning)
                    # The layers are trained once: they count for the first cell that has them.
                    pretraining = 0.0


def use_compiler():
    """Compiles the computation of a step up to its gradient; optimizers and loops stay as they are."""
    # Every shape of network and batch is compiled once; beyond the default limit, PyTorch would continue without
    # compiling.
    torch._dynamo.config.recompile_limit = 200
    torch_layers.Autoencoder.cost = torch.compile(torch_layers.Autoencoder.cost)
    torch_layers.cd_phases = torch.compile(torch_layers.cd_phases)
    Classifier.cost = torch.compile(Classifier.cost)


def options():
    def numbers(text):
        return [int(number) for number in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, help="number of seeds; those of the profile if not given")
    parser.add_argument("--methods", type=lambda text: text.split(","))
    parser.add_argument("--labels", type=numbers, help="some of the profile's numbers of labels")
    parser.add_argument("--depths", type=numbers)
    parser.add_argument("--fraction", type=float, default=1.0, help="part of the work, for a trial run")
    parser.add_argument("--csv", help="file for a row of each cell and of the total")
    parser.add_argument("--compile", action="store_true", help="compile the steps with torch.compile")
    return parser.parse_args()


def main():
    given = options()
    torch.set_num_threads(given.threads)
    # Moments of units that are never active again would otherwise become subnormal numbers, which are slow.
    torch.set_flush_denormal(True)
    if given.compile:
        use_compiler()
    rows, begun = [], time.perf_counter()

    def report(name, depth, count, seed, validation, test, pretraining, tuning):
        rows.append([name, depth, count, seed, validation, test, round(pretraining, 3), round(tuning, 3)])
        print(
            f"{name}, {depth} layers, {count} labels, seed {seed}: validation {validation:.2f} %, test "
            f"{test:.2f} %, pretraining {pretraining:.1f} s, fine-tuning {tuning:.1f} s",
            flush=True,
        )

    try:
        run(read(given.methods, given.labels, given.seeds, given.depths, given.fraction), report)
    except (Unsupported, Diverged) as error:
        sys.exit(f"error: {error}")
    pretraining, tuning = (sum(row[column] for row in rows) for column in (6, 7))
    if given.csv:
        with open(given.csv, "w", newline="") as file:
            total = ["total", "", "", "", "", "", round(pretraining, 3), round(tuning, 3)]
            csv.writer(file).writerows([COLUMNS, *rows, total])
    print(
        f"total: {time.perf_counter() - begun:.1f} s, of them pretraining {pretraining:.1f} s, fine-tuning "
        f"{tuning:.1f} s; PyTorch {torch.__version__.split('+')[0]}, {given.threads} threads"
    )


if __name__ == "__main__":
    main()
