"""Questions that have no answer are refused: what happened, where it came from, and what to write instead.

Each program below is refused. Its decorator states the class of the error and sentences of its message.
"""

import numpy as np
import pytest

from funcgrad import grad, hvp, jacfwd, jacobian, jvp, linear_transpose, linearize, value_and_grad, vjp, vmap
from funcgrad.errors import BadAnswer, BadArgument
from tests.unit.refusing import check, registry

A = np.ones(3)
REFUSALS, refuses = registry()


def loss(params, x=1.0):
    return params["w"] ** 2


def doubled(x):
    return 2 * x


def forgetful(x):
    x * 2


# ---- answers ------------------------------------------------------------------------------------------------------
@refuses(
    BadAnswer, "doubled (test_refusals.py:", "returned an array of shape (3,).", "grad differentiates a scalar.",
    "Use jacobian for all its derivatives, vmap(grad(f)) for one an example, or return its sum.",
)  # fmt: skip
def an_array_from_grad():
    grad(doubled)(A)


@refuses(
    BadAnswer, "returned an array of shape (3,).", "value_and_grad differentiates a scalar.", "vmap(value_and_grad(f))"
)
def an_array_from_value_and_grad():
    value_and_grad(doubled)(A)


@refuses(BadAnswer, "forgetful (test_refusals.py:", "returned None", "Is a return missing?", "Return the value")
def nothing():
    grad(forgetful)(1.0)


@refuses(BadAnswer, "forgetful (test_refusals.py:", "returned None", "Is a return missing?")
def nothing_from_jacobian():
    jacobian(forgetful)(1.0)


@refuses(
    BadAnswer,
    "returned a tuple of 2 values.",
    "one scalar.",
    "Return it alone, or with has_aux=True beside further results",
)
def a_tuple():
    grad(lambda x: (x, x))(1.0)


@refuses(
    BadAnswer,
    "returned a str at answer['a'][1].",
    "grad needs numbers",
    "Return it beside the answer with has_aux=True",
)
def text_in_the_answer():
    grad(lambda x: {"a": [x, "b"]})(1.0)


@refuses(BadAnswer, "dtype object", "np.stack")
def objects_in_the_answer():
    jvp(lambda x: np.array([None, 1.0], object), (1.0,), (1.0,))


@refuses(
    BadAnswer,
    "returned a scalar of dtype complex128.",
    "Return its real part, or pass holomorphic=True if it is holomorphic.",
)
def a_complex_answer():
    grad(lambda x: x * 1j)(1.0)


@refuses(BadAnswer, "returned a scalar of dtype float64.", "Return a complex answer, or leave out holomorphic=True.")
def a_real_answer_of_a_holomorphic_function():
    grad(lambda x: np.abs(x), holomorphic=True)(1 + 0j)


@refuses(BadAnswer, "returned a scalar of dtype int64.", "Return a float: write 0.0 for 0")
def an_integer():
    grad(lambda x: 1)(1.0)


@refuses(BadAnswer, "returned a scalar of dtype bool.", "np.where(test, 1.0, 0.0) for a truth value")
def a_truth_value():
    grad(lambda x: x > 0)(1.0)


@refuses(BadAnswer, "has_aux=True it must return a pair", "Write return answer, aux.")
def no_pair_with_has_aux():
    grad(lambda x: x, has_aux=True)(1.0)


@refuses(BadAnswer, "is not linear in its arguments.", "Use vjp for the transpose of its derivative at a point.")
def the_transpose_of_a_square():
    linear_transpose(lambda x: x * x, A)(A)


# ---- arguments ----------------------------------------------------------------------------------------------------
@refuses(
    BadArgument, "grad cannot differentiate with respect to params['name']: it is a str.",
    "argument 0 of loss (test_refusals.py:", "Mark it static by passing it in another argument (argnums).",
)  # fmt: skip
def text_among_the_arguments():
    grad(loss)({"w": 3.0, "name": "dense"})


@refuses(BadArgument, "params['layers'][1]", "dtype object", "argument 0 of loss")
def objects_among_the_arguments():
    grad(loss)({"w": 3.0, "layers": [1.0, np.array([None])]})


@refuses(BadArgument, "params['w']: it is an array of dtype int64.", "Convert it with astype(float)")
def an_array_of_integers():
    grad(loss)({"w": np.arange(3)})


@refuses(BadArgument, "params['w']: it is the Python int 3.", "Write 3.0, or mark it static")
def a_python_integer_in_a_tree():
    grad(loss)({"w": 3})


@refuses(BadArgument, "with respect to x: it is the Python bool True.", "Write 1.0")
def a_truth_value_as_argument():
    grad(doubled)(True)


@refuses(BadArgument, "grad was asked for argument 2 of a call with 1 positional argument.", "choose argnums below 1")
def argnums_out_of_range():
    grad(doubled, argnums=2)(1.0)


@refuses(
    BadArgument, "argument 0 of a call with 0 positional arguments.", "Keyword arguments are never differentiated."
)
def a_keyword_argument():
    grad(loss)(params={"w": 1.0})


@refuses(BadArgument, "argnums='x'", "Write argnums=0 or argnums=(0, 1).")
def argnums_by_name():
    grad(doubled, argnums="x")(1.0)


