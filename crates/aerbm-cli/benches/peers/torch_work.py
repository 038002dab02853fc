"""The workloads in PyTorch, in eager mode."""

import sys

import torch
import torch.nn.functional as F
from common import images, labels, serve

torch.set_num_threads(int(sys.argv[4]))
GENERATOR = torch.Generator().manual_seed(1)


def batches(n, size):
    return torch.randperm(n, generator=GENERATOR).split(size)


def autoencoder(batch, parameters, n_images, masked, step):
    x = torch.from_numpy(images()[:n_images])
    parameters = [torch.from_numpy(p).requires_grad_() for p in parameters]
    w1, b1, w2, b2 = parameters
    update = step(parameters)

    def epoch():
        total = 0.0
        for samples in batches(n_images, batch):
            target = x[samples]
            seen = target * (torch.rand(target.shape) >= 0.25) if masked else target
            z = torch.sigmoid(seen @ w1 + b1) @ w2 + b2
            if masked:
                cost = F.binary_cross_entropy_with_logits(z, target, reduction="sum") / len(target)
            else:
                cost = F.mse_loss(torch.sigmoid(z), target)
            update(cost)
            total += cost.item() * len(target)
        return total / n_images

    return epoch


def tf1_rms_prop(parameters, rate=0.01, decay=0.9, epsilon=1e-10):
    squares = [torch.ones_like(p) for p in parameters]

    def update(cost):
        gradients = torch.autograd.grad(cost, parameters)
        with torch.no_grad():
            for p, s, g in zip(parameters, squares, gradients):
                s.mul_(decay).addcmul_(g, g, value=1 - decay)
                p.addcdiv_(g, (s + epsilon).sqrt_(), value=-rate)

    return update


def adam(parameters, rate=1e-3):
    optimizer = torch.optim.Adam(parameters, lr=rate, foreach=True)

    def update(cost):
        optimizer.zero_grad(set_to_none=True)
        cost.backward()
        optimizer.step()

    return update


def contrastive_divergence(batch, parameters, steps, rate=0.1, momentum=0.5, decay=2e-4):
    x = torch.from_numpy(images())
    w, a, b = (torch.from_numpy(p) for p in parameters)
    velocities = [torch.zeros_like(p) for p in (w, a, b)]

    @torch.no_grad()
    def epoch():
        total = 0.0
        for samples in batches(len(x), batch):
            v0 = x[samples]
            h0 = torch.sigmoid(v0 @ w + b)
            h = torch.bernoulli(h0)
            for step in range(steps):
                v = torch.sigmoid(h @ w.T + a)
                if step == 0:
                    total += ((v - v0) ** 2).sum().item()
                v = torch.bernoulli(v)
                h1 = torch.sigmoid(v @ w + b)
                if step + 1 < steps:
                    h = torch.bernoulli(h1)
            n = len(v0)
            gradients = ((v0.T @ h0 - v.T @ h1) / n - decay * w, (v0 - v).mean(0), (h0 - h1).mean(0))
            for p, velocity, gradient in zip((w, a, b), velocities, gradients):
                velocity.mul_(momentum).add_(gradient, alpha=rate)
                p.add_(velocity)
        return total / len(x)

    return epoch


def fine_tuning(batch, parameters):
    x, y = torch.from_numpy(images()), torch.from_numpy(labels()).long()
    parameters = [torch.from_numpy(p).requires_grad_() for p in parameters]
    update = adam(parameters)

    def epoch():
        total = 0.0
        for samples in batches(len(x), batch):
            h = x[samples]
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2]):
                h = torch.sigmoid(h @ w + b)
            cost = F.cross_entropy(h @ parameters[-2] + parameters[-1], y[samples])
            update(cost)
            total += cost.item() * len(samples)
        return total / len(x)

    return epoch


def convolutional(batch, parameters):
    x = torch.from_numpy(images()).reshape(-1, 1, 28, 28)
    y = torch.from_numpy(labels()).long()
    w1, b1, w2, b2, w, b = (torch.from_numpy(p) for p in parameters)
    # The rows of a kernel's weights are its pixels, with channels last; in PyTorch, maps and channels come first.
    w1 = w1.reshape(5, 5, 1, 32).permute(3, 2, 0, 1).contiguous()
    w2 = w2.reshape(5, 5, 32, 64).permute(3, 2, 0, 1).contiguous()
    w = w.reshape(4, 4, 64, 10).permute(2, 0, 1, 3).reshape(-1, 10).contiguous()
    parameters = [p.requires_grad_() for p in (w1, b1, w2, b2, w, b)]
    update = adam(parameters)

    def epoch():
        total = 0.0
        for samples in batches(len(x), batch):
            h = F.relu(F.max_pool2d(F.conv2d(x[samples], w1, b1), 2))
            h = F.relu(F.max_pool2d(F.conv2d(h, w2, b2), 2))
            cost = F.cross_entropy(h.flatten(1) @ w + b, y[samples])
            update(cost)
            total += cost.item() * len(samples)
        return total / len(x)

    return epoch


serve(
    f"PyTorch {torch.__version__.split('+')[0]}",
    {
        "tutorial": lambda n, p: autoencoder(n, p, 55_000, False, tf1_rms_prop),
        "masked": lambda n, p: autoencoder(n, p, 60_000, True, adam),
        "cd1": lambda n, p: contrastive_divergence(n, p, 1),
        "cd10": lambda n, p: contrastive_divergence(n, p, 10),
        "finetune": fine_tuning,
        "cnn": convolutional,
    },
)
