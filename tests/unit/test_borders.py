"""Where a traced value could slip out of sight: each was silently wrong in some library, or in a sketch of this.

What is returned is a number of the right size, never a traced value.
"""

import copy
import pickle
from math import cos, exp, sin
from weakref import ref

import numpy as np
import pytest
from attrs import frozen

from funcgrad import Node, eval_shape, grad, hessian, hvp, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp, vmap
from funcgrad.errors import EscapedNode
from funcgrad.graph.op import Op, Result
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Opaque
from tests.answers import same

B = np.array([1.0, 2.0, 4.0])


# ---- an answer older than the leaf ----------------------------------------------------------------------------------
class TestOlderAnswers:
    """What a transform returns may have been made before it began: then it belongs to somebody else."""

    def test_vmap_of_the_identity_inside_grad(self):
        same(grad(lambda w: np.sum(vmap(lambda v: v)(w)))(np.arange(3.0)), np.ones(3))

    def test_batched_pullback_of_the_identity(self):
        _, pull = vjp(lambda v: v, 1.0)
        same(grad(lambda x: np.sum(vmap(pull)(x * B)[0]))(2.0), 7.0)

    def test_a_value_that_does_not_depend_on_the_inner_argument(self):
        same(grad(lambda w: value_and_grad(lambda x: w)(2.0)[0])(3.0), 1.0)
        same(grad(lambda w: jvp(lambda x: w, (2.0,), (1.0,))[0])(3.0), 1.0)
        same(grad(lambda w: vjp(lambda x: w, 2.0)[0])(3.0), 1.0)
        same(grad(lambda w: linearize(lambda x: w, 2.0)[0])(3.0), 1.0)

    def test_a_linear_map_given_younger_values(self):
        """∂/∂u cos(½) u² at u = 3 is 6 cos(½): `lin` is older than what it is given."""
        _, lin = linearize(np.sin, 0.5)
        same(grad(lambda u: lin(u * u))(3.0), 6 * cos(0.5))
        _, pull = vjp(np.sin, 0.5)
        same(grad(lambda u: pull(u * u)[0])(3.0), 6 * cos(0.5))

    def test_a_tangent_that_is_the_outer_argument(self):
        """Perturbation confusion: ∂/∂x of x ∂(x + y)/∂y is 1, not 2."""
        same(grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0), 1.0)
        same(jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,))[1], 1.0)
        same(jvp(lambda x: jvp(lambda y: y**3, (x,), (x,))[1], (2.0,), (1.0,))[1], 36.0)  # 3x³
        same(grad(lambda x: jvp(lambda y: x * y**2, (x,), (x,))[1])(2.0), 24.0)  # 2x³


# ---- copies of a node -----------------------------------------------------------------------------------------------
def test_copies_of_a_traced_value_are_the_value():
    same(grad(lambda x: copy.deepcopy(x) * copy.deepcopy(x))(3.0), 6.0)
    same(grad(lambda x: copy.copy(x) * copy.deepcopy({"x": [x]})["x"][0])(3.0), 6.0)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_traced_values_cannot_be_pickled(protocol):
    with pytest.raises(EscapedNode, match=r"cannot be pickled.*Pickle x\.value"):
        grad(lambda x: pickle.dumps(x, protocol))(3.0)
    assert grad(lambda x: x * pickle.loads(pickle.dumps(x.value)))(3.0) == 3.0


# ---- several leaves -------------------------------------------------------------------------------------------------
class TestSeveralLeaves:
    """All leaves of one call are born at once."""

    def test_two_arguments(self):
        assert grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0) == (5.0, 2.0)
        assert grad(lambda x, y: x * y, argnums=(1, 0))(2.0, 5.0) == (2.0, 5.0)
        assert grad(lambda x, y: 2.0 * x, argnums=(0, 1))(2.0, 5.0) == (2.0, 0.0)

    def test_one_value_in_two_arguments(self):
        """∂/∂a (2a² + a²) where ∂(x² y)/∂x = 2xy and ∂(x² y)/∂y = x²."""
        same(grad(lambda a: sum(grad(lambda x, y: x * x * y, argnums=(0, 1))(a, a)))(3.0), 18.0)

    def test_second_derivatives_in_two_arguments(self):
        rows = hessian(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 5.0)
        assert [[float(entry) for entry in row] for row in rows] == [[10.0, 4.0], [4.0, 0.0]]

    def test_a_tree_of_leaves(self):
        gradient = grad(lambda p: p["a"] * p["b"][0] + p["b"][1] ** 2)({"a": 2.0, "b": (3.0, 4.0)})
        assert gradient == {"a": 3.0, "b": (2.0, 8.0)}

    def test_two_arguments_inside_another_call(self):
        f = lambda w: sum(grad(lambda x, y: np.sin(w * x * y), argnums=(0, 1))(2.0, 5.0))
        same(grad(f)(0.3), 7 * cos(3.0) - 7 * 0.3 * 10 * sin(3.0))


