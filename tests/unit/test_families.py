"""Families of NumPy's names load when one is met that no table has: importing funcgrad does without them."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from funcgrad.graph.dispatch import DECLARED, FAMILIES, FUNCTIONS, complete
from funcgrad.primitives.solving import Cholesky
from funcgrad.transforms.staging import graph_of

ROOT = Path(__file__).resolve().parents[2]

#: In each family a first use, the family that it loads, and the derivative of its sum at x = [1, 2].
FIRST_USES = {
    "reducing": ("np.max(x)", [0, 1]),
    "contracting": ("np.dot(x, x)", [2, 4]),
    "shaping": ("np.ravel(x)", [1, 1]),
    "indexing": ("np.where(x > 1, x, 0.0)", [0, 1]),
    "joining": ("np.stack([x, x])", [2, 2]),
    "pointwise": ("np.nan_to_num(x)", [1, 1]),
    "describing": ("x.astype(complex).real", [1, 1]),
    "scanning": ("np.cumsum(x)", [2, 1]),
    "ordering": ("np.sort(x)", [1, 1]),
    "algebra": ("np.linalg.det(fnp.array([[x[0], 1.0], [0.0, x[1]]]))", [2, 1]),
    "quantiles": ("np.median(x)", [0.5, 0.5]),
    "statistics": ("np.cov(x)", [-1, 1]),
    "counting": ("np.bincount([0, 1], x)", [1, 1]),
    "polynomials": ("np.polyval(x, 3.0)", [3, 1]),
    "sets": ("np.union1d(x, 3.0)[:2]", [1, 1]),
    "asking": ("np.trim_zeros(x)", [1, 1]),
    "applying": ("np.apply_along_axis(lambda row: row * 2, 0, x)", [2, 2]),
    "spectral": ("np.real(np.fft.fft(x))", [2, 0]),
    "sampling": ("np.convolve(x, np.ones(2))", [2, 2]),
    "spacing": ("np.linspace(x[0], x[1], 3)", [1.5, 1.5]),
    "padding": ("np.pad(x, 1, mode='edge')", [2, 2]),
    "factoring": ("np.linalg.svdvals(x[:, None])[0] * 5**0.5", [1, 2]),
}
#: First uses that no function of NumPy's is.
OTHERS = {
    "x.at": ("x.at[0].set(5.0)", [0, 1]),
    "funcgrad.numpy.at": ("fnp.at(np.zeros(2))[0].add(x[0])", [1, 0]),
    "funcgrad.numpy.take": ("fnp.take(x, 1)", [0, 1]),
    "reduce": ("np.multiply.reduce(x)", [2, 1]),
    "accumulate": ("np.maximum.accumulate(x)", [1, 1]),
    "reduceat": ("np.add.reduceat(x, [0])", [1, 1]),
    "outer": ("np.add.outer(x, x)", [4, 4]),
    "plain ufunc": ("np.vecdot(x, x)", [2, 4]),
    "operator": ("x @ x", [2, 4]),
}
START = """
import json, sys, threading, time
import numpy as np
before = set(sys.modules)
import funcgrad, funcgrad.numpy as fnp
from funcgrad import grad
"""


def fresh(program):
    """What a program prints, as JSON, in an interpreter of its own."""
    run = subprocess.run([sys.executable, "-c", START + program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_importing_loads_no_family():
    found = fresh("print(json.dumps(sorted(set(sys.modules) - before)))")
    assert not {*FAMILIES, "funcgrad.numpy.creation", "funcgrad.graph.kin", "funcgrad.graph.digests"} & set(found)
    assert not {"funcgrad.primitives.solving", "funcgrad.primitives.ordering", "difflib", "hashlib"} & set(found)


def test_a_chain_of_operators_and_ufuncs_needs_none():
    code = "grad(lambda x: np.tanh(x @ x) * x[0])(np.ones(2)); print(json.dumps([*sys.modules]))"
    assert not set(FAMILIES) & set(fresh(code))


@pytest.mark.parametrize("use", [*FIRST_USES, *OTHERS])
def test_the_first_use_of_a_name_is_as_any_other(use):
    expression, slope = {**FIRST_USES, **OTHERS}[use]
    found = fresh(
        f"print(json.dumps(grad(lambda x: ({expression} * np.ones(1)).sum())(np.array([1.0, 2.0])).tolist()))"
    )
    assert found == pytest.approx(slope)


def test_every_family_is_named_and_has_a_first_use():
    assert [f"funcgrad.numpy.{family}" for family in FIRST_USES] == [f for f in FAMILIES if ".numpy." in f]
    complete()
    assert set(DECLARED) == set(FAMILIES)
    assert {function for declared in DECLARED.values() for function in declared} == set(FUNCTIONS)


def test_families_are_asked_in_turn_until_one_knows_the_name():
    loaded = fresh("grad(np.sum)(np.ones(2)); print(json.dumps([*sys.modules]))")
    assert [family in loaded for family in FAMILIES] == [True, *[False] * (len(FAMILIES) - 1)]


def test_a_refusal_knows_the_names_of_all_families():
    code = """
