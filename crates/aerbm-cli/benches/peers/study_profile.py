"""The comparison of the profile `default`, read from the TOML files that aerbm reads.

`read` lays the profile over the built-in methods and applies the changes of the command line. `methods_of`
then writes every method out: its layers, its dropout, its numbers of labels and the rates to try.
`assignments` turns the comparison into options of `aerbm compare`, so that both programs get their settings
from one place.
"""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

PROFILES = Path(__file__).resolve().parents[3] / "aerbm" / "profiles"
TRAINING_IMAGES = 50_000
EVALUATIONS = 20


class Unsupported(Exception):
    """A setting that the PyTorch side does not have. It is an error, because the two programs would otherwise do
    different work."""


def read(methods=None, labels=None, seeds=None, depths=None, fraction=1.0):
    """The tables of the profile as a dictionary with `comparison` and `methods`. A given list or number replaces
    that of the profile."""
    settings = _table("methods")
    _overlay(settings, _table("default"))
    comparison = settings["comparison"]
    architectures = comparison.get("architectures", {}).values()
    for key, value in [("methods", methods), ("seeds", seeds), ("depths", depths)]:
        if value is not None:
            comparison[key] = value
    if labels is not None:
        unknown = set(labels) - {budget["count"] for budget in comparison["labels"]}
        if unknown:
            raise Unsupported(f"the profile has no budget for {min(unknown)} labels")
        # An architecture with its own numbers of labels keeps these if none of them is chosen.
        for table in [comparison, *architectures]:
            chosen = [budget for budget in table.get("labels", []) if budget["count"] in labels]
            table["labels"] = chosen or table.get("labels", [])
    if fraction != 1.0:
        # Epochs are shortened, not omitted, so that momenta and schedules pass through all of their stages even in
        # the smallest run.
        of_profile = comparison.get("pretraining_samples") or TRAINING_IMAGES
        comparison["pretraining_samples"] = max(1, round(fraction * of_profile))
        tuning = comparison.setdefault("fine_tuning", {})
        tuning["evaluations"] = max(1, round(fraction * tuning.get("evaluations", EVALUATIONS)))
        for table in [comparison, *architectures]:
            for budget in table.get("labels", []):
                budget["updates"] = max(1, round(fraction * budget["updates"]))
    _settle_search(comparison)
    unknown = set(comparison["methods"]) - set(settings["methods"])
    if unknown:
        raise Unsupported(f"there is no method {', '.join(sorted(unknown))}")
    return {"comparison": comparison, "methods": settings["methods"]}


