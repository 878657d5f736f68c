"""Objectives: a function of a vector with the derivatives that SciPy's solvers ask for, run as it is or staged."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type
from funcgrad.optimize.unknowns import Unknowns, vector_of
from funcgrad.transforms.bodies import Body, staged, traced
from funcgrad.transforms.derivatives import grad, hessian, jacfwd, jacobian, linearize, value_and_grad
from funcgrad.transforms.running import pulled, pushed
from funcgrad.transforms.staging import stop_gradient
from funcgrad.transforms.systems import fitted_to

Function = Callable[..., Any]


def on_vectors(fun: Function, unknowns: Unknowns, args: Sequence[Any]) -> Function:
    """The function of the vector of its unknowns."""

    @wraps(fun)
    def function(vector: Any) -> Any:
        return fun(unknowns.tree(vector), *args)

    return function


def traces(function: Function, start: Any, args: Any) -> bool:
    """Whether a function is given, or closes over, a traced value: one call tells."""
    if any([type(leaf) is Node for leaf in tree.leaves((start, args))]):
        return True
    return any([type(leaf) is Node for leaf in tree.leaves(function(start))])


def given(vector: Any) -> Any:
    """SciPy's vector in memory of its own, as SciPy may write into it, or hand the same one over again."""
    return np.array(vector, np.float64)


def taken(array: Any) -> Any:
    """An array as SciPy's compiled code wants it: float64, C-contiguous, writeable, in memory of its own."""
    return np.array(array, np.float64, order="C")


@frozen(eq=False)
class Objective:
    """A scalar function of a vector, and its derivatives, on plain numbers."""

    #: x ↦ f(x).
    value: Function
    #: x ↦ f(x), ∇f(x).
    both: Function
    #: x, v ↦ ∇²f(x)·v.
    product: Function
    #: x ↦ ∇²f(x).
    matrix: Function


def objective_of(function: Function) -> Objective:
    """The objective of a function that is run as it is, with Python's control flow."""
    slope, bend = value_and_grad(function), hessian(function)

    def both(x: Any) -> tuple[float, Any]:
        y, g = slope(given(x))
        return float(y), taken(g)

    return Objective(
        lambda x: float(function(given(x))),
        both,
        products_of(function),
        lambda x: taken(bend(given(x))),
    )


def products_of(function: Function) -> Function:
    """x, v ↦ ∇²f(x)·v: solvers ask for several products at one place, where the gradient is made linear once."""
    place: list[Any] = []

    def product(x: Any, v: Any) -> Any:
        if not place or not np.array_equal(place[0], x):
            place[:] = [given(x), linearize(grad(function), given(x))[1]]
        return taken(place[1](given(v)))

    return product


def jacobian_of(function: Function, program: Function | None = None) -> tuple[Function, Function]:
    """A function of vectors and its Jacobian, for SciPy; the Jacobian may be a program that is there already."""
    slope = program or jacobian(function)
    return lambda x: taken(function(given(x))), lambda x: taken(slope(given(x)))


# ---- staged ----------------------------------------------------------------------------------------------------------
@frozen(eq=False)
class Staged:
    """A scalar function of a vector as a graph, and the graphs of its derivatives, all of (x, w)."""

    #: The function.
    value: Body
    #: Its gradient.
    slope: Body
    #: Both.
    both: Body
    #: The product with its Hessian, of (x, w, v).
    product: Body

    def at(self, w: Sequence[Any]) -> Objective:
        """The objective at known w."""
        both, value, product = self.both.callable, self.value.callable, self.product

        def slope(x: Any) -> Any:
            return self.slope.graph(x, *w)[0]

        def pair(x: Any) -> tuple[float, Any]:
            y, g = both(given(x), *w)
            return float(y), taken(g)

        return Objective(
            lambda x: float(value(given(x), *w)[0]),
            pair,
            lambda x, v: taken(product.callable(given(x), *w, given(v))[0]),
            lambda x: taken(jacfwd(slope)(given(x))),
        )

    def stationary(self, bounded: bool) -> Body:
        """The equation of a minimum, ∇f(x, w) = 0; where numbers are held at a bound, of the others alone.

        Of a mask, which it takes last, it is x = stop(x) where the mask is true. ∂F/∂x is then P ∇²f P + (1 - P), with
        P the projection on the free numbers: symmetric as well.
        """
        if not bounded:
            return self.slope
        graph = self.slope.graph

        def equation(x: Any, *rest: Any) -> list[Any]:
            w, mask = rest[:-1], rest[-1]
            held = stop_gradient(x)
            (g,) = graph(np.where(mask, held, x), *w)
            return [np.where(mask, x - held, g)]

        return staged([*graph.inputs, Type(graph.inputs[0].shape, np.dtype(bool))], equation)


def staged_of(solver: str, function: Function, unknowns: Unknowns) -> tuple[Staged, list[Node]]:
    """The graphs of a function of a vector, and the traced values that it closes over."""
    kind = unknowns.kind
    graph, captured, structure = traced(solver, function, [(tree.LEAF, [kind])])
    if structure is not tree.LEAF or graph.output_types[0].shape or graph.output_types[0].dtype.kind not in "fiub":
        name, where = function_place(function)
        what = repr(graph.output_types[0]) if structure is tree.LEAF else f"a tree of {len(structure)} leaves"
        raise BadAnswer(
            f"{name}{where} returned {what}. {solver} makes one real number small. Return a scalar, as by np.sum."
        )
    return derived(graph), captured


def derived(graph: Graph) -> Staged:
    """The graphs of the derivatives of a scalar function of (x, w)."""
    inputs, whole, kind = graph.inputs, pulled(graph, (0,), (0,)), graph.inputs[0]
    one = graph.output_types[0].dtype.type(1)
    slope = staged(inputs, lambda *own: [fitted_to(whole(*own, one)[0], kind)])
    both = staged(inputs, lambda *own: [graph(*own)[0], *slope.graph(*own)])
    return Staged(Body(graph), slope, both, Body(pushed(slope.graph, (0,))))


def flat_answer(function: Function, unknowns: Unknowns | None, solver: str) -> Function:
    """A function whose answer is a tree, with that as a vector; of as many numbers as there are unknowns, if given."""

    @wraps(function)
    def flat(vector: Any) -> Any:
        found = vector_of(tree.leaves(function(vector)) or [np.zeros(0)])
        if unknowns is not None and found.shape != (unknowns.size,):
            name, where = function_place(function)
            raise BadAnswer(
                f"{name}{where} returned {found.shape[0]} numbers for {unknowns.size} unknowns. {solver} needs as many "
                "equations as unknowns. Return as many, or use least_squares."
            )
        return found

    return flat