try:
    grad(lambda x: np.busday_count(x, x))(np.eye(2))
except funcgrad.errors.UnsupportedFunction as error:
    print(json.dumps(str(error)))
"""
    assert "The nearest supported names are np.bitwise_count and np.bincount." in fresh(code)


# ---- threads and interruptions -------------------------------------------------------------------------------------
def test_a_thread_waits_for_a_family_that_another_is_loading(tmp_path):
    """The half that is there already is not found."""
    (tmp_path / "slow.py").write_text("""
import time
import numpy as np
from funcgrad.graph.dispatch import implements

@implements(np.datetime_as_string)
def doubling(x):
    return doubled(x)

time.sleep(0.5)

def doubled(x):
    return 2 * x
""")
    code = f"""
from funcgrad.graph.dispatch import DECLARED, FAMILIES
sys.path.append({str(tmp_path)!r})
FAMILIES.append("slow")
slopes = []
other = threading.Thread(target=lambda: slopes.append(grad(np.datetime_as_string)(1.0)))
other.start()
while "slow" not in DECLARED:
    time.sleep(0.001)
slopes.append(grad(np.datetime_as_string)(1.0))
other.join()
print(json.dumps(slopes))
"""
    assert fresh(code) == [2.0, 2.0]


def test_threads_that_meet_several_families_at_once():
    functions = (
        "np.max np.std np.average np.nanmin np.sort np.nancumsum np.diff np.trapezoid np.linalg.norm np.linalg.inv"
    )
    code = f"""
sys.setswitchinterval(1e-6)
functions = [{", ".join(functions.split() * 2)}]
start, failures = threading.Barrier(len(functions)), []
def meet(function):
    start.wait()
    try:
        grad(lambda x: np.sum(function(x)))(np.array([[2.0, 1.0], [0.0, 3.0]]))
    except Exception as error:
        failures.append(repr(error))
threads = [threading.Thread(target=meet, args=(function,)) for function in functions]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(failures))
"""
    assert fresh(code) == []


def test_a_family_that_was_interrupted_while_it_loaded_loads_again():
    code = """
class Interrupt:
    def find_spec(self, name, *others):
        if name == "funcgrad.primitives.ordering":
            sys.meta_path.remove(self)
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
x, f = np.array([3.0, 1.0]), lambda x: np.sum(np.sort(x) * np.array([1.0, 2.0]))
try:
    grad(f)(x)
except KeyboardInterrupt:
    print(json.dumps(grad(f)(x).tolist()))
"""
    assert fresh(code) == [2.0, 1.0]


# ---- what does not depend on it ------------------------------------------------------------------------------------
def test_names_and_digests_of_operations_are_those_of_their_modules():
    assert Cholesky().key == ("funcgrad.primitives.solving.Cholesky",)
    code = "from funcgrad.primitives.solving import Cholesky; print(json.dumps(Cholesky().digest))"
    assert fresh(code) == Cholesky().digest


def test_a_pickled_graph_loads_what_it_is_made_of():
    graph = graph_of(lambda x: np.sum(np.sort(np.linalg.inv(x), axis=0) ** 2), np.eye(2))
    x = [[2.0, 1.0], [0.0, 4.0]]
    code = f"""
import pickle
graph = pickle.loads({pickle.dumps(graph)!r})
x = np.array({x!r})
print(json.dumps([graph.digest, float(graph(x)[0]), grad(lambda x: graph(x)[0])(x).tolist()]))
"""
    digest, value, slope = fresh(code)
    assert digest == graph.digest
    assert value == float(graph(np.array(x))[0])
    assert np.shape(slope) == (2, 2)
