"""simplified(g) = g: the same values, types and derivatives, with no more work; and it is its own simplified graph."""

from pathlib import Path

import numpy as np
import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import tree, vjp
from funcgrad.graph.op import Weakness
from funcgrad.primitives import pointwise as pw
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Expand, Sum, chain
from funcgrad.primitives.marking import Named
from funcgrad.primitives.shaping import Cast, Concatenate, Reshape, Stack
from funcgrad.rewrites.carefree import carefree
from funcgrad.rewrites.draft import Draft
from funcgrad.rewrites.gathering import plans
from funcgrad.rewrites.simplifying import BY_KEY, IDENTITIES, simplified
from funcgrad.transforms.staging import graph_of
from tests.laws.cases import cases, close, every, over
from tests.laws.met import (
    diagonal,
    factored,
    large,
    log_softmax,
    logistic_limit,
    logistic_slope,
    pooled,
    relu_share,
    slope_by_exponential,
    slope_by_sum,
    softmax,
    softplus_share,
    systems,
    total,
    where_none,
)
from tests.laws.work import work

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-5, np.inf, -np.inf, np.nan]
NUMBERS = [1.0, -1.0, 0.5, -2.5, 3.0, 1e-3, 7.25, -0.125]
#: A Python number among the shapes of arguments.
WEAK = None


@frozen
class Example:
    """A function in which an identity holds."""

    #: The function.
    f: object
    #: The shapes of its arguments.
    shapes: tuple
    #: Whether the values agree to the bit, infinities, NaN and the signs of zeros among them; else to rounding.
    exact: bool = False
    #: The numbers that arguments are made of.
    numbers: list = SPECIAL
    #: Their dtype.
    dtype: str = "float64"
    #: Where an exponential is rounded to 0 or ∞ and f is wrong: of the arguments, which elements, and the right values.
    rounding: object = None

    def args(self, draw):
        """Arguments."""
        return tuple([self.arg(draw, shape) for shape in self.shapes])

    def right(self, values, args):
        """The values of the function as written, and the right ones where it is wrong."""
        if self.rounding is None:
            return values
        where, there = self.rounding(*args)
        return [np.where(where, there, one) for one in values]

    def arg(self, draw, shape):
        """One argument."""
        if shape is WEAK:
            return draw(st.sampled_from(self.numbers))
        size = int(np.prod(shape))
        items = draw(st.lists(st.sampled_from(self.numbers), min_size=size, max_size=size))
        return np.array(items, self.dtype).reshape(shape)[()]


def exact(f, *shapes, **options):
    """An example whose values agree to the bit."""
    return Example(f, shapes, True, **options)


def rounded(f, *shapes, **options):
    """An example whose values agree to rounding."""
    return Example(f, shapes, **options)


