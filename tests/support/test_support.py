"""Every public name either differentiates as measured, or raises; `supports` and the page say which."""

import warnings

import numpy as np
import pytest

import funcgrad
import funcgrad.numpy as fnp
from funcgrad import grad, jit, supports
from funcgrad.errors import BadArgument
from funcgrad.support import FACTS
from funcgrad.support import table as stored
from tests.support.measuring import Lost, inexact, measured, parts
from tests.support.pages import CSV, MEASURED, MODULES, PAGE, as_csv, as_page, public_names, row_of
from tests.support.probes import TRACED

#: The names without a probe that this NumPy has.
OTHERS = {
    f"{module}.{name}": getattr(value, name)
    for module, value in MODULES.items()
    for name in public_names(value)
    if f"{module}.{name}" not in MEASURED
}


def resolvable(full):
    """Whether this version of NumPy or SciPy has the name."""
    module, _, name = full.rpartition(".")
    return module not in MODULES or hasattr(MODULES[module], name)


@pytest.mark.parametrize("full", [full for full in MEASURED if resolvable(full)])
@pytest.mark.filterwarnings("ignore")
def test_what_is_said_of_a_name_holds(full):
    """Measured again; the words of errors that are NumPy's own may differ from version to version."""
    found, said = MEASURED[full](), stored()[full]
    assert (found.kind, *[getattr(found, fact) for fact in FACTS]) == (
        said.kind,
        *[getattr(said, fact) for fact in FACTS],
    )


@pytest.mark.parametrize("full", OTHERS)
def test_every_other_name_is_known_for_what_it_is(full):
    assert row_of(full, OTHERS[full]) == stored()[full]


@pytest.mark.parametrize("full", [full for full, value in OTHERS.items() if isinstance(value, type)])
@pytest.mark.filterwarnings("ignore")
def test_no_type_drops_a_derivative(full):
    """Called with a traced value it raises, or what it makes holds no real number."""
    for a in (TRACED["t"], TRACED["x"]):

        def f(a):
            made = OTHERS[full](a)
            assert not any(inexact(part) for part in parts(made)), f"{full} makes a plain number"
            return 0.0 * np.sum(a)

        try:
            grad(f)(a)
        except (TypeError, ValueError, AttributeError, IndexError, LookupError, ImportError):
            continue


def test_no_name_of_this_numpy_is_missing():
    found = {f"{module}.{name}" for module, value in MODULES.items() for name in public_names(value)}
    assert found - set(stored()) == set()


def test_the_page_says_what_the_table_says():
    said = PAGE.read_text(encoding="utf-8")
    assert as_page(list(stored().values())).partition("\n## ")[2] == said.partition("\n## ")[2]
    assert as_csv(stored().values()) == CSV.read_text(encoding="utf-8")


# ---- supports --------------------------------------------------------------------------------------------------------
def test_supports_knows_functions_by_themselves_and_by_name():
    assert supports(np.interp) is supports("numpy.interp")
    assert supports(np.interp).name == "numpy.interp"
    assert supports(np.linalg.svd).complex is True
    assert supports(np.unique).batch is False
    assert "np.sort" in supports(np.unique).note
    assert supports(np.floor).kind == "flat"
    assert supports(np.put).kind == "refused"
    assert supports(fnp.vectorize).kind == "differentiates"
    assert supports(np.pi).kind == "constant"
    assert funcgrad.supports is supports


@pytest.mark.parametrize("function", [len, jit(np.sin), "numpy.no_such_name", lambda x: x, 3.5])
def test_supports_says_what_it_does_not_know(function):
    with pytest.raises(BadArgument, match=r"no public name of numpy.*check_grads"):
        supports(function)


# ---- that a wrong rule is seen ---------------------------------------------------------------------------------------
def test_a_derivative_that_is_wrong_or_dropped_is_lost(monkeypatch):
    def dropped(x):
        return np.sin(getattr(x, "value", x))

    def wrong(x):
        return np.sin(x) + 0.0 * x if not isinstance(x, funcgrad.Node) else 2.0 * np.sin(x) - np.sin(x.value)

    for function in (dropped, wrong):
        monkeypatch.setattr(np, "sinister", function, raising=False)
        with pytest.raises(Lost, match="sinister"), warnings.catch_warnings():
            measured("numpy.sinister", ["np.sinister(x)"])
