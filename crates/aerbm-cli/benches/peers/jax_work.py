"""The workloads in JAX: an epoch is one compiled scan over its batches."""

import os
import sys

# JAX has no setting for its number of threads: it starts one for each available processor, and peers.py gives it as
# many processors as it should have threads.
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={str(sys.argv[4] != '1').lower()}"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
from common import images, labels, serve

# JAX's fastest generator on a CPU.
jax.config.update("jax_default_prng_impl", "rbg")


def scanned(step, state, n_samples, batch, key=1):
    """Epochs of `step(state, key, samples) -> state, cost`, each in a new order."""

    @jax.jit
    def epoch(state, key):
        order_key, key = jax.random.split(key)
        order = jax.random.permutation(order_key, n_samples).reshape(-1, batch)
        keys = jax.random.split(key, len(order))
        state, costs = jax.lax.scan(lambda s, batch: step(s, *batch), state, (keys, order))
        return state, costs.mean()

    compiled = epoch.lower(state, jax.random.key(key)).compile()
    keys = iter(jax.random.split(jax.random.key(key), 1000))

    def run():
        nonlocal state
        state, cost = compiled(state, next(keys))
        return cost.block_until_ready()

    return run


def autoencoder(batch, parameters, n_images, masked, start, update):
    x = jnp.asarray(images()[:n_images])

    def cost_of(parameters, seen, target):
        w1, b1, w2, b2 = parameters
        z = jax.nn.sigmoid(seen @ w1 + b1) @ w2 + b2
        if masked:
            return (jax.nn.softplus(z) - target * z).sum() / len(target)
        return ((jax.nn.sigmoid(z) - target) ** 2).mean()

    def step(state, key, samples):
        target = x[samples]
        seen = target * jax.random.bernoulli(key, 0.75, target.shape) if masked else target
        cost, gradients = jax.value_and_grad(cost_of)(state[0], seen, target)
        return update(state, gradients), cost

    parameters = [jnp.asarray(p) for p in parameters]
    return scanned(step, start(parameters), n_images, batch)


def rms_prop_start(parameters):
    return parameters, [jnp.ones_like(p) for p in parameters]


def tf1_rms_prop(state, gradients, rate=0.01, decay=0.9, epsilon=1e-10):
    parameters, squares = state
    squares = [decay * s + (1 - decay) * g * g for s, g in zip(squares, gradients)]
    parameters = [
        p - rate * g / jnp.sqrt(s + epsilon) for p, g, s in zip(parameters, gradients, squares)
    ]
    return parameters, squares


def adam_start(parameters):
    zeros = [jnp.zeros_like(p) for p in parameters]
    return parameters, zeros, zeros, jnp.zeros(())


def adam(state, gradients, rate=1e-3, b1=0.9, b2=0.999, epsilon=1e-8):
    parameters, means, squares, t = state
    t = t + 1
    means = [b1 * m + (1 - b1) * g for m, g in zip(means, gradients)]
    squares = [b2 * s + (1 - b2) * g * g for s, g in zip(squares, gradients)]
    parameters = [
        p - rate / (1 - b1**t) * m / (jnp.sqrt(s / (1 - b2**t)) + epsilon)
        for p, m, s in zip(parameters, means, squares)
    ]
    return parameters, means, squares, t


def contrastive_divergence(batch, parameters, steps, rate=0.1, momentum=0.5, decay=2e-4):
    x = jnp.asarray(images())

    def draw(key, p):
        return (jax.random.uniform(key, p.shape) < p).astype(p.dtype)

    def step(state, key, samples):
        (w, a, b), velocities = state
        v0 = x[samples]
        h0 = jax.nn.sigmoid(v0 @ w + b)
        keys = jax.random.split(key, 2 * steps)
        h, cost = draw(keys[0], h0), None
        for k in range(steps):
            v = jax.nn.sigmoid(h @ w.T + a)
            if k == 0:
                cost = ((v - v0) ** 2).sum() / len(v0)
            v = draw(keys[steps + k], v)
            h1 = jax.nn.sigmoid(v @ w + b)
            if k + 1 < steps:
                h = draw(keys[k + 1], h1)
        n = len(v0)
        gradients = ((v0.T @ h0 - v.T @ h1) / n - decay * w, (v0 - v).mean(0), (h0 - h1).mean(0))
        velocities = [momentum * m + rate * g for m, g in zip(velocities, gradients)]
        return ([p + m for p, m in zip((w, a, b), velocities)], velocities), cost

    parameters = [jnp.asarray(p) for p in parameters]
    state = parameters, [jnp.zeros_like(p) for p in parameters]
    return scanned(step, state, len(x), batch)


def fine_tuning(batch, parameters):
    x, y = jnp.asarray(images()), jnp.asarray(labels())

    def cost_of(parameters, h, y):
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2]):
            h = jax.nn.sigmoid(h @ w + b)
        scores = h @ parameters[-2] + parameters[-1]
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()

    def step(state, _, samples):
        cost, gradients = jax.value_and_grad(cost_of)(state[0], x[samples], y[samples])
        return adam(state, gradients), cost

    return scanned(step, adam_start([jnp.asarray(p) for p in parameters]), len(x), batch)


def convolutional(batch, parameters):
    x, y = jnp.asarray(images()).reshape(-1, 28, 28, 1), jnp.asarray(labels())

    def pooled(h, w, b):
        h = jax.lax.conv_general_dilated(
            h, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        ones = (1, 2, 2, 1)
        return jax.nn.relu(jax.lax.reduce_window(h + b, -jnp.inf, jax.lax.max, ones, ones, "VALID"))

    def cost_of(parameters, h, y):
        w1, b1, w2, b2, w, b = parameters
        h = pooled(pooled(h, w1, b1), w2, b2)
        scores = h.reshape(len(h), -1) @ w + b
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()

    def step(state, _, samples):
        cost, gradients = jax.value_and_grad(cost_of)(state[0], x[samples], y[samples])
        return adam(state, gradients), cost

    w1, b1, w2, b2, w, b = parameters
    parameters = [w1.reshape(5, 5, 1, 32), b1, w2.reshape(5, 5, 32, 64), b2, w, b]
    return scanned(step, adam_start([jnp.asarray(p) for p in parameters]), len(x), batch)


serve(
    f"JAX {jax.__version__}",
    {
        "tutorial": lambda n, p: autoencoder(n, p, 55_000, False, rms_prop_start, tf1_rms_prop),
        "masked": lambda n, p: autoencoder(n, p, 60_000, True, adam_start, adam),
        "cd1": lambda n, p: contrastive_divergence(n, p, 1),
        "cd10": lambda n, p: contrastive_divergence(n, p, 10),
        "finetune": fine_tuning,
        "cnn": convolutional,
    },
)