V, M, S = (3,), (2, 3), ()
FINITE = {"numbers": NUMBERS}
FAR = {"numbers": [*SPECIAL, 800.0]}
EXAMPLES = {
    "bands_scaled": rounded(diagonal, V, **FINITE),
    "bands_over_number": rounded(lambda x: diagonal(x) / 3.0, V, **FINITE),
    "bands_one_by_one": rounded(lambda x: -diagonal(x), V, **FINITE),
    "bands_added": rounded(lambda x: diagonal(x) - diagonal(x, 1), V, **FINITE),
    "bands_chosen": rounded(lambda x: np.where(x[0] > 0, diagonal(x), 0.0), V, **FINITE),
    "part_of_bands": rounded(lambda x: diagonal(x)[1:, :-2], V, **FINITE),
    "diagonal_of_bands": rounded(lambda x: np.diagonal(diagonal(x)), V, **FINITE),
    "bands_into_zeros": rounded(lambda x: Scatter((50, 48), (Index((slice(1, 49),)),))(diagonal(x)), V, **FINITE),
    "bands_side_by_side": rounded(lambda x: Concatenate(0)(diagonal(x), np.zeros((2, 48))), V, **FINITE),
    "bands_turned": rounded(lambda x: diagonal(x, 1).T, V, **FINITE),
    "sum_of_bands": rounded(lambda x: np.sum(diagonal(x, 1), axis=0), V, **FINITE),
    "same_dtype": exact(lambda x: Cast(np.dtype("float64"))(x), V),
    "cast_of_cast": exact(lambda x: x.astype("float64").astype("complex128"), V, dtype="float32"),
    "rounded_once": exact(lambda x, y: (x.astype("float64") * y).astype("float32"), V, V, dtype="float32"),
    "cast_of_count": exact(lambda x: Cast(np.dtype("float64"))(Sum((1,))(x > 0)), M),
    "float_constant": exact(lambda x: 2 * x + np.where(x > 0, x, 0), V),
    "same_weakness": exact(lambda x: Weakness(False)(Weakness(False)(x)), WEAK),
    "weak_arithmetic": exact(lambda x: np.sin(Weakness(False)(x) * np.float64(3.5)), WEAK),
    "strong_arithmetic": exact(lambda x: Weakness(True)(np.sin(x)) * 3.5, S),
    "weakness_unseen": exact(lambda x: np.sin(Weakness(False)(x)), WEAK, numbers=NUMBERS),
    "name_left_out": exact(lambda x: np.sin(Named("h")(x)), V),
    "share_of_extreme": exact(relu_share, V, numbers=[*NUMBERS, 0.0, -0.0, np.inf, -np.inf]),
    "share_of_logarithm": rounded(softplus_share, V),
    "log_of_one_more": rounded(lambda x: np.log(1.0 + x), V),
    "exponential_less_one": rounded(lambda x: (np.exp(x) - 1.0) / 7.0 + (-1.0 + np.exp(2.0 * x)), V),
    "slope_of_log_of_sum": rounded(
        lambda x, a: chain(chain(a, 1.0 / (1.0 + np.exp(x))), np.exp(x)),
        V,
        V,
        rounding=lambda x, a: (np.exp(x) == np.inf, a),
        **FAR,
    ),
    "slope_of_log_of_logistic": rounded(
        logistic_slope, V, V, V, rounding=logistic_limit, numbers=[*SPECIAL, 800.0, -800.0, -40.0]
    ),
    "log_of_share": rounded(lambda x: np.log(softmax(x)[0]), M, rounding=log_softmax, **FAR),
    "log_of_part_of_share": rounded(
        lambda x: np.log(softmax(x)[0][(0, 1), (2, 0)]),
        M,
        rounding=lambda x: [one[(0, 1), (2, 0)] for one in log_softmax(x)],
        **FAR,
    ),
    "slope_of_log_over_sum": rounded(slope_by_sum, M, M, rounding=where_none(lambda x, a, p, e, s: a / s), **FAR),
    "slope_of_log_of_share": rounded(
        slope_by_exponential, M, M, M, rounding=where_none(lambda x, a, c, p, e, s: total(c / s) * e - a), **FAR
    ),
    "nothing_hidden": exact(lambda x: np.where(x > 0, 2.0, x > -1), V),
    "times_one": exact(lambda x: x * 1.0, V),
    "plain_factor": exact(lambda x: chain(x, 3.5), V),
    "times_minus_one": exact(lambda x: x * -1.0, V),
    "over_one": exact(lambda x: x / 1.0, V),
    "plus_zero": exact(lambda x: (x - 0.0) + -0.0, V),
    "double_negation": exact(lambda x: -np.negative(x), V),
    "negative_of_difference": rounded(lambda x, y: -(x - y), V, V),
    "negative_of_product": exact(lambda x: -(3.5 * x), V),
    "plus_negative": exact(lambda x, y: x + (-y), V, V),
    "sign_of_product": exact(lambda x, y: -((-x) * y), V, V),
    "constants_together": rounded(lambda x: 3.0 * (0.7 * x), V),
    "like_terms": rounded(lambda x: x + 3.0 * x, V),
    "like_terms_further": rounded(lambda x, y: (y + 2.0 * x) + 3.0 * x, V, V, **FINITE),
    "constant_terms": rounded(lambda x: 1.5 + (2.25 + x), V),
    "times_reciprocal": rounded(lambda x, y: y * (1.0 / x), V, V),
    "over_power_of_two": exact(lambda x: x / 8.0, V),
    "small_powers": rounded(lambda x: x**3 + x**-1, V),
    "square_root": exact(lambda x: x**0.5, V),
    "constant_exponent": rounded(lambda x: pw.power(x, np.float64(3.0)), V),
    "nothing_moved": exact(lambda x: Reshape((3,))(x), V),
    "reshape_of_reshape": exact(lambda x: x.reshape(3, 2).reshape(6), M),
    "transpose_of_transpose": exact(lambda x: x.transpose(1, 2, 0).transpose(1, 0, 2), (2, 3, 4)),
    "only_units_move": exact(lambda x: x.T, (3, 1)),
    "expand_by_units": exact(lambda x: Expand((1, 3), (0,))(x), V),
    "expand_of_expand": exact(lambda x: Expand((2, 4, 3), (0,))(Expand((4, 3), (0,))(x)), V),
    "broadcast_instead": exact(lambda x, y: Expand((2, 3), (1,))(x) * y, (2,), M),
    "repeat_last": exact(lambda x, y: Expand((2, 3), (1,))(x) + Expand((2, 3), (1,))(y), (2,), (2,)),
    "reshape_last": exact(lambda x, y: x.reshape(6) * y.reshape(6), M, M),
    "transpose_last": exact(lambda x, v: (x.T * v).T, M, (2,)),
    "few_slices": rounded(lambda x: np.max(large(x), 1) + np.sum(large(x), 1), V),
    "factor_outside": rounded(lambda x, y: (3.0 * x) * y + (2.0 * x) / (y + 5.0), V, V, **FINITE),
    "common_factor": rounded(lambda x, y: 3.0 * x - 3.0 * y, V, V, **FINITE),
    "twice_in_a_sum": rounded(lambda x, y: (x - 2.0 * y) + x + ((2.0 * y + x) + x), V, V, **FINITE),
    "one_over_both": rounded(lambda x, y: 1.0 / x / (y + 0.25), V, V),
    "few_choices": rounded(lambda x: pooled(large(x)), V, **FINITE),
    "over_units": rounded(lambda x: np.sum(x, axis=1), (3, 1)),
    "sum_of_sum": rounded(lambda x: np.sum(np.sum(x, axis=0)), M, **FINITE),
    "sum_of_repeated": rounded(lambda x: np.sum(Expand((2, 5), (1,))(x)), (2,)),
    "over_reshaped": exact(lambda x: np.max(x.reshape(2, 1, 3), axis=2), M),
    "sum_of_negative": rounded(lambda x: np.sum(-x, axis=0), M),
    "sum_of_products": rounded(lambda x, y: np.sum(x * y), M, M, **FINITE),
    "sum_of_sums": rounded(lambda x, y: np.sum(x, axis=0) + np.sum(y, axis=0), M, M, **FINITE),
    "outer_product": rounded(lambda x, y: x @ y, (9, 1), (1, 8)),
    "rows_of_all": rounded(lambda x, y: x @ y, (4, 2, 3), (3, 2), **FINITE),
    "columns_of_all": rounded(lambda x, y: x @ y, (2, 3), (4, 3, 1), **FINITE),
    "column_as_vector": rounded(lambda x, y: (x @ y.reshape(3, 1)).reshape(2), M, V, **FINITE),
    "transpose_of_product": rounded(lambda x, y: (x.T @ y).T, (3, 2), (3, 2), **FINITE),
    "product_of_transposes": rounded(lambda x, y: x.T @ y.T, (3, 2), (4, 3), **FINITE),
    "cheaper_order": rounded(lambda x, y, z: (x @ y) @ z, (4, 4), (4, 4), (4,), **FINITE),
    "times_unit_matrix": exact(lambda x: np.eye(2) @ x, M, **FINITE),
    "times_diagonal": rounded(lambda v, x: (np.eye(2) * v) @ x, (2,), M, **FINITE),
    "whole": exact(lambda x: x[:, None], V),
    "part_of_part": exact(lambda x: x[1:][::-1][0], (4,)),
    "part_of_joined": exact(lambda x, y: Stack(0)(x, y)[1] * Concatenate(0)(x, y)[3:6], V, V, numbers=[1.0, 2.0]),
    "put_into_whole": rounded(lambda x: Scatter((2, 3), (Index((slice(None), None)),))(x), (2, 1, 3)),
    "items_side_by_side": rounded(lambda x, y: Scatter((2,), (Index((1,)), Index((0,))))(x, y), S, S),
    "slices_side_by_side": rounded(
        lambda x, y: Scatter((2, 3), (Index((..., slice(2, 3))), Index((slice(None), slice(0, 2)))))(x, y),
        (2, 1),
        (2, 2),
    ),
    "triangles_meet": rounded(lambda x: factored(x)[1] * np.triu(np.ones((48, 48))), V, **FINITE),
    "diagonal_first": exact(lambda x, v: np.diagonal((x * v).T), (3, 3), V),
    "symmetric_turned": rounded(lambda x: np.exp(np.ones((3, 3)) * x[0] * (np.eye(3) + 1)).T, V),
}
GATHERED = {
    "systems": rounded(systems, V, **FINITE),
    "parts": rounded(lambda x, b: np.stack([x[k] @ b for k in range(4)]), (4, 2, 3), (3, 2), **FINITE),
    "products": rounded(lambda x, y: sum([x.T * k @ y for k in range(1, 6)]), M, (2, 4), **FINITE),
    "loop": rounded(lambda x, y: sum([x[k].T @ np.sin(y * k) for k in range(5)]), (5, 2, 3), (2, 4), **FINITE),
    "sums": rounded(lambda x: sum([np.sum(np.sin(k * x), axis=0) for k in range(5)]), M, **FINITE),
    "pieces": rounded(lambda x: Scatter(V, (Index((slice(2),)),))(x) + Scatter(V, (Index((slice(1, 3),)),))(x), (2,)),
}
ALL = {**EXAMPLES, **{f"gathering {name}": one for name, one in GATHERED.items()}}
each = pytest.mark.parametrize("name", ALL)