# ---- several results ------------------------------------------------------------------------------------------------
class SineAndCosine(Opaque):
    """z = (sin x, cos x), elementwise."""

    several = True
    reads = "z"

    def run(self, x):
        return np.sin(x), np.cos(x)

    def infer(self, x):
        return (Type(x.shape, x.dtype), Type(x.shape, x.dtype))

    def vjp(self, zbar, z, x):
        (sbar, cbar), s, c = zbar, Result(0)(z), Result(1)(z)
        parts = [a for a in (None if sbar is None else sbar * c, None if cbar is None else -cbar * s) if a is not None]
        return (sum(parts[1:], parts[0]),)

    def batch(self, x):
        return self(x)


class TestSeveralResults:
    """A node of several results is never seen; a result nobody uses has no cotangent."""

    both = staticmethod(lambda x: SineAndCosine()(x))

    def test_each_alone(self):
        same(grad(lambda x: self.both(x)[0])(np.float64(0.3)), cos(0.3))
        same(grad(lambda x: self.both(x)[1])(np.float64(0.3)), -sin(0.3))

    def test_both(self):
        f = lambda x: np.sum(self.both(x)[0] * self.both(x)[1])
        x = np.array([0.3, 0.4])
        same(grad(f)(x), np.cos(2 * x))
        same(jvp(f, (x,), (np.ones(2),))[1], np.sum(np.cos(2 * x)))
        same(hessian(f)(x), np.diag(-2 * np.sin(2 * x)))

    def test_mapped_and_staged(self):
        xs = np.linspace(0.0, 1.0, 6).reshape(3, 2)
        sine, cosine = vmap(self.both)(xs)
        same(sine, np.sin(xs))
        same(cosine, np.cos(xs))
        same(vmap(grad(lambda x: np.sum(self.both(x)[1])))(xs), -np.sin(xs))
        assert eval_shape(self.both, xs)[1].shape == (3, 2)

    def test_pushed_forward_and_pulled_back(self):
        x = np.array([0.3, 0.4])
        _, pull = vjp(self.both, x)
        same(pull((np.ones(2), np.zeros(2)))[0], np.cos(x))
        _, (sdot, cdot) = jvp(self.both, (x,), (np.ones(2),))
        same(sdot, np.cos(x))
        same(cdot, -np.sin(x))
        same(jacfwd(lambda x: self.both(x)[0])(x), np.diag(np.cos(x)))


# ---- maps that ignore their argument --------------------------------------------------------------------------------
class TestIgnoredArguments:
    """What does not depend on the batch is repeated along it."""

    xs, ys = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])

    def test_a_constant(self):
        same(vmap(lambda x: 3.0)(self.xs), np.full(3, 3.0))
        same(vmap(lambda x: np.eye(2))(self.xs), np.stack([np.eye(2)] * 3))

    def test_the_inner_map_ignores_its_argument(self):
        same(vmap(lambda a: vmap(lambda b: a * a)(self.ys))(self.xs), np.outer(self.xs**2, np.ones(2)))
        same(vmap(lambda a: vmap(lambda b: b * b)(self.ys))(self.xs), np.outer(np.ones(3), self.ys**2))

    def test_gradients_of_such_maps(self):
        same(grad(lambda w: np.sum(vmap(lambda a: w)(self.xs)))(2.0), 3.0)
        same(vmap(grad(lambda x: 3.0))(self.xs), np.zeros(3))

    def test_the_inner_map_is_over_data_of_the_outer_one(self):
        """vmap over rows x of vmap over entries v of sin(v) Σ x, closing over the outer one's sin."""
        x = np.arange(6.0).reshape(2, 3)
        f = lambda row: vmap(lambda v: np.sin(v) * np.sum(row) + np.sum(np.sin(row)))(row)
        same(vmap(f)(x), np.sin(x) * x.sum(1, keepdims=True) + np.sin(x).sum(1, keepdims=True))


# ---- the two modes, mixed -------------------------------------------------------------------------------------------
class TestMixedModes:
    """jvp of grad, grad of jvp, jvp of jvp and linear maps kept for later."""

    def test_every_pair_of_modes_gives_the_second_derivative(self):
        f = lambda x: x**4
        push = lambda g: lambda x: jvp(g, (x,), (1.0,))[1]
        lin = lambda g: lambda x: linearize(g, x)[1](1.0)
        pull = lambda g: lambda x: vjp(g, x)[1](1.0)[0]
        for one in (grad, push, lin, pull, jacrev, jacfwd):
            for other in (grad, push, lin, pull, jacrev, jacfwd):
                same(one(other(f))(2.0), 48.0)

    def test_pullbacks_called_twice_and_later(self):
        y, pull = vjp(lambda x: x**3, 2.0)
        same(y, 8.0)
        assert pull(1.0) == pull(1.0) == (12.0,)
        same(grad(lambda w: pull(w)[0] * w)(3.0), 72.0)
        same(grad(grad(lambda w: pull(w)[0] * w))(3.0), 24.0)
        same(vmap(pull)(B)[0], 12 * B)

    def test_linearize_then_map_then_differentiate_by_the_point(self):
        f = lambda p: np.sum(vmap(linearize(np.sin, p)[1])(B))
        same(f(0.5), 7 * cos(0.5))
        same(grad(f)(0.5), -7 * sin(0.5))
        same(grad(grad(f))(0.5), -7 * cos(0.5))

    def test_a_captured_value_that_does_not_meet_the_argument(self):
        """∂/∂w of ∂(x² sin w)/∂x at x = 2, w = 1 is 4 cos 1: sin w is made inside and does not depend on x."""
        same(grad(lambda w: grad(lambda x: x * x * np.sin(w))(2.0))(1.0), 4 * cos(1.0))


