"""The notebooks run from beginning to end, and both languages have the same code."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(path.name.removesuffix(".en.ipynb") for path in FOLDER.glob("*.en.ipynb"))


def cells(name, language, kind):
    notebook = json.loads((FOLDER / f"{name}.{language}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_run(name, monkeypatch, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": name}
    for number, code in enumerate(cells(name, "en", "code")):
        exec(compile(code, f"{name}, cell {number + 1}", "exec"), namespace)
    import matplotlib.pyplot as plt

    assert plt.get_fignums(), "each notebook draws something"
    plt.close("all")


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_code(name):
    assert cells(name, "ko", "code") == cells(name, "en", "code")
    assert len(cells(name, "ko", "markdown")) == len(cells(name, "en", "markdown"))
    assert all("```" not in text for text in cells(name, "ko", "markdown"))


def test_there_are_notebooks():
    assert len(NAMES) == 3
