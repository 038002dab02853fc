"""Compares exported models with aerbm in onnxruntime, NumPy, scikit-learn and, if installed, PyTorch.

    check_export.py AERBM CASES

AERBM is the binary; CASES is a folder that tests/export.rs writes: each folder in it has a saved model
and, as .npy files, the rows `x` and what the library computes from them (`codes`, `reconstruction`,
`decoded`, `probabilities`). Graphs with an encoding of raw columns have their inputs in graphs.json.
"""

import json
import struct
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

try:
    import torch
except ImportError:
    torch = None

TOLERANCE = 1e-5
SCIKIT_LEARN = {"identity", "logistic", "tanh", "relu", "softmax"}
worst = {}


def compare(what, found, expected):
    """Ends the program if the arrays differ by more than the tolerance, relative to large values."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if found.shape != expected.shape:
        sys.exit(f"{what}: shape {found.shape}, expected {expected.shape}")
    difference = np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)))
    if not difference <= TOLERANCE:
        sys.exit(f"{what}: differs by {difference:.3g}, expected at most {TOLERANCE}")
    program = what.split(",")[0]
    count, most = worst.get(program, (0, 0.0))
    worst[program] = (count + 1, max(most, difference))


def export(binary, model, form, part=None):
    """The exported file, or the error in one line."""
    out = Path(tempfile.mkdtemp()) / f"model.{form}"
    command = [binary, "export", model, "--format", form, "--out", out]
    command += ["--part", part] if part else []
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
        return lines[0]
    return out


def session(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def safetensors(path):
    """The tensors and the metadata of a file."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    metadata = json.loads(header.pop("__metadata__")["aerbm"])
    body, tensors = data[8 + length :], {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"])
    return tensors, metadata


def mean_of_truncated_exponential(z):
    z = z.astype(np.float64)
    small = np.abs(z) < 1e-4
    z_or_one = np.where(small, 1.0, z)
    return np.where(small, 0.5 + z / 12, 1 / (1 - np.exp(-z_or_one)) - 1 / z_or_one)


def softmax(z):
    power = np.exp(z - z.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


FUNCTIONS = {
    "identity": lambda z: z,
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky-relu": lambda z: np.where(z < 0, 0.01 * z, z),
    "softplus": lambda z: np.logaddexp(z, 0),
    "elu": lambda z: np.where(z < 0, np.expm1(np.minimum(z, 0)), z),
    "truncated-exponential-mean": mean_of_truncated_exponential,
    "softmax": softmax,
}


def positions(geometry):
    """Rows and columns of the grid of a kernel's positions, before pooling."""
    reach = 2 * geometry["padding"] - geometry["kernel"]
    return [(side + reach) // geometry["stride"] + 1 for side in geometry["input"][:2]]


def convolved(y, weight, bias, geometry):
    """The total inputs of a convolution or its transpose: rows × height × width × channels."""
    height, width, channels = geometry["input"]
    kernel, stride, padding = (geometry[key] for key in ["kernel", "stride", "padding"])
    if geometry["kind"] == "convolution":
        edge = (padding, padding)
        images = np.pad(y.reshape(-1, height, width, channels), [(0, 0), edge, edge, (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(images, (kernel, kernel), axis=(1, 2))
        return np.einsum("nijcyx,mcyx->nijm", windows[:, ::stride, ::stride], weight) + bias
    rows, columns = positions(geometry)
    maps = y.reshape(-1, rows, columns, geometry["maps"])
    images = np.zeros((len(y), height + 2 * padding, width + 2 * padding, channels))
    for i, j in np.ndindex(rows, columns):
        painted = np.einsum("nm,mcyx->nyxc", maps[:, i, j], weight)
        images[:, i * stride : i * stride + kernel, j * stride : j * stride + kernel] += painted
    return images[:, padding : padding + height, padding : padding + width] + bias


def pooled(maps, pool):
    """Maps after max-pooling or global average pooling."""
    if pool == "average":
        return maps.mean(axis=(1, 2))
    n, height, width, channels = maps.shape
    rows, columns = height // pool, width // pool
    windows = maps[:, : rows * pool, : columns * pool]
    return windows.reshape(n, rows, pool, columns, pool, channels).max(axis=(2, 4))


def numpy_pass(tensors, metadata, layers, x):
    y = x.astype(np.float64)
    for layer in layers:
        weight, bias = tensors[f"{layer}.weight"].astype(np.float64), tensors[f"{layer}.bias"]
        function = FUNCTIONS[metadata["activations"][layer]]
        geometry = metadata.get("convolutions", {}).get(layer)
        if geometry:
            y = pooled(function(convolved(y, weight, bias, geometry)), geometry["pool"])
            y = y.reshape(len(x), -1)
        else:
            y = function(y @ weight.T + bias)
        kept = metadata.get("largest_units_kept", {}).get(layer)
        if kept:
            lost = np.argsort(-y, axis=1, kind="stable")[:, kept:]
            np.put_along_axis(y, lost, 0.0, axis=1)
    return y


TORCH_FUNCTIONS = {
    "identity": "Identity",
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "relu": "ReLU",
    "softplus": "Softplus",
    "elu": "ELU",
}


def torch_pass(tensors, metadata, layers, x):
    """The pass in PyTorch; None for functions that it has no module for."""
    y = torch.tensor(x)
    for layer in layers:
        name = metadata["activations"][layer]
        if name not in TORCH_FUNCTIONS or layer in metadata.get("largest_units_kept", {}):
            return None
        weight = torch.tensor(tensors[f"{layer}.weight"])
        function = getattr(torch.nn, TORCH_FUNCTIONS[name])()
        geometry = metadata.get("convolutions", {}).get(layer)
        if geometry:
            module, shape = torch_convolution(geometry)
        else:
            module, shape = torch.nn.Linear(weight.shape[1], weight.shape[0]), None
        module.load_state_dict({"weight": weight, "bias": torch.tensor(tensors[f"{layer}.bias"])})
        if geometry is None:
            y = function(module(y))
            continue
        # Channels are last in a row and first in PyTorch's images.
        y = function(module(y.reshape(-1, *shape).permute(0, 3, 1, 2)))
        if geometry["pool"] == "average":
            y = torch.nn.AdaptiveAvgPool2d(1)(y)
        else:
            y = torch.nn.MaxPool2d(geometry["pool"])(y)
        y = y.permute(0, 2, 3, 1).reshape(len(x), -1)
    return y.detach().numpy()


def torch_convolution(geometry):
    """The module, and height, width and channels of its inputs."""
    size = geometry["kernel"], geometry["stride"], geometry["padding"]
    (height, width, channels), maps = geometry["input"], geometry["maps"]
    if geometry["kind"] == "convolution":
        return torch.nn.Conv2d(channels, maps, *size), geometry["input"]
    kernel, stride, padding = size
    beyond = [(side + 2 * padding - kernel) % stride for side in [height, width]]
    module = torch.nn.ConvTranspose2d(maps, channels, *size, output_padding=beyond)
    return module, [*positions(geometry), maps]


def scikit_learn(path, x):
    """The output of the estimator that the file describes."""
    file = np.load(path)
    name = str(file["estimator"])
    if name == "BernoulliRBM":
        rbm = BernoulliRBM(n_components=len(file["components_"]))
        for attribute in ["components_", "intercept_hidden_", "intercept_visible_"]:
            setattr(rbm, attribute, file[attribute])
        return rbm.transform(x)
    network = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[name]()
    network.activation = str(file["activation"])
    network.out_activation_ = str(file["out_activation_"])
    n_layers = sum(key.startswith("coefs_") for key in file.files)
    network.coefs_ = [file[f"coefs_{i}"] for i in range(n_layers)]
    network.intercepts_ = [file[f"intercepts_{i}"] for i in range(n_layers)]
    network.n_layers_, network.n_outputs_ = n_layers + 1, network.coefs_[-1].shape[1]
    network.n_features_in_ = x.shape[1]
    if name == "MLPClassifier":
        network.classes_ = file["classes_"]
        return network.predict_proba(x)
    y = network.predict(x)
    return y if y.ndim == 2 else y[:, None]


def check_part(binary, folder, part, x, expected):
    """Compares one part of one model in every program."""
    name = f"{folder.name} {part}"
    graph = session(export(binary, folder, "onnx", part))
    metadata = graph.get_modelmeta().custom_metadata_map
    assert metadata["part"] == part and "activations" in metadata, metadata
    outputs = graph.run(None, {graph.get_inputs()[0].name: x})
    compare(f"onnxruntime, {name}", outputs[0], expected)
    compare(f"onnxruntime, {name}, one row", graph.run(None, {graph.get_inputs()[0].name: x[:1]})[0], expected[:1])
    if part == "classifier":
        assert (outputs[1] == np.argmax(expected, axis=1)).all(), name

    tensors, metadata = safetensors(export(binary, folder, "safetensors", part))
    layers = metadata["layers"]
    compare(f"numpy, {name}", numpy_pass(tensors, metadata, layers, x), expected)
    found = torch_pass(tensors, metadata, layers, x) if torch else None
    if found is not None:
        compare(f"torch, {name}", found, expected)

    arrays = export(binary, folder, "npz", part)
    functions = [metadata["activations"][layer] for layer in layers]
    has = set(functions) <= SCIKIT_LEARN and len(set(functions[:-1])) <= 1
    if has and not {"largest_units_kept", "convolutions"} & set(metadata):
        compare(f"scikit-learn, {name}", scikit_learn(arrays, x), expected)
    else:
        assert isinstance(arrays, str) and "scikit-learn's layout" in arrays, (name, arrays)


def check_rbm(binary, folder, x, codes):
    """Compares the parameters of an RBM, by the formula of its conditional."""
    tensors, metadata = safetensors(export(binary, folder, "safetensors"))
    u = x / tensors.get("rbm.visible_std", np.float32(1))
    z = u @ tensors["rbm.weight"].T + tensors["rbm.hidden_bias"]
    mean = {"binary": "logistic", "spin": "tanh", "gaussian": "identity"}[metadata["units"]["rbm"]["hidden"]]
    compare(f"numpy, {folder.name} parameters", FUNCTIONS[mean](z), codes)


def check_case(binary, folder):
    load = lambda name: np.load(folder / f"{name}.npy")
    x = load("x")
    if (folder / "probabilities.npy").exists():
        check_part(binary, folder, "classifier", x, load("probabilities"))
        refused = export(binary, folder, "onnx", "decoder")
        assert isinstance(refused, str) and "has no decoder" in refused, refused
        return
    codes = load("codes")
    check_part(binary, folder, "encoder", x, codes)
    check_part(binary, folder, "decoder", codes, load("decoded"))
    check_part(binary, folder, "reconstruction", x, load("reconstruction"))
    if json.loads((folder / "model.json").read_text())["method"] == "rbm":
        check_rbm(binary, folder, x, codes)


def raw(values, kind):
    """A column or matrix of JSON as the array that a graph takes; null is a missing number."""
    if kind == "tensor(string)":
        return np.array(values, dtype=object)
    values = [[np.nan if value is None else value for value in row] for row in values]
    return np.array(values, dtype={"tensor(double)": np.float64, "tensor(float)": np.float32}[kind])


def check_graphs(folder):
    """Compares graphs that encode raw columns."""
    for case in json.loads((folder / "graphs.json").read_text()):
        graph = session(folder / case["file"])
        inputs = {it.name: raw(case["inputs"][it.name], it.type) for it in graph.get_inputs()}
        outputs = dict(zip([it.name for it in graph.get_outputs()], graph.run(None, inputs)))
        for name, expected in case["outputs"].items():
            if isinstance(expected[0], str):
                assert list(outputs[name]) == expected, (case["file"], outputs[name], expected)
            else:
                compare(f"onnxruntime, {case['file']} {name}", outputs[name], expected)


def check_command(binary):
    """Trains with the command, and compares the graph with the codes that `aerbm encode` writes."""
    folder = Path(tempfile.mkdtemp())
    x = np.random.default_rng(1).random((300, 20), dtype=np.float32)
    np.savez(folder / "data.npz", x_train=x[:200], x_test=x[200:])
    np.save(folder / "rows.npy", x[200:])
    run = lambda *words: subprocess.run([binary, *map(str, words)], check=True, capture_output=True)
    settings = ["--set", "model.n_hidden=9", "--set", "training.epochs=2"]
    for preset in ["autoencoder", "rbm"]:
        out = folder / preset
        run("train", preset, *settings, "--data", folder / "data.npz", "--out", out)
        run("encode", out, "--data", folder / "data.npz", "--out", folder / "codes.npy")
        graph = session(export(binary, out, "onnx"))
        codes = graph.run(None, {"x": x[200:]})[0]
        compare(f"onnxruntime, {preset} trained by the command", codes, np.load(folder / "codes.npy"))
    # Images of 5 × 4 pixels. One has a pixel at the right edge that no position of the kernel reaches.
    for name, geometry in [("pooled", "kernel=2,pool=2"), ("strided", "kernel=3,stride=2,padding=1")]:
        out = folder / name
        convolution = f"model.convolution={{input=[5,4,1],maps=3,{geometry}}}"
        settings = ["--set", convolution, "--set", "training.epochs=2"]
        run("train", "autoencoder", *settings, "--data", folder / "data.npz", "--out", out)
        for command, part in [("encode", "encoder"), ("reconstruct", "reconstruction")]:
            run(command, out, folder / "rows.npy", "--out", folder / f"{part}.npy")
            check_part(binary, out, part, x[200:], np.load(folder / f"{part}.npy"))


def check_predictions(binary):
    """Fits a classifier to a table with words and missing values, and compares its graph, which takes the raw
    columns, with the output of `aerbm predict` for new rows."""
    folder = Path(tempfile.mkdtemp())
    run = lambda *words: subprocess.run([binary, *map(str, words)], check=True, capture_output=True)
    draw = np.random.default_rng(3)

    def rows(n):
        kind = draw.integers(0, 2, n)
        size = draw.normal(50 + 30 * kind, 10, n)
        city = np.where(draw.random(n) < 0.4 + 0.4 * kind, "Seoul", np.where(draw.random(n) < 0.5, "Busan", "Daegu"))
        stamp = 5_412_000 + draw.normal(kind, 0.5, n)
        return kind, size, city, stamp, draw.random(n) < 0.1, draw.random(n) < 0.1

    def write(path, data, labels):
        kind, size, city, stamp, no_size, no_city = data
        with open(path, "w") as file:
            file.write("size,city,stamp" + (",kind\n" if labels else "\n"))
            for i in range(len(kind)):
                words = ["" if no_size[i] else repr(float(size[i])), "" if no_city[i] else city[i]]
                words += [repr(float(stamp[i]))] + (["flat", "house"][kind[i] : kind[i] + 1] if labels else [])
                file.write(",".join(words) + "\n")

    write(folder / "known.csv", rows(300), True)
    new = rows(200)
    new[2][:5] = "Jeju"  # a level that training did not see
    write(folder / "new.csv", new, False)
    model = folder / "model"
    data = ["--data", folder / "known.csv", "--label-column", "kind"]
    run("fit", "--method", "none", *data, "--out", model)
    run("predict", model, folder / "new.csv", "--out", folder / "predictions.csv")
    lines = (folder / "predictions.csv").read_text().splitlines()
    assert lines[0] == "class,p_flat,p_house", lines[0]
    cells = [line.split(",") for line in lines[1:]]
    _, size, city, stamp, no_size, no_city = new
    inputs = {
        "size": np.where(no_size, np.nan, size)[:, None],
        "city": np.where(no_city, "", city).astype(object)[:, None],
        "stamp": stamp[:, None],
    }
    graph = session(export(binary, model, "onnx"))
    found = dict(zip([it.name for it in graph.get_outputs()], graph.run(None, inputs)))
    expected = np.array([[float(p) for p in row[1:]] for row in cells])
    compare("onnxruntime, predictions from raw columns", found["probabilities"], expected)
    assert list(found["class"]) == [row[0] for row in cells]


def main(binary, cases):
    # scikit-learn warns that estimators were not fitted by itself.
    warnings.filterwarnings("ignore")
    folders = sorted(path for path in Path(cases).iterdir() if path.is_dir())
    for folder in folders:
        if (folder / "graphs.json").exists():
            check_graphs(folder)
        else:
            check_case(binary, folder)
    check_command(binary)
    check_predictions(binary)
    for program, (count, most) in worst.items():
        print(f"{program}: {count} comparisons, largest difference {most:.1e}")
    if torch is None:
        print("torch: not installed, left out")


if __name__ == "__main__":
    main(*sys.argv[1:])