def graph_of(x):
    """A weak reference that lives as long as any part of the graph that x belongs to."""
    (call, *_) = x.history.calls
    return ref(call)


# ---- values kept beyond their call ----------------------------------------------------------------------------------
class TestLeaks:
    """A value kept from a call that has ended is a number to all later ones, or an error if it never had one."""

    def kept(self):
        kept = []
        grad(lambda x: kept.append(x * x) or x * x)(3.0)
        return kept[0]

    def test_a_known_one_is_a_constant_for_later_calls(self):
        leaked = self.kept()
        assert type(leaked) is Node
        same(grad(lambda y: y * leaked)(2.0), 9.0)
        same(value_and_grad(lambda y: y * leaked)(2.0)[0], 18.0)
        same(grad(lambda y: leaked)(2.0), 0.0)
        same(value_and_grad(lambda y: leaked)(2.0)[0], 9.0)
        same(grad(grad(lambda y: y * y * leaked))(2.0), 18.0)
        same(jvp(lambda y: y * leaked, (2.0,), (leaked,))[1], 81.0)
        same(vjp(lambda y: y * leaked, 2.0)[1](leaked)[0], 81.0)
        same(linearize(lambda y: y * leaked, 2.0)[1](1.0), 9.0)
        same(vmap(lambda y: y * leaked)(B), 9 * B)
        same(jacrev(lambda y: y * leaked)(B), 9 * np.eye(3))
        same(hvp(lambda y: y * y * leaked)(2.0, 1.0), 18.0)

    def test_as_an_argument(self):
        leaked = self.kept()
        same(grad(lambda y: y * y)(leaked), 18.0)
        same(vmap(lambda y: y * leaked)(B * leaked), 81 * B)

    def test_an_unknown_one_is_an_error(self):
        kept = []
        vmap(lambda x: kept.append(x) or x)(B)
        with pytest.raises(EscapedNode, match="Return it from the function, or pass what you need as an argument"):
            vmap(lambda x: x + kept[0])(B)
        with pytest.raises(EscapedNode):
            grad(lambda x: x * kept[0])(1.0)

    def test_a_pullback_that_closed_over_a_finished_call(self):
        kept = []

        def f(w):
            kept.append(vjp(lambda x: x * w, 2.0)[1])
            kept.append(linearize(lambda x: x * w, 2.0)[1])
            return w

        grad(f)(4.0)
        same(kept[0](3.0)[0], 12.0)
        same(kept[1](3.0), 12.0)
        same(grad(lambda u: kept[0](u * u)[0])(3.0), 24.0)

    def test_a_log_of_losses(self):
        log = []

        def loss(w):
            value = np.sum(w * w)
            log.append(value)
            return value + 0.0 * sum(log)

        for _ in range(3):
            same(grad(loss)(np.ones(2)), np.full(2, 2.0))
        assert [value.value for value in log] == [2.0, 2.0, 2.0]

    def test_aux_is_made_of_numbers(self):
        _, aux = grad(lambda x: (x * x, {"x": x, "twice": [2 * x], "name": "n", "none": None}), has_aux=True)(3.0)
        assert aux == {"x": 3.0, "twice": [6.0], "name": "n", "none": None}
        assert type(aux["twice"][0]) is float


# ---- equality of operations -----------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Parametrised(Op):
    """An operation with one field."""

    #: Whatever.
    value: object


def test_operations_are_told_apart_to_the_last_bit():
    from_fields = [Parametrised(v) for v in (0.0, -0.0, 1, 1.0, True, float("nan"), "1", (1,), (1.0,))]
    assert len({op.digest for op in from_fields}) == len(from_fields)
    assert len(set(from_fields)) == len(from_fields)
    for value in (0.0, -0.0, 1, float("nan"), (1, (2.0, None))):
        assert Parametrised(value) == Parametrised(copy.deepcopy(value))
        assert hash(Parametrised(value)) == hash(Parametrised(copy.deepcopy(value)))
        assert Parametrised(value).digest == Parametrised(copy.deepcopy(value)).digest


def test_derivatives_at_the_limits_of_floats():
    same(grad(lambda x: np.exp(x))(0.5), exp(0.5))
    with np.errstate(all="ignore"):
        assert grad(np.log)(0.0) == np.inf
        assert grad(np.exp)(1000.0) == np.inf
        assert np.isnan(grad(lambda x: x * float("nan"))(1.0))
        assert grad(lambda x: 1 / x)(0.0) == -np.inf
        assert grad(lambda x: x**0.5)(0.0) == np.inf
