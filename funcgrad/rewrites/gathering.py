"""Gathering: what a loop wrote many times, once: sums of many terms, and one matrix that meets every part of an array.

And of several results those alone that something reads.

These look at many steps together, where an identity looks at one. `plans` reads a graph once, and says which of its
values are to be written in another way.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.op import Op, Result
from funcgrad.primitives import pointwise
from funcgrad.primitives.contracting import ChainMatMul, MatMul
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Pointwise, Sum
from funcgrad.primitives.shaping import Concatenate, Reshape, Transpose
from funcgrad.primitives.solving import Cholesky, Solve, TriangularInverse
from funcgrad.rewrites.draft import Draft, Plan, used
from funcgrad.rewrites.solving import symmetric

#: So many at least are gathered.
MANY = 4
#: Arrays of so many elements at most are put together: larger ones are worth a product each.
LARGE = 1 << 13


def plans(graph: Graph) -> dict[int, Plan]:
    """How some values of a graph, by number, are written in another way."""
    read = Reading(graph)
    return {**dict(parts_times_matrix(read)), **dict(sums(read)), **dict(solved(read)), **dict(read_alone(read))}


class Reading:
    """A graph, with what is asked of it: which step made a value, how often it is used, and by what."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.first = len(graph.inputs) + len(graph.constants)
        self.uses = used(graph)

    def step(self, number: int) -> Step | None:
        """The step that made a value."""
        return self.graph.steps[number - self.first] if number >= self.first else None

    def shape(self, number: int) -> tuple[int, ...]:
        """The shape of a value that is no constant; of a constant, no axes."""
        n = len(self.graph.inputs)
        if number < n:
            return self.graph.inputs[number].shape
        step = self.step(number)
        return step.type.shape if step is not None and type(step.type) is not tuple else ()


# ---- one matrix ------------------------------------------------------------------------------------------------------
def parts_times_matrix(read: Reading) -> Iterator[tuple[int, Plan]]:
    """xₖ B = (x B)ₖ where every part xₖ of x meets B: one product for many."""
    groups: dict[Any, dict[int, int]] = defaultdict(dict)
    for number, step in enumerate(read.graph.steps, read.first):
        if type(step.op) not in (MatMul, ChainMatMul):
            continue
        part = read.step(step.args[0])
        if part is not None and isinstance(part.op, Index) and len(part.op.entries) == 1:
            k, x = part.op.entries[0], part.args[0]
            if type(k) is int and len(read.shape(x)) == 3:
                groups[type(step.op), x, step.args[1]].setdefault(range(read.shape(x)[0])[k], number)
    for (kind, x, matrix), where in groups.items():
        if len(where) == read.shape(x)[0] >= MANY and max(x, matrix) < min(where.values()):
            for k, number in where.items():
                yield number, part_of_product(kind(), x, matrix, k)


def part_of_product(op: MatMul, x: int, matrix: int, k: int) -> Plan:
    """The plan of one part."""
    return lambda b, numbers: b(Index((k,)), b(op, numbers[x], numbers[matrix]))


# ---- one factor ------------------------------------------------------------------------------------------------------
def solved(read: Reading) -> Iterator[tuple[int, Plan]]:
    """Systems whose matrix is A = L Lᵀ, L or Lᵀ, where L⁻¹ is there anyway: A⁻¹ B = L⁻ᵀ (L⁻¹ B). No elimination.

    With an inverse of a triangle the error of the solution is that of substitution to a small factor. That A is
    symmetric, of which `Cholesky` reads half and `Solve` all, has to be seen in how it was made.
    """
    inverted = {step.args[0] for step in read.graph.steps if isinstance(step.op, TriangularInverse)}
    factored = {}
    for number in inverted:
        made = read.step(number)
        if made is not None and isinstance(made.op, Cholesky):
            factored[made.args[0]] = number
    if inverted:
        for number, step in enumerate(read.graph.steps, read.first):
            if isinstance(step.op, Solve) and len(step.type.shape) == 2 and step.type.dtype.kind == "f":
                before = read.step(step.args[0])
                turned = before is not None and isinstance(before.op, Transpose)
                matrix = before.args[0] if before is not None and turned else step.args[0]
                if matrix in inverted:
                    yield number, by_triangle(matrix, step, turned)
                elif matrix in factored:
                    yield number, by_factor(matrix, step)


