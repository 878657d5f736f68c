"""Compressing: matrices of derivatives from a few products, one for each colour of their columns."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import numpy as np
from attrs import define, field, frozen
from scipy.sparse import csr_array

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import type_of
from funcgrad.sweeps.fold import batch, pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.arguments import Arguments
from funcgrad.transforms.boundary import bars_of, handed_back, leaves_of, normalised
from funcgrad.transforms.derivatives import Argnums, Function, checked_complex, dots_of, grad
from funcgrad.transforms.recording import traced
from funcgrad.transforms.sparse.colouring import Colours, column_colours, symmetric_colours
from funcgrad.transforms.sparse.patterns import pattern
from funcgrad.transforms.sparse.sets import stacked

#: Products with so many numbers in all are computed at once; more colours take turns.
AT_ONCE = 1 << 24
#: So many plans a function of sparse matrices keeps, the latest ones.
KEPT = 16


@frozen(eq=False)
class Plan:
    """How the matrix of a graph is computed: its pattern, and which columns or rows share a product."""

    #: The pattern, a sparse array of booleans.
    sets: Any
    #: The colour of each column, or of each row.
    colours: Colours
    #: Whether it is rows that are coloured, and cotangents that are pulled back.
    backwards: bool = False
    #: For a symmetric matrix, which columns are read for their rows as well.
    hub: Any = None

    #: For each element of the pattern, which product it is read from, and where in it.
    picks: tuple[Any, Any] = field(init=False)

    @picks.default
    def _picks(self) -> tuple[Any, Any]:
        sets = self.sets
        rows, columns = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr)), sets.indices
        seeded, other = (rows, columns) if self.backwards else (columns, rows)
        if self.hub is not None:
            swapped = self.hub[rows] & ~self.hub[columns]
            seeded, other = np.where(swapped, rows, columns), np.where(swapped, columns, rows)
        return self.colours.of[seeded], other

    def matrix(self, products: Any) -> Any:
        """The matrix, its elements picked out of the products, one for each colour."""
        sets = self.sets
        return csr_array((products[self.picks], sets.indices.copy(), sets.indptr.copy()), shape=sets.shape)


@define(eq=False)
class Plans:
    """The plans of a function of sparse matrices, by the content of the graph that they are for."""

    #: The plans.
    known: dict[str, Plan] = field(factory=dict)

    def of(self, graph: Graph, make: Callable[[Graph], Plan]) -> Plan:
        """The plan for a graph; patterns depend on nothing else."""
        digest = graph.digest
        if digest not in self.known:
            while len(self.known) >= KEPT:
                del self.known[next(iter(self.known))]
            self.known[digest] = make(graph)
        return self.known[digest]


def jacobian(f: Function, argnums: Argnums, has_aux: bool, holomorphic: bool) -> Function:
    """What `derivatives.jacobian` with sparse=True is."""
    refuse_aux("jacobian", has_aux)
    plans = Plans()

    @wraps(f)
    def matrix(*args: Any, **keywords: Any) -> Any:
        with Call("jacobian", f) as call:
            graph, leaves = recorded(call, f, args, keywords, argnums)
            plan = plans.of(graph, column_or_row_plan)
            columns = products(call, graph, leaves, plan, holomorphic)
        return plan.matrix(*handed_back([columns]))

    return matrix


def hessian(f: Function, argnums: Argnums, has_aux: bool, holomorphic: bool) -> Function:
    """What `derivatives.hessian` with sparse=True is."""
    refuse_aux("hessian", has_aux)
    plans = Plans()

    @wraps(f)
    def matrix(*args: Any, **keywords: Any) -> Any:
        with Call("hessian", f) as call:
            numbers = normalised(argnums, len(args), "hessian")
            graph, leaves = recorded(call, grad(f, numbers, holomorphic=holomorphic), args, keywords, argnums)
            plan = plans.of(graph, symmetric_plan)
            columns = products(call, graph, leaves, plan, holomorphic)
        return plan.matrix(*handed_back([columns]))

    return matrix


def refuse_aux(transform: str, has_aux: bool) -> None:
    """Refuse the promise of a pair."""
    if has_aux:
        raise BadArgument(
            f"{transform} was given both sparse=True and has_aux=True. A sparse matrix is made of the graph alone, of "
            "which what stands beside the answer is no part. Leave out has_aux=True, and call f for it."
        )


def sparsity(f: Function, *args: Any, argnums: Argnums = 0, order: int = 1, **keywords: Any) -> Any:
    """Which elements of y = f(x, …) depend on which elements of x: the elements of ∂y/∂x that are not 0 at every x.

    sparsity : (X → Y) × X → 𝔹^(Y × X), a `scipy.sparse.csr_array` of booleans, with a row for each element of y and a
    column for each of x, numbered as by `tree.ravel`. With `order=2` f is a scalar function, and it is the pattern of
    its Hessian: which pairs of elements of x meet in anything but a sum. `argnums` as in `jacobian`.

    It is read off the graph that f takes at these arguments, through Python's `if` as they decide it: nothing is
    probed. Numbers are left aside, so that x - x depends on x; so are choices: `np.where` and `np.maximum` depend on
    all that they choose from, unless the condition is a constant. An operation without a rule, such as a factorisation,
    is taken to depend on all of its arguments with each of its elements.

    BadAnswer where the pattern has so many elements that it is no sparse matrix.
    Griewank and Walther, *Evaluating Derivatives* (2008), section 7.1.

    >>> import numpy as np
    >>> print(sparsity(np.diff, np.zeros(4)).toarray().astype(int))
    [[1 1 0 0]
     [0 1 1 0]
     [0 0 1 1]]
    >>> sparsity(lambda x: np.sum(x[1:] * x[:-1] ** 2), np.zeros(3), order=2).toarray().astype(int)
    array([[1, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    if order not in (1, 2):
        raise BadArgument(
            f"sparsity was asked for the pattern of derivatives of order {order!r}. There are those of order 1, of the "
            "Jacobian, and of order 2, of a scalar function's Hessian. Write order=1 or order=2."
        )
    with Call("sparsity", f) as call:
        numbers = normalised(argnums, len(args), "sparsity")
        graph, _ = recorded(call, grad(f, numbers) if order == 2 else f, args, keywords, argnums)
    return symmetric(pattern_of(graph)) if order == 2 else pattern_of(graph)


# ---- the graph -------------------------------------------------------------------------------------------------------
def recorded(
    call: Call, function: Function, args: Sequence[Any], keywords: dict[str, Any], argnums: Argnums
) -> tuple[Graph, list[Node]]:
    """The graph of a function of the leaves to differentiate with respect to, and these: known numbers all of them."""
    numbers = normalised(argnums, len(args), call.transform)
    _, leaves, structures = leaves_of(call, args, numbers)
    if any([type(value) is Node for value in tree.leaves((args, keywords))]):
        refuse_traced(call)
    static = {i: a for i, a in enumerate(args) if i not in numbers} | keywords
    chosen = dict(zip(numbers, structures, strict=True))
    (_, structure) = tree.flatten(
        (
            tuple([None if i in static else chosen[i].unflatten([0] * len(chosen[i])) for i in range(len(args))]),
            dict.fromkeys(sorted(keywords)),
        )
    )
    values = [leaf.value for leaf in leaves]
    path, captured, _, _ = traced(function, Arguments(values, structure, static), values)
    if captured:
        refuse_traced(call)
    return Graph(
        path.graph.inputs, path.graph.constants, path.graph.steps, path.graph.outputs[len(path.guards) :]
    ), leaves


def refuse_traced(call: Call) -> None:
    """Say that a matrix of SciPy's holds no traced values."""
    name, where = function_place(call.function)
    raise BadArgument(
        f"{call.transform} with a sparse answer met a traced value of another transform in {name}{where}. SciPy's "
        "matrices hold numbers only. Leave out sparse=True here, or use jvp, vjp or hvp, which need no matrix."
    )


def pattern_of(graph: Graph) -> Any:
    """The pattern of all outputs of a graph, one after the other, as a sparse array of booleans."""
    kinds, found = graph.output_types, pattern(graph)
    columns = sum([kind.size for kind in graph.inputs])
    if not any([sets is not None for sets in found]):
        return csr_array((sum([kind.size for kind in kinds]), columns), dtype=bool)
    sets = stacked(found, [kind.size for kind in kinds])
    sets.sort_indices()
    return sets


def symmetric(sets: Any) -> Any:
    """A pattern made symmetric, as that of second derivatives is: where the graph hides it, by the other half."""
    both = csr_array(sets + sets.T)
    both.sort_indices()
    return both


# ---- products --------------------------------------------------------------------------------------------------------
def column_or_row_plan(graph: Graph) -> Plan:
    """Columns that share a product forwards, or rows that share one backwards: whichever are fewer products."""
    sets = pattern_of(graph)
    forwards = column_colours(sets)
    if forwards.count <= np.diff(sets.tocsc().indptr).max(initial=0):
        return Plan(sets, forwards)
    backwards = column_colours(csr_array(sets.T))
    return Plan(sets, backwards, True) if backwards.count < forwards.count else Plan(sets, forwards)


def symmetric_plan(graph: Graph) -> Plan:
    """Columns that share a product of the Hessian with a vector."""
    sets = symmetric(pattern_of(graph))
    colours, hub = symmetric_colours(sets)
    return Plan(sets, colours, hub=hub)


def seeds(plan: Plan, size: int, at_once: int) -> Iterator[Any]:
    """Vectors with 1 for each column (or row) of a colour, a row each, so many at a time."""
    places = np.arange(len(plan.colours.of))
    for start in range(0, plan.colours.count, at_once):
        stop = min(start + at_once, plan.colours.count)
        block = np.zeros((stop - start, size))
        mine = (plan.colours.of >= start) & (plan.colours.of < stop)
        block[plan.colours.of[mine] - start, places[mine]] = 1
        yield block


def products(call: Call, graph: Graph, leaves: list[Node], plan: Plan, holomorphic: bool) -> Any:
    """For each colour, the sum of the matrix's columns (or rows) of that colour."""
    answers = list(graph(*leaves))
    checked_complex(call, leaves, answers, holomorphic, plan.backwards)
    side, sizes = (answers if plan.backwards else leaves), (leaves if plan.backwards else answers)
    total = sum([type_of(a).size for a in side])
    most = max(total, sum([type_of(a).size for a in sizes]), 1)
    if not plan.colours.count:
        dtype = np.result_type(*[type_of(a).dtype for a in sizes]) if sizes else np.float64
        return np.zeros((1, sum([type_of(a).size for a in sizes])), dtype)
    kinds = [type_of(a).strong() for a in side]
    with Call("vmap", call.function) as mapped:
        moving = [fresh_leaf(mapped, kind.bare()) for kind in kinds]
        if plan.backwards:
            ends = bars_of(pullback(call, answers, moving, leaves), leaves)
        else:
            ends = dots_of(pushforward(call, answers, leaves, moving), answers)
        blocks = []
        for block in seeds(plan, total, max(1, AT_ONCE // most)):
            cuts = np.split(block, np.cumsum([kind.size for kind in kinds])[:-1], axis=1)
            own = [
                cut.reshape(len(block), *kind.shape).astype(kind.dtype) for cut, kind in zip(cuts, kinds, strict=True)
            ]
            rows = batch(mapped, ends, moving, own, len(block))
            blocks.append(np.concatenate([np.reshape(one, (len(block), -1)) for one in rows], axis=1))
    return np.concatenate(blocks)
