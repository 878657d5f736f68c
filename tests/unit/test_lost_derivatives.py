"""Whatever would drop a derivative raises: what happened, in which of the user's lines, and what to write instead.

Each program below is refused. Its decorator states the class of the error and sentences of its message; where that
quotes a line, it is the line of the program.
"""

import math

import numpy as np
import pytest

from funcgrad import (
    errors,
    eval_shape,
    grad,
    primitive,
    tree,
    vmap,
)
from funcgrad.errors import (
    BadArgument,
    BadCheckpoint,
    BadRule,
    EscapedNode,
    FuncgradError,
    ImmutableValue,
    LostDerivative,
    MissingExtra,
    NotReparameterised,
    TreeError,
    UnknownValue,
    UnsupportedFunction,
)
from tests.unit import test_implicit, test_jit, test_refusals
from tests.unit.refusing import check, registry

A = np.ones(3)
REFUSALS, refuses = registry()


# ---- numbers that would be lost --------------------------------------------------------------------------------------
@refuses(
    LostDerivative, "math.f(x)", "of a traced value would drop its derivative.", "It stands in `", "take x.value",
    "np.sin(x) in place of math.sin(x)",
)  # fmt: skip
def a_function_of_math():
    grad(lambda x: math.sin(x))(1.0)


@refuses(LostDerivative, "float(x)", "would drop its derivative.", "It stands in `", "take x.value")
def float_of_it():
    grad(lambda x: float(x))(1.0)


@refuses(LostDerivative, "int(x) of a traced value would drop its derivative.", "It stands in `", "np.floor(x)")
def int_of_it():
    grad(lambda x: int(x))(1.0)


@refuses(LostDerivative, "complex(x) of a traced value would drop its derivative.", "It stands in `", "x + 0j")
def complex_of_it():
    grad(lambda x: complex(x))(1.0)


@refuses(LostDerivative, "round(x) of a traced value would drop its derivative.", "It stands in `", "np.round(x)")
def round_of_it():
    grad(lambda x: round(x))(1.0)


@refuses(
    LostDerivative,
    "np.array",
    "would drop its derivative.",
    "It stands in `",
    "np.stack([x, y])",
    "funcgrad.numpy.array([x, y])",
)
def an_array_of_it():
    grad(lambda x: np.array([x, x]))(1.0)


@refuses(LostDerivative, "np.asarray", "would drop its derivative.", "It stands in `")
def asarray_of_it():
    grad(lambda x: np.asarray(x))(A)


@refuses(LostDerivative, "z[i] = x", "would drop its derivative.", "It stands in `z[0] = x`", "x.at[i].set(v)")
def an_assignment_into_an_array():
    def f(x):
        z = np.zeros(3)
        z[0] = x
        return np.sum(z)

    grad(f)(1.0)


@refuses(LostDerivative, "an assignment into an ndarray", "It stands in `z[:] = x`", "x.at[i].set(v)")
def an_assignment_of_an_array_into_an_array():
    def f(x):
        z = np.zeros(3)
        z[:] = x
        return np.sum(z)

    grad(f)(A)


@refuses(LostDerivative, "index or a length", "It stands in `", "int(x.value)")
def an_index():
    grad(lambda x: [1.0, 2.0][x])(1.0)


@refuses(LostDerivative, "index or a length", "It stands in `", "int(x.value)")
def a_length():
    grad(lambda x: sum(range(x)))(1.0)


@refuses(LostDerivative, "x.item()", "It stands in `", "take x.value")
def item():
    grad(lambda x: x.item())(1.0)


@refuses(LostDerivative, "x.tolist()", "It stands in `", "list(x)")
def tolist():
    grad(lambda x: x.tolist())(A)


# ---- changes in place ------------------------------------------------------------------------------------------------
@refuses(
    ImmutableValue, "x[i] = v would change a traced value in place.", "It stands in `x[0] = 1.0`",
    "Write x = x.at[i].set(v), or x.at[i].add(v) for x[i] += v.",
)  # fmt: skip
def an_assignment_into_it():
    def f(x):
        x[0] = 1.0
        return np.sum(x)

    grad(f)(A)