def by_triangle(triangle: int, step: Step, turned: bool) -> Plan:
    """The plan of L⁻¹ B or L⁻ᵀ B."""

    def write(b: Draft, numbers: list[int]) -> int:
        W = b(TriangularInverse(), numbers[triangle])
        return b(MatMul(), b(Transpose((1, 0)), W) if turned else W, numbers[step.args[1]])

    return write


def by_factor(matrix: int, step: Step) -> Plan:
    """The plan of A⁻¹ B."""

    def write(b: Draft, numbers: list[int]) -> int:
        A = numbers[matrix]
        if not symmetric(b, A) or b.types[A].dtype != step.type.dtype:
            return -1
        W = b(TriangularInverse(), b(Cholesky(), A))
        return b(MatMul(), b(Transpose((1, 0)), W), b(MatMul(), W, numbers[step.args[1]]))

    return write


# ---- several results -------------------------------------------------------------------------------------------------
def read_alone(read: Reading) -> Iterator[tuple[int, Plan]]:
    """The results of an operation of several that something reads, of one that makes no others."""
    results: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, step in enumerate(read.graph.steps, read.first):
        if type(step.op) is Result and read.uses[number]:
            results[step.args[0]].append((number, step.op.index))
    for whole, found in results.items():
        made = read.step(whole)
        fewer = made and made.op.fewer(tuple(sorted({index for _, index in found})))
        if made and fewer:
            for number, index in found:
                yield number, result_of(fewer[0], made.args, fewer[1][index])


def result_of(op: Op, args: tuple[int, ...], index: int) -> Plan:
    """The plan of one result."""
    return lambda b, numbers: b(Result(index), b(op, *[numbers[i] for i in args]))


# ---- sums of many terms ----------------------------------------------------------------------------------------------
@frozen
class Terms:
    """The terms of a sum, by number, by what made them."""

    #: Products of matrices, sums over the first axis, pieces put into zeros, and all others.
    products: list[int]
    sums: list[int]
    pieces: list[int]
    others: list[int]


def sums(read: Reading) -> Iterator[tuple[int, Plan]]:
    """The sums that are written in another way: those of several terms of one kind."""
    steps, added = read.graph.steps, set()
    for step in steps:
        if adds(step):
            added.update([i for i in step.args if read.uses[i] == 1])
    for number, step in enumerate(steps, read.first):
        if adds(step) and (number not in added) and step.type.shape and step.type.dtype.kind == "f":
            terms = sorted_terms(read, step, terms_of(read, number))
            if max(len(terms.products), len(terms.sums)) >= MANY or len(terms.pieces) > 1:
                yield number, total(read, terms)


def adds(step: Step) -> bool:
    """Whether a step is a sum of two values."""
    return isinstance(step.op, Pointwise) and step.op is pointwise.add


def terms_of(read: Reading, root: int) -> list[int]:
    """The terms of a sum, in which each sum but the last is used once and has the last one's type."""
    terms, stack, kind = [], [root], read.graph.steps[root - read.first].type
    while stack:
        number = stack.pop()
        step = read.step(number)
        inner = step is not None and adds(step) and step.type == kind and (number == root or read.uses[number] == 1)
        if inner and step is not None:
            stack.extend(reversed(step.args))
        else:
            terms.append(number)
    return terms