def passes(graph):
    """The simplified graph, and the names of the identities that held on the way."""
    held = []
    with np.errstate(all="ignore"):
        for _ in range(12):
            draft = Draft(BY_KEY)
            graph = draft.finished(len(graph.inputs), draft.rewrite(graph, plans(graph)))
            held += draft.held
    return graph, held


def test_each_identity_has_an_example_and_says_what_it_is():
    assert {one.name for one in IDENTITIES} == set(EXAMPLES)
    assert all(one.mathematics.endswith((".", ":")) for one in IDENTITIES)


def test_the_page_lists_each_identity():
    page = (Path(__file__).parents[2] / "docs" / "rewrites.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    assert table == [f"| `{one.name}` | {one.mathematics} |" for one in IDENTITIES]


@each
@given(data=st.data())
def test_an_identity_holds(name, data):
    """It is met, and what it makes has the value, the type and the derivative of what was there."""
    example = ALL[name]
    args = example.args(data.draw)
    with np.errstate(all="ignore"):
        graph = graph_of(example.f, *args)
        shorter, held = passes(graph)
        assert (name if name in EXAMPLES else "gathering") in held
        assert shorter.output_types == graph.output_types
        alike(shorter(*args), example.right(graph(*args), args), example.exact)
        assert simplified(graph) == shorter == simplified(shorter)
        assert work(shorter) <= work(graph)


@each
@given(data=st.data())
def test_an_identity_has_the_derivative(name, data):
    example = ALL[name]
    """Where the function is smooth: at a kink the derivative is a choice."""
    args = evolve(example, numbers=NUMBERS).args(data.draw)
    graph = graph_of(example.f, *args)
    shorter = simplified(graph)

    def pulled(g):
        y, pull = vjp(lambda *a: g(*a)[0], *args)
        return pull(np.ones_like(y)[()]) if np.asarray(y).dtype.kind == "f" else ()

    with np.errstate(all="ignore"):
        close(pulled(shorter), pulled(graph), 1e-5 if example.dtype == "float32" else 1e-12)


def alike(got, wanted, exactly):
    """The same classes, dtypes and numbers."""
    for one, other in zip(got, wanted, strict=True):
        assert np.asarray(one).dtype == np.asarray(other).dtype
        assert np.shape(one) == np.shape(other)
        if exactly:
            np.testing.assert_array_equal(one, other)
            there = (
                ~np.isnan(np.asarray(other)) if np.asarray(other).dtype.kind == "f" else np.zeros(np.shape(other), bool)
            )
            np.testing.assert_array_equal(np.signbit(np.real(one))[there], np.signbit(np.real(other))[there])
        else:
            np.testing.assert_allclose(one, other, 1e-12, 1e-12)


@over(every, "float64", "float32", "complex128")
@given(data=st.data())
def test_every_function_and_its_derivative_simplify(record, dtype, data):
    """With and without care for 0·∞."""
    case = data.draw(cases(record, dtype))
    rtol = 2e-5 if dtype == "float32" else 1e-11

    def pulled(*args):
        y, pull = vjp(case.f, *args)
        return y, pull(case.like(case.value))

    leaves = tree.leaves(case.args)
    with np.errstate(all="ignore"):
        for f in (case.f, pulled) if not record.constant else (case.f,):
            graph = graph_of(f, *case.args)
            shorter = simplified(graph)
            assert shorter.output_types == graph.output_types
            wanted, got = graph(*leaves), shorter(*leaves)
            assert [np.asarray(y).dtype for y in got] == [np.asarray(y).dtype for y in wanted]
            close(list(got), list(wanted), rtol)
            assert simplified(shorter) == shorter
            close(list(simplified(carefree(shorter))(*leaves)), list(wanted), rtol)


# ---- what is no identity ---------------------------------------------------------------------------------------------
def steps(f, *args):
    """The names of the steps of the simplified graph."""
    return [step.op.name for step in simplified(graph_of(f, *args)).steps]


X = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (lambda x: x + 0.0, ["add"]),
        (lambda x: x * 0.0, ["multiply"]),
        (lambda x: x - x, ["subtract"]),
        (lambda x: x / x, ["divide"]),
        (lambda x: (x + 1e20) + -1e20, ["add", "add"]),
        (lambda x: 3.0 * x + -2.0 * x, ["multiply", "multiply", "add"]),
        (lambda x: np.log(np.exp(x)), ["exp", "log"]),
        (lambda x: 1e-200 * (1e200 * x), ["multiply", "multiply"]),
        (lambda x: x**-0.5, ["PowerBy"]),
    ],
)
def test_what_may_change_a_value_stays(f, names):
    assert steps(f, X) == names


def test_steps_are_shared_and_those_without_a_use_go():
    def f(x):
        np.cos(x)
        return np.sin(x) * 2.0 + (2.0 * np.sin(x)) * x

    assert steps(f, X) == ["sin", "multiply", "multiply", "add"]


def test_small_constants_are_computed_and_failures_stay():
    assert steps(lambda x: x * (Cast(np.dtype("float64"))(np.arange(3)) @ np.ones(3)), X) == ["multiply"]
    assert steps(lambda x: x + np.linalg.cholesky(np.ones((2, 2)) * (x * 0.0)), X)[-1] == "add"


def test_outputs_are_kept_in_number_and_order():
    graph = graph_of(lambda x, y: (y * 1.0, x, y, -np.negative(y), 2.5, x), 1.0, X)
    shorter = simplified(graph)
    assert shorter.outputs == (1, 0, 1, 1, 2, 0)
    assert shorter.output_types == graph.output_types
    assert shorter.inputs == graph.inputs


def test_long_graphs_simplify_without_recursion():
    def f(x):
        y = x
        for _ in range(3000):
            y = -(-y * 1.0) + 2.5
        return y

    assert len(simplified(graph_of(f, X)).steps) < 6001