@refuses(ImmutableValue, "in place", "It stands in `a += x`", "Write a = a + x in place of a += x", "every alias of a")
def adding_it_to_an_array_in_place():
    def f(x):
        a = np.zeros(3)
        a += x
        return np.sum(a)

    grad(f)(A)


@refuses(
    ImmutableValue, "np.add was asked to write a traced value into an array", "It stands in `", "Write y = np.add(…)"
)
def out_of_a_ufunc():
    grad(lambda x: np.sum(np.add(x, 1.0, out=np.zeros(3))))(A)


@refuses(
    ImmutableValue, "np.add.at changes an array in place.", "It stands in `np.add.at(z, [0, 0], x)`", "x.at[i].add(v)"
)
def add_at_an_array():
    def f(x):
        z = np.zeros(3)
        np.add.at(z, [0, 0], x)
        return np.sum(z)

    grad(f)(1.0)


@refuses(ImmutableValue, "np.add.at changes an array in place.", "x.at[i].add(v)")
def add_at_it():
    grad(lambda x: np.add.at(x, [0], 1.0))(A)


@refuses(ImmutableValue, "x.sort() would change", "Write x = np.sort(x).")
def sorting_it_in_place():
    grad(lambda x: x.sort())(A)


@refuses(ImmutableValue, "x.fill(v) would change", "np.full_like(x, v)")
def filling_it():
    grad(lambda x: x.fill(1.0))(A)


@refuses(ImmutableValue, "np.copyto", "in place", "np.where(mask, v, x)")
def copyto():
    grad(lambda x: np.copyto(np.zeros(3), x))(A)


# ---- what has no rule ------------------------------------------------------------------------------------------------
@refuses(
    UnsupportedFunction, "numpy.busday_count has no derivative rule in funcgrad.", "It stands in `",
    "Compose it of supported functions, or wrap it with a rule of your own",
)  # fmt: skip
def a_function_without_a_rule():
    grad(lambda x: np.sum(np.busday_count(x, x)))(A)


@refuses(UnsupportedFunction, "numpy.isnat has no derivative rule", "wrap it with a rule of your own", "np.isnan")
def a_ufunc_without_a_rule_and_its_kin():
    grad(lambda x: np.sum(np.isnat(x)))(A)


@refuses(
    UnsupportedFunction,
    "np.var with dtype= is not supported",
    "It stands in `",
    "Convert with x.astype(dtype) before np.var.",
)
def an_option_without_a_rule():
    grad(lambda x: np.sum(np.var(x, dtype=np.float32)))(A)


@refuses(UnsupportedFunction, "np.sin with where=", "It stands in `", "Choose with np.where(mask, np.sin(…), other)")
def where_of_a_ufunc():
    grad(lambda x: np.sum(np.sin(x, where=np.array([True, False, True]))))(A)


@refuses(UnsupportedFunction, "A MaskedArray met a traced value", "such as a mask", "It stands in `", "a.filled(0)")
def a_masked_array():
    grad(lambda x: np.sum(x * np.ma.array([1.0, 2.0, 3.0])))(A)


@refuses(BadArgument, "A list of traced values met a traced value.", "np.stack([x, y])")
def a_list_of_them():
    grad(lambda x: np.sum(x * [x, x]))(1.0)


@refuses(BadArgument, "An array of dtype object met a traced value.", "astype(float)")
def an_array_of_objects():
    grad(lambda x: np.sum(x * np.array([None, 1.0])))(1.0)


@refuses(TypeError, "pow")
def pow_with_a_modulus():
    grad(lambda x: pow(x, 2, 3))(2.0)


# ---- what is not known yet -------------------------------------------------------------------------------------------
@refuses(
    UnknownValue, "The truth of x > 0 is not known while vmap traces <lambda>.",
    "x is argument 0 of <lambda> (test_lost_derivatives.py:",
    "Choose with np.where(x > 0, a, b) or funcgrad.lax.cond, or pass x with in_axes=None.",
)  # fmt: skip
def a_truth_under_vmap():
    vmap(lambda x: x if x > 0 else -x)(A)


