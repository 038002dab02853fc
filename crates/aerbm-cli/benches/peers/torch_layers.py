"""Layers and their pretraining in PyTorch: random, by autoencoders, by RBMs.

Samples are rows everywhere; in those of maps the channel varies fastest, which is PyTorch's `channels_last`
without a copy and the faster order for convolutions on a CPU.
"""

import math

import torch
import torch.nn.functional as F
from study_profile import Unsupported
from torch import nn

# Number of samples that pass through a network together outside training: more of them would exceed the cache.
BLOCK = 250
ACTIVATIONS = {"logistic": torch.sigmoid_, "relu": torch.relu_}


class Diverged(Exception):
    """A cost is infinite or NaN."""


class Hidden(nn.Module):
    """A hidden layer, fully connected or a convolution with max-pooling. `shape` is that of its inputs as
    images (height, width, channels), if they are images."""

    def __init__(self, n_inputs, n_hidden, shape, activation, convolution=None):
        super().__init__()
        self.activation, self.convolution = activation, convolution
        if convolution is None:
            self.linear = nn.Linear(n_inputs, n_hidden)
            self.n_outputs, self.shape, self.output_shape = n_hidden, None, None
            return
        if shape is None:
            raise Unsupported("a convolution of inputs that are no images")
        height, width, channels = shape
        kernel, pool, maps = convolution.kernel, convolution.pool, convolution.maps
        self.linear = nn.Conv2d(channels, maps, kernel).to(memory_format=torch.channels_last)
        self.shape = shape
        self.output_shape = ((height - kernel + 1) // pool, (width - kernel + 1) // pool, maps)
        self.n_outputs = math.prod(self.output_shape)

    def forward(self, x):
        if self.convolution is None:
            return ACTIVATIONS[self.activation](self.linear(x))
        maps = self.linear(maps_of(x, self.shape))
        if self.convolution.pool > 1:
            maps = F.max_pool2d(maps, self.convolution.pool)
        return rows_of(ACTIVATIONS[self.activation](maps))

    @torch.no_grad()
    def encode(self, x):
        """The features of all samples."""
        features = torch.empty(len(x), self.n_outputs)
        for rows, out in zip(x.split(BLOCK), features.split(BLOCK)):
            out.copy_(self(rows))
        return features


def maps_of(rows, shape):
    return rows.unflatten(1, shape).permute(0, 3, 1, 2)


def rows_of(maps):
    return maps.permute(0, 2, 3, 1).flatten(1)


@torch.no_grad()
def initialise(layer, activation, fans=None):
    """Draws weights to suit the activation (Glorot & Bengio 2010, He et al. 2015); biases are zero."""
    fan_in, fan_out = fans or nn.init._calculate_fan_in_and_fan_out(layer.weight)
    bound = math.sqrt(6 / (fan_in + fan_out))
    if activation == "relu":
        layer.weight.normal_(std=math.sqrt(2 / fan_in))
    elif activation == "logistic":
        layer.weight.uniform_(-4 * bound, 4 * bound)
    else:
        layer.weight.uniform_(-bound, bound)
    layer.bias.zero_()


def schedule(name, step, steps):
    """The factor of the learning rate at a step, counted from 0."""
    progress = step / steps
    if name == "cosine":
        return 0.5 * (1 + math.cos(math.pi * progress))
    return {"constant": 1.0, "linear": 1 - progress}[name]


def descend(optimizer, cost, factor):
    """One descent step at this factor of the learning rates; returns the cost before it."""
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor
    optimizer.zero_grad(set_to_none=True)
    cost.backward()
    value = cost.item()
    if not math.isfinite(value):
        raise Diverged(f"the cost is {value}")
    optimizer.step()
    return value


def adam(*groups):
    """Adam with groups of parameters and the learning rate of each, in its fused form, which makes one pass over
    the parameters."""
    groups = [{"params": list(parameters), "rate": rate} for parameters, rate in groups]
    return torch.optim.Adam([group for group in groups if group["params"]], fused=True)


def pretrained(settings, inputs, n_inputs, shape, n_hidden, order):
    """The hidden layer of these settings. `inputs` returns the samples that it learns from, and is called
    only if it learns. `order` is the generator of the order of samples; everything else is drawn from
    PyTorch's own generator."""
    if settings.kind == "random":
        layer = Hidden(n_inputs, n_hidden, shape, settings.hidden, settings.convolution)
        initialise(layer.linear, settings.hidden)
        return layer
    if settings.kind == "autoencoder":
        return by_autoencoder(settings.model, settings.training, inputs(), shape, n_hidden, order)
    return by_rbm(settings.model, settings.training, inputs(), n_hidden, order)


class Autoencoder(nn.Module):
    def __init__(self, model, n_inputs, n_hidden, shape):
        super().__init__()
        self.tied, self.binary = model.tied, model.data == "binary"
        convolution = model.convolution
        self.encoder = Hidden(n_inputs, n_hidden, shape, model.hidden, convolution)
        output, fans = "logistic" if self.binary else "identity", None
        if self.tied:
            self.bias = nn.Parameter(torch.zeros(n_inputs))
        elif convolution is None:
            self.decoder = nn.Linear(n_hidden, n_inputs)
        else:
            # The transpose of convolution and pooling together: each pooled value paints the part of the
            # image that it depends on.
            pool, maps, channels = convolution.pool, convolution.maps, shape[2]
            kernel = convolution.kernel + pool - 1
            self.decoder = nn.ConvTranspose2d(maps, channels, kernel, stride=pool)
            self.decoder.to(memory_format=torch.channels_last)
            fans = (maps * (kernel / pool) ** 2, channels * kernel**2)
        initialise(self.encoder.linear, model.hidden)
        if not self.tied:
            initialise(self.decoder, output, fans)
        if model.initialiser is not None:
            nn.init.normal_(self.encoder.linear.weight, std=model.initialiser.std)

    def cost(self, seen, target):
        """The mean over samples of cross-entropy or squared error, summed over pixels."""
        code = self.encoder(seen)
        if self.tied:
            z = F.linear(code, self.encoder.linear.weight.t(), self.bias)
        elif self.encoder.convolution is None:
            z = self.decoder(code)
        else:
            z = rows_of(self.decoder(maps_of(code, self.encoder.output_shape)))
        loss = F.binary_cross_entropy_with_logits if self.binary else F.mse_loss
        return loss(z, target, reduction="sum") / len(target)


def by_autoencoder(model, training, x, shape, n_hidden, order):
    masked = 0.0 if training.corruption is None else training.corruption.fraction
    model = Autoencoder(model, x.shape[1], n_hidden, shape)
    optimizer = adam((model.parameters(), training.learning_rate))
    step, steps = 0, training.epochs * math.ceil(len(x) / training.batch_size)
    for _ in range(training.epochs):
        for samples in torch.randperm(len(x), generator=order).split(training.batch_size):
            target = x.index_select(0, samples)
            cost = model.cost(thinned(target, masked), target)
            descend(optimizer, cost, schedule(training.schedule, step, steps))
            step += 1
    return model.encoder.requires_grad_(False)


def thinned(x, p):
    """The values with dropped ones set to zero, each with probability `p`. Comparing uniform numbers in place is
    several times as fast on a CPU as drawing from a Bernoulli distribution."""
    return x * torch.rand_like(x).ge_(p) if p > 0 else x


def cd_phases(v0, w, a, b, drawn):
    """The statistics of CD-1, and the squared error of the reconstruction; the visible units of the negative
    phase are drawn or means. Shapes: samples × visible and samples × hidden, w being visible × hidden."""
    h0 = torch.addmm(b, v0, w).sigmoid_()
    v1 = torch.addmm(a, torch.rand_like(h0).lt_(h0), w.t()).sigmoid_()
    error = F.mse_loss(v1, v0, reduction="sum")
    if drawn:
        v1 = torch.rand_like(v1).lt_(v1)
    h1 = torch.addmm(b, v1, w).sigmoid_()
    return h0, v1, h1, error


@torch.no_grad()
def by_rbm(model, training, x, n_hidden, order):
    drawn = training.algorithm.negative_visible == "samples"
    w = torch.randn(x.shape[1], n_hidden).mul_(model.weight_std)
    a, b = torch.zeros(x.shape[1]), torch.zeros(n_hidden)
    dw, da, db = (torch.zeros_like(tensor) for tensor in (w, a, b))
    step, steps = 0, training.epochs * math.ceil(len(x) / training.batch_size)
    for epoch in range(training.epochs):
        initial = epoch < training.initial_momentum_epochs
        momentum = training.initial_momentum if initial else training.momentum
        total = 0.0
        for samples in torch.randperm(len(x), generator=order).split(training.batch_size):
            v0 = x.index_select(0, samples)
            h0, v1, h1, error = cd_phases(v0, w, a, b, drawn)
            total += error.item()
            rate = training.learning_rate * schedule(training.schedule, step, steps)
            each = rate / len(v0)
            dw.addmm_(v0.t(), h0, beta=momentum, alpha=each).addmm_(v1.t(), h1, alpha=-each)
            dw.add_(w, alpha=-rate * training.weight_decay)
            da.mul_(momentum).add_(v0.sub_(v1).sum(0), alpha=each)
            db.mul_(momentum).add_(h0.sub_(h1).sum(0), alpha=each)
            for tensor, velocity in ((w, dw), (a, da), (b, db)):
                tensor.add_(velocity)
            step += 1
        if not math.isfinite(total):
            raise Diverged("the reconstruction error is not finite")
    layer = Hidden(x.shape[1], n_hidden, None, "logistic")
    layer.linear.weight.copy_(w.t())
    layer.linear.bias.copy_(b)
    return layer.requires_grad_(False)