@refuses(BadArgument, "holomorphic=True was given a real argument.", "Pass x + 0j, or leave out holomorphic=True.")
def a_real_argument_of_a_holomorphic_function():
    grad(lambda x: x * x, holomorphic=True)(1.0)


@refuses(BadArgument, "jacfwd met complex arguments", "Pass holomorphic=True, or take real and imaginary parts.")
def a_jacobian_of_a_complex_function():
    jacfwd(lambda x: x * x)(1 + 0j)


# ---- cotangents and tangents ----------------------------------------------------------------------------------------
@refuses(BadArgument, "The cotangent has another structure than the answer.", "It is [*], where the answer is *.")
def a_cotangent_of_another_tree():
    vjp(doubled, A)[1]([A])


@refuses(BadArgument, "The cotangent at the answer is float64[2], not float64[3].", "Convert it with np.reshape")
def a_cotangent_of_another_shape():
    vjp(doubled, A)[1](np.ones(2))


@refuses(BadArgument, "The cotangent at the answer is float32[3], not float64[3].", "astype('float64')")
def a_cotangent_of_another_dtype():
    vjp(doubled, A)[1](np.ones(3, np.float32))


@refuses(BadArgument, "The cotangent holds a str.", "It must hold numbers.")
def a_cotangent_of_text():
    vjp(doubled, A)[1]("a")


@refuses(BadArgument, "The cotangent at the answer['y'][1] is float64, not float64[3].")
def a_cotangent_in_a_tree():
    vjp(lambda x: {"y": (x, x)}, A)[1]({"y": (A, 1.0 * np.float64(1))})


@refuses(BadArgument, "The tangent has another structure than argument 0.")
def a_tangent_of_another_tree():
    jvp(doubled, (A,), ([A],))


@refuses(BadArgument, "The tangent at argument 0 is float64[2], not float64[3].")
def a_tangent_of_another_shape():
    jvp(doubled, (A,), (np.ones(2),))


@refuses(BadArgument, "The tangent at argument 0['w'] is int64[3], not float64[3].", "astype('float64')")
def a_tangent_of_another_dtype():
    jvp(loss, ({"w": A},), ({"w": np.ones(3, int)},))


@refuses(BadArgument, "2 tangents for 1 arguments", "Give zeros for those that do not move.")
def a_tangent_too_many():
    jvp(doubled, (A,), (A, A))


@refuses(BadArgument, "two tuples", "Write jvp(f, (x,), (v,)).")
def tangents_without_a_tuple():
    jvp(doubled, A, A)


@refuses(BadArgument, "2 tangents for 1 arguments")
def a_tangent_too_many_for_linearize():
    linearize(doubled, A)[1](A, A)


@refuses(BadArgument, "The tangent at argument 0 is float64[2], not float64[3].")
def a_vector_of_another_shape_for_hvp():
    hvp(lambda x: np.sum(x))(A, np.ones(2))


# ---- maps -----------------------------------------------------------------------------------------------------------
@refuses(
    BadArgument, "vmap was given batches of different lengths: x has 3, y['b'] has 2.",
    "All mapped axes have one length.", "Pass what all items share with in_axes=None.",
)  # fmt: skip
def batches_of_two_lengths():
    vmap(lambda x, y: x)(A, {"b": np.ones(2)})


@refuses(BadArgument, "axis_size has 4, x has 3")
def a_batch_of_another_length_than_axis_size():
    vmap(doubled, axis_size=4)(A)


@refuses(BadArgument, "in_axes for 2 arguments and called with 1", "None where all items share it")
def in_axes_for_too_many():
    vmap(doubled, in_axes=(0, 0))(A)


@refuses(BadArgument, "in_axes of params does not fit it.", "'v'", "'w'", "Give an int or None for the whole argument")
def in_axes_of_another_tree():
    vmap(loss, in_axes=({"v": 0},))({"w": A})


@refuses(BadArgument, "map over axis 1 of x, which has 1 axis.", "in_axes=None")
def an_axis_that_is_not_there():
    vmap(doubled, in_axes=1)(A)


@refuses(BadArgument, "map over axis 0 of x, which has 0 axes.")
def a_scalar_to_map_over():
    vmap(doubled)(1.0)


@refuses(BadArgument, "in_axes of x is 'a'.", "Write in_axes=0.")
def in_axes_that_is_text():
    vmap(doubled, in_axes=("a",))(A)


@refuses(BadArgument, "vmap has no argument to map over.", "write axis_size=n")
def nothing_to_map_over():
    vmap(doubled, in_axes=None)(A)


@refuses(BadArgument, "vmap cannot map over y: it is a str.", "Pass it with in_axes=None, by position.")
def text_to_map_over():
    vmap(lambda x, y: x)(A, "a")


@refuses(BadArgument, "out_axes asks for axis 3 of an answer with 1 axes", "Choose an axis from -1 to 0.")
def out_axes_that_is_not_there():
    vmap(doubled, out_axes=3)(A)


@refuses(BadArgument, "out_axes=None", "doubled (test_refusals.py:", "Write out_axes=0.")
def out_axes_of_none():
    vmap(doubled, out_axes=None)(A)


# ---- the test -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusal(program, kind, sentences):
    check(program, kind, sentences)