@refuses(
    UnknownValue, "is not known while vmap traces relu.", "params['w'] is a leaf of argument 0 of relu", "np.where"
)
def a_truth_in_a_tree():
    def relu(params):
        return params["w"] if params["w"] > 0 else 0.0

    vmap(relu)({"w": A})


@refuses(UnknownValue, "is not known while eval_shape traces", "Choose with np.where(x > 0, a, b)")
def a_truth_under_eval_shape():
    eval_shape(lambda x: x if x > 0 else -x, 1.0)


@refuses(
    UnknownValue,
    "The shape of x[mask] depends on values that are not known",
    "It stands in `",
    "np.where(mask, x, 0.0)",
)
def a_mask_under_vmap():
    vmap(lambda x: x[x > 0])(np.ones((2, 3)))


@refuses(UnknownValue, "The number to print is not known", "Print its shape and dtype")
def a_format_under_vmap():
    vmap(lambda x: f"{x:.2f}")(A)


@refuses(EscapedNode, "has ended", "Return it from the function, or pass what you need as an argument.")
def a_value_kept_beyond_its_call():
    kept = []
    vmap(lambda x: kept.append(x) or x)(A)
    vmap(lambda x: x * kept[0])(A)


@refuses(TreeError, "'v'", "'w'")
def trees_that_differ():
    tree.map(lambda x, y: x + y, {"w": 1.0}, {"v": 1.0})


# ---- and what NumPy refuses, in NumPy's words ------------------------------------------------------------------------
@refuses(ValueError, "operands could not be broadcast together with shapes (3,) (2,)")
def shapes_that_do_not_fit():
    grad(lambda x: np.sum(x + np.ones(2)))(A)


@refuses(np.exceptions.AxisError, "axis 4 is out of bounds for array of dimension 1")
def an_axis_out_of_bounds():
    grad(lambda x: np.sum(x, axis=4))(A)


@refuses(IndexError, "index 7 is out of bounds for axis 0 with size 3")
def an_index_out_of_bounds():
    grad(lambda x: x[7])(A)


@refuses(
    BadRule, "vjp of sum returned a cotangent of shape () for a", "which has the shape (2,)", "Sum it, or reshape it."
)  # fmt: skip
def a_cotangent_of_another_shape():
    grad(primitive(np.sum, vjp=lambda zbar, z, x: (zbar,)))(np.ones(2))


@refuses(TypeError, "len() of unsized object")
def the_length_of_a_scalar():
    grad(lambda x: len(x))(1.0)


@refuses(TypeError, "iteration over a 0-d array")
def iteration_over_a_scalar():
    grad(lambda x: sum(x))(1.0)


# ---- the test -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusal(program, kind, sentences):
    check(program, kind, sentences)


def test_every_class_of_error_is_refused_with():
    """No class without a refusal; each says by its bases what an ordinary except clause would call it."""
    classes = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, FuncgradError)} - {
        FuncgradError,
        BadRule,  # test_custom_rules.py
        BadCheckpoint,  # test_training.py
        NotReparameterised,  # test_random.py
        MissingExtra,  # an ImportError: test_extras.py
    }
    refused = [*REFUSALS, *test_refusals.REFUSALS, *test_jit.REFUSALS, *test_implicit.REFUSALS]
    assert classes - {parameter.values[1] for parameter in refused} == set()
    assert all(issubclass(c, TypeError | ValueError | ArithmeticError) for c in classes)
    assert all("Traceback" in c.__doc__ for c in classes)


def test_errors_are_raised_from_the_users_line():
    """The innermost frame of the user's is in the traceback, and the last of its frames is where the fault is."""

    def f(x):
        y = x * 2
        return math.exp(y)

    with pytest.raises(LostDerivative) as caught:
        grad(f)(1.0)
    ours = [entry for entry in caught.traceback if entry.path.name == "test_lost_derivatives.py"]
    assert str(ours[-1].statement).strip() == "return math.exp(y)"
    assert f"(test_lost_derivatives.py:{ours[-1].lineno + 1})" in str(caught.value)