def sorted_terms(read: Reading, root: Step, numbers: list[int]) -> Terms:
    """Terms by what made them."""
    terms = Terms([], [], [], [])
    for number in numbers:
        step = read.step(number)
        of = terms.others
        if step is not None and read.uses[number] == 1 and step.type == root.type:
            if type(step.op) in (MatMul, ChainMatMul) and all(len(read.shape(i)) == 2 for i in step.args[1:]):
                first = read.step(terms.products[0]) if terms.products else step
                alike = first is not None and type(first.op) is type(step.op) and len(root.type.shape) == 2
                of = terms.products if alike and small(read, step.args[1]) else of
            elif isinstance(step.op, Sum) and step.op.axes == (0,) and small(read, step.args[0]):
                of = terms.sums
            elif isinstance(step.op, Scatter):
                of = terms.pieces
        of.append(number)
    for group in (terms.products, terms.sums, terms.pieces):
        if len(group) < (2 if group is terms.pieces else MANY):
            terms.others.extend(group)
            group.clear()
    return terms


def small(read: Reading, number: int) -> bool:
    """Whether an array has few elements."""
    size = 1
    for n in read.shape(number):
        size *= n
    return 1 < size <= LARGE


def total(read: Reading, terms: Terms) -> Plan:
    """The plan of a sum."""

    def write(b: Draft, numbers: list[int]) -> int:
        parts = [numbers[i] for i in sorted(terms.others)]
        for group, together in ((terms.products, matrices), (terms.sums, rows), (terms.pieces, scattered)):
            if group:
                steps = [read.graph.steps[i - read.first] for i in group]
                parts.append(together(b, steps, numbers))
        answer = parts[0]
        for part in parts[1:]:
            answer = b(pointwise.add, answer, part)
        return answer

    return write


def matrices(b: Draft, steps: list[Step], numbers: list[int]) -> int:
    """Σ Xᵢ Yᵢ = (X₁ X₂ …) (Y₁; Y₂; …): one product for many, of parts side by side."""
    pairs = sorted([(numbers[step.args[1]], numbers[step.args[0]]) for step in steps], reverse=True)
    turned = Transpose((1, 0))
    if any(b.keys[x] is Transpose for _, x in pairs):
        left = b(turned, one_below_another(b, [b(turned, x) for _, x in pairs]))
    else:
        left = b(Concatenate(1), *[x for _, x in pairs])
    return b(type(steps[0].op)(), left, one_below_another(b, [y for y, _ in pairs]))


def rows(b: Draft, steps: list[Step], numbers: list[int]) -> int:
    """Σ Σ xᵢ = Σ (x₁; x₂; …): one sum for many."""
    parts = sorted([numbers[step.args[0]] for step in steps], reverse=True)
    return b(Sum((0,)), one_below_another(b, parts))


def one_below_another(b: Draft, parts: list[int]) -> int:
    """Arrays along axis 0; if they are all the parts of one array, that, reshaped."""
    sources = {b.args[i][0] if b.keys[i] is Index else -1 for i in parts}
    if len(sources) == 1 and -1 not in sources:
        (x,), entries = sources, [b.ops[i].entries for i in parts]
        if [tuple(e) for e in entries] == [(k,) for k in range(b.shape(x)[0])] and len(b.shape(x)) > 2:
            shape = b.shape(x)
            return b(Reshape((shape[0] * shape[1], *shape[2:])), x)
    return b(Concatenate(0), *parts)


def scattered(b: Draft, steps: list[Step], numbers: list[int]) -> int:
    """Pieces put into zeros, plus others put into zeros, are all put into the same zeros: one array for many."""
    places: list[Any] = []
    pieces: list[int] = []
    indices: list[int] = []
    for step in steps:
        n = len(step.op.places)  # type: ignore[attr-defined]  # a Scatter
        places += step.op.places  # type: ignore[attr-defined]
        pieces += [numbers[i] for i in step.args[:n]]
        indices += [numbers[i] for i in step.args[n:]]
    return b(Scatter(steps[0].op.shape, tuple(places)), *pieces, *indices)  # type: ignore[attr-defined]