def _settle_search(comparison):
    """Replaces the search for dropout and norms by the middle of its values: which of them wins does not affect the
    speed, and the trials of rates remain."""
    space = comparison.get("search", {}).get("space", {})
    middle = {key: values[len(values) // 2] for key, values in space.items() if values}
    chosen = {name: middle[f"{name}_dropout"] for name in ("input", "hidden") if f"{name}_dropout" in middle}
    tuning = comparison.setdefault("fine_tuning", {})
    if chosen:
        tuning["dropout"] = chosen
    if "max_norm" in middle:
        tuning["max_norm"] = middle["max_norm"]
    if "search" in comparison:
        rates, multipliers = (comparison[key] for key in ("learning_rates", "hidden_learning_rate_multipliers"))
        comparison["search"] = {"trials": len(rates) * len(multipliers)}


def methods_of(settings):
    """Every compared method as a namespace: name, layers (from the data up, the last for all layers above
    it), numbers of labels with their dropout, pairs of rates to try, and the rest of fine-tuning."""
    comparison = take(
        settings["comparison"], "comparison", methods=None, layers=None, depths=None, seeds=None, labels=None,
        learning_rates=None, hidden_learning_rate_multipliers=[1.0], architectures={}, fine_tuning={},
        pretraining_samples=0, split="study", first_seed=1, search={},
    )
    if comparison.split != "study":
        raise Unsupported("comparison.split: only the study's split is written here")
    tuning = take(
        comparison.fine_tuning, "comparison.fine_tuning", schedule="cosine", dropout={}, max_norm=None,
        evaluations=EVALUATIONS,
    )
    return [_method(settings["methods"], name, comparison, tuning) for name in comparison.methods]


def _method(methods, name, comparison, tuning):
    table = take(
        methods[name], f"methods.{name}", role=None, color=None, words=None, family=None, architecture=None,
        dropout=None, max_norm=None, layers=None,
    )
    own = take(
        comparison.architectures.get(table.architecture, {}), "comparison.architectures", labels=[],
        learning_rates=[], hidden_learning_rate_multipliers=[],
    )
    layers = [_layer(entry, f"methods.{name}.layers") for entry in _layers(methods, name)]
    multipliers = own.hidden_learning_rate_multipliers or comparison.hidden_learning_rate_multipliers
    budgets = []
    for entry in own.labels or comparison.labels:
        budget = take(entry, "comparison.labels", count=None, updates=None, batch_size=None, dropout=None)
        # A method's own dropout takes precedence over that of a number of labels, and this over the common one.
        chosen = next(d for d in (table.dropout, budget.dropout, tuning.dropout) if d is not None)
        budget.dropout = take(chosen, "dropout", input=0.0, hidden=0.0)
        budgets.append(budget)
    return SimpleNamespace(
        name=name,
        layers=layers,
        budgets=budgets,
        rates=[
            (rate, multiplier)
            for rate in own.learning_rates or comparison.learning_rates
            for multiplier in (multipliers if layers else [1.0])
        ],
        max_norm=tuning.max_norm if table.max_norm is None else table.max_norm,
        schedule=tuning.schedule,
        evaluations=tuning.evaluations,
    )


def _layers(methods, name):
    """The layers of a method; a name in place of a layer means the layer of that method at this position."""
    entries = methods[name]["layers"]
    entries = entries if isinstance(entries, list) else [entries]
    layers = []
    for place, entry in enumerate(entries):
        if isinstance(entry, str):
            others = _layers(methods, entry)
            above = others[min(place, len(others) - 1) :]
            layers += above if place + 1 == len(entries) else above[:1]
        else:
            layers.append(entry)
    return layers


def _layer(table, where):
    """The settings of a layer: its kind, and those of this kind with their defaults."""
    kind, table = table["kind"], {key: value for key, value in table.items() if key != "kind"}
    if kind == "random":
        layer = take(table, where, hidden="logistic", convolution=None)
        layer.convolution = _convolution(layer.convolution, where)
    elif kind in ("autoencoder", "rbm"):
        layer = take(table, where, model={}, training={})
        parts = _autoencoder if kind == "autoencoder" else _rbm
        parts(layer, where)
    else:
        raise Unsupported(f"{where}.kind: the PyTorch side has no layers of the kind {kind}")
    layer.kind = kind
    return layer


def _autoencoder(layer, where):
    layer.model = take(
        layer.model, f"{where}.model", hidden="logistic", data="binary", tied=False, initialiser=None,
        convolution=None,
    )
    layer.training = take(
        layer.training, f"{where}.training", epochs=20, batch_size=100, learning_rate=0.002, schedule="cosine",
        corruption=None,
    )
    layer.model.convolution = _convolution(layer.model.convolution, where)
    if layer.model.initialiser is not None:
        normal = take(layer.model.initialiser, f"{where}.model.initialiser", kind=None, std=None)
        _only(normal.kind, "normal", f"{where}.model.initialiser.kind")
        layer.model.initialiser = normal
        _only(layer.model.tied, True, f"{where}.model.tied with an initialiser")
    if layer.training.corruption is not None:
        layer.training.corruption = take(
            layer.training.corruption, f"{where}.training.corruption", kind=None, fraction=None
        )
        _only(layer.training.corruption.kind, "masking", f"{where}.training.corruption.kind")


def _rbm(layer, where):
    layer.model = take(layer.model, f"{where}.model", weight_std=0.01)
    layer.training = take(
        layer.training, f"{where}.training", epochs=20, batch_size=100, algorithm={"kind": "cd"}, gibbs_steps=1,
        learning_rate=0.1, schedule="constant", weight_decay=2e-4, initial_momentum=0.5, momentum=0.9,
        initial_momentum_epochs=5,
    )
    layer.training.algorithm = take(
        layer.training.algorithm, f"{where}.training.algorithm", kind=None, negative_visible="probabilities"
    )
    _only(layer.training.algorithm.kind, "cd", f"{where}.training.algorithm.kind")
    _only(layer.training.gibbs_steps, 1, f"{where}.training.gibbs_steps")


def _convolution(table, where):
    return None if table is None else take(table, f"{where}.convolution", maps=None, kernel=None, pool=1)


def _only(found, known, where):
    if found != known:
        raise Unsupported(f"{where} = {found}: the PyTorch side has {known} alone")


def take(table, where, **known):
    """The entries of a table as a namespace, with these values for missing ones. An unknown entry is an error."""
    for key in table:
        if key not in known:
            raise Unsupported(f"{where}.{key}: the PyTorch side does not have this setting")
    return SimpleNamespace(**{**known, **table})


def assignments(settings):
    """The options that make `aerbm compare` compute exactly this comparison. It would otherwise adapt settings that
    are not given to the data."""
    comparison, options = settings["comparison"], []
    for key, value in comparison.items():
        options += ["--set", f"comparison.{key}={_toml(value)}"]
    for name in comparison["methods"]:
        options += ["--set", f"methods.{name}={_toml(settings['methods'][name])}"]
    return options


def _toml(value):
    """A value in TOML, in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # Strings, numbers and booleans are written as in JSON.
    return json.dumps(value, ensure_ascii=False)


def _table(name):
    return tomllib.loads((PROFILES / f"{name}.toml").read_text())


def _overlay(below, above):
    """Lays one table over another. A table with a `kind` replaces the other as a whole."""
    for key, value in above.items():
        lower = below.get(key)
        if isinstance(lower, dict) and isinstance(value, dict) and "kind" not in value:
            _overlay(lower, value)
        else:
            below[key] = value
