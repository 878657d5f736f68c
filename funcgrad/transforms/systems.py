"""Systems: A(w) x = b whose A is a function, solved as one operation, and whose derivatives are systems again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, evolve, frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument, BadRule, SingularSystem
from funcgrad.graph.node import Node
from funcgrad.graph.op import strong, unknown
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, all_batched, read, staged
from funcgrad.transforms.custom import Batched, Custom, Rules
from funcgrad.transforms.given import Values, identity
from funcgrad.transforms.primitive import Looped
from funcgrad.transforms.running import inexact, pulled, pushed

Solve = Callable[..., Any]


@frozen(eq=False)
class System:
    """A(w) x = b, and how it is solved."""

    #: Who asks, for messages.
    name: str
    #: The user's function that A comes from, for messages.
    function: Callable[..., Any]
    #: The tree of x and of b.
    structure: Any
    #: A as a graph, of the leaves of x and of w.
    matvec: Body
    #: The solver, from a function x ↦ A x and b to x, on plain numbers; None for the matrix and `np.linalg.solve`.
    solve: Solve | None = None
    #: The solver for Aᵀ; None where `solve` is told nothing of it.
    transpose_solve: Solve | None = None
    #: Whether A = Aᵀ.
    symmetric: bool = False

    @property
    def count(self) -> int:
        """How many leaves x has."""
        return len(self.structure)

    @property
    def kinds(self) -> tuple[Type, ...]:
        """The types of x."""
        return self.matvec.graph.inputs[: self.count]

    def answer(self, b: Values, w: Values) -> list[Any]:
        """The leaves of x."""
        if self.solve is None:
            return self.dense(b, w)
        return list(Custom(LinearRules(self.name, self))(*b, *w))

    def dense(self, b: Values, w: Values) -> list[Any]:
        """The leaves of x, by the matrix: A of every unit vector at once.

        A complex number is two real unknowns: of A no more is asked than that it is linear over the reals.
        """
        matrix = np.moveaxis(self.columns(w), 0, 1)
        try:
            flat = np.linalg.solve(matrix, np.concatenate([np.reshape(y, (-1,)) for y in self.parts(b)]))
        except np.linalg.LinAlgError as error:
            raise self.singular(matrix.shape[0]) from error
        found: list[Any] = [None] * self.count
        for (i, factor), low, high in self.slots:
            part = np.reshape(flat[low:high], self.kinds[i].shape)
            found[i] = part if factor == 1 else found[i] + factor * part
        return [fit(x, kind) for x, kind in zip(found, self.kinds, strict=True)]

    @property
    def slots(self) -> list[tuple[tuple[int, complex], int, int]]:
        """The real unknowns: which leaf and which part of it, 1 or 1j, and where they begin and end."""
        parts = [(i, part) for i, kind in enumerate(self.kinds) for part in (1, 1j)[: 1 + (kind.dtype.kind == "c")]]
        ends = np.cumsum([0, *[self.kinds[i].size for i, _ in parts]])
        return list(zip(parts, map(int, ends[:-1]), map(int, ends[1:]), strict=True))

    def parts(self, leaves: Values) -> list[Any]:
        """Real arrays in the order of `slots`."""
        return [
            leaf if kind.dtype.kind != "c" else part(leaf)
            for leaf, kind in zip(leaves, self.kinds, strict=True)
            for part in (np.real, np.imag)[: 1 + (kind.dtype.kind == "c")]
        ]

    def columns(self, w: Values) -> Any:
        """The columns of A's matrix, stacked along axis 0."""
        total = self.slots[-1][2]
        units = [np.zeros((total, *kind.shape), kind.dtype) for kind in self.kinds]
        for (i, part), low, high in self.slots:
            units[i].reshape(total, high - low)[low:high] = part * np.eye(high - low)
        marks = [*[True] * self.count, *[False] * len(w)]
        answers = all_batched(self.matvec.graph, total, marks, [*units, *w])
        rows = zip(self.parts(answers), self.slots, strict=True)
        return np.concatenate([np.reshape(y, (total, high - low)) for y, (_, low, high) in rows], axis=1)

    def singular(self, size: int) -> SingularSystem:
        """The error of a matrix that has no inverse."""
        name, where = function_place(self.function)
        return SingularSystem(
            f"{self.name} met a singular system of {size} equations, from {name}{where}. At such a point the answer is "
            "not determined, and so has no derivative. Check that the equations are independent, or add a small "
            "multiple of the unknowns to them."
        )

    # ---- the system of the transpose ---------------------------------------------------------------------------------
    def transposed(self) -> "System":
        """Aᵀ x = b."""
        if self.symmetric:
            return self
        if self.solve is not None and self.transpose_solve is None:
            raise BadRule(
                f"{self.name} was given solve= without transpose_solve=, and reverse mode solves Aᵀ x = b. A solver "
                "that knows its own matrix would solve the wrong system. Give transpose_solve=, write symmetric=True, "
                "or choose a method=."
            )
        matvec = self.matvec.once("transposed", self.turned)
        return evolve(self, matvec=matvec, solve=self.transpose_solve, transpose_solve=self.solve)

    def check_linear(self, w: Values) -> None:
        """Refuse a function that is not linear: its pullback reads x, or it does not take 0 to 0."""
        self.matvec.once("transposed", self.turned)
        if any([type(one) is Node and unknown(one.value) for one in w]):
            return
        zeros = [zeros_like(kind) for kind in self.kinds]
        with np.errstate(all="ignore"):
            origin = self.matvec.graph(*zeros, *[one.value if type(one) is Node else one for one in w])
        if any([np.any(np.isfinite(y) & (y != 0)) for y in origin]):
            self.refuse_bent("It does not take 0 to 0.")

    def refuse_bent(self, how: str) -> None:
        """Say that a function is not linear."""
        name, where = function_place(self.function)
        raise BadAnswer(
            f"{name}{where} is not linear in its argument. {how} {self.name} solves linear equations: bring what does "
            "not depend on the argument to the right-hand side, or use custom_root."
        )

    def turned(self) -> Body:
        """The graph of Aᵀ: the pullback of A, which does not depend on where it is taken."""
        n, graph = self.count, self.matvec.graph
        whole = pulled(graph, tuple(range(n)), tuple(range(n)))
        if any([i < n for i in read(whole)]):
            self.refuse_bent("Its derivative depends on where it is taken.")
        data = graph.inputs[n:]
        body = staged([*self.kinds, *data], lambda *args: list(whole(*[None] * n, *args[n:], *args[:n])))
        body.once("transposed", lambda: self.matvec)
        return body


# ---- derivatives of F(x, w) with respect to w ------------------------------------------------------------------------
def pulled_to(body: Body, bars: Values, x: Values, w: Values, wanted: Sequence[int]) -> list[Any]:
    """F̄·∂F/∂w for the wanted values among w."""
    n, graph = len(x), body.graph
    own = tuple([n + i for i in wanted if graph.inputs[n + i].dtype.kind in "fc"])
    if not own:
        return [None] * len(wanted)
    whole = body.once(("pull", own), lambda: pulled(graph, tuple(range(n)), own))
    found = dict(zip(own, whole(*x, *w, *bars), strict=True))
    return [found.get(n + i) for i in wanted]


def pushed_from(body: Body, dots: Values, x: Values, w: Values) -> list[Any]:
    """∂F/∂w·ẇ; None where nothing moves."""
    n, graph = len(x), body.graph
    own = tuple([i for i in inexact(graph.inputs) if i >= n and dots[i - n] is not None])
    if not own:
        return [None] * len(graph.outputs)
    whole = body.once(("push", own), lambda: pushed(graph, own))
    return list(whole(*x, *w, *[fit(dots[i - n], graph.inputs[i], stretch=True) for i in own]))


@define(eq=False)
class LinearRules(Rules):
    """x with A(w) x = b, found by a solver.  Arguments: b, then w.

    b̄ = A⁻ᵀ x̄ and w̄ = -b̄·∂(A x)/∂w;  ẋ = A⁻¹ (ḃ - Ȧ x).
    Griewank and Walther, *Evaluating Derivatives* (2008), chapter 15.
    """

    #: The system.
    system: System

    def __attrs_post_init__(self) -> None:
        self.answer = self.system.structure

    @property
    def key(self) -> Any:
        return ("linear", self.system.matvec.key, identity(self.system.solve), self.system.structure.key)

    @property
    def function(self) -> Callable[..., Any]:
        return self.system.function

    def infer(self, values: Values) -> tuple[Any, ...]:
        return self.system.kinds

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        return Each(self.name, self, size, which)

    def forward(self, leaves: Values) -> list[Any]:
        system, n = self.system, self.system.count
        assert system.solve is not None
        w, program, graph = leaves[n:], system.matvec.callable, system.matvec.graph

        def matvec(x: Any) -> Any:
            own = system.structure.flatten_up_to(x)
            traces = any([type(one) is Node for one in own])
            return system.structure.unflatten((graph if traces else program)(*map(fitted_to, own, system.kinds), *w))

        answer = system.solve(matvec, system.structure.unflatten(map(writeable, leaves[:n])))
        return solved(self.name, answer, system.structure, system.kinds, system.solve)

    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        n, system = self.system.count, self.system
        w = args[n:]
        ubars = system.transposed().answer(filled(bars, system.kinds), w)
        later = [i - n for i in wanted if i >= n]
        others = dict(zip(later, pulled_to(system.matvec, [-u for u in ubars], z, w, later), strict=True))
        return [ubars[i] if i < n else others[i - n] for i in wanted]

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        n, system = self.system.count, self.system
        moved = pushed_from(system.matvec, dots[n:], z, args[n:])
        right = [
            dot if other is None else -other if dot is None else dot - other
            for dot, other in zip(dots[:n], moved, strict=True)
        ]
        return system.answer(filled(right, system.kinds), args[n:])


@define(eq=False)
class Each(Looped):
    """The rules of a solver for a batch: it runs item after item; its derivatives are mapped."""

    mapped = Batched.mapped

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        return Each(self.name, self, size, which)


# ---- small things ----------------------------------------------------------------------------------------------------
def alike(transform: str, function: Any, structure: Any, got: Any, kinds: Values, answers: Values, like: str) -> None:
    """Refuse an answer that is no tree like the unknown, leaf for leaf of its shape."""
    name, where = function_place(function)
    if got != structure:
        raise BadAnswer(
            f"{name}{where} returned a tree of structure {got}, where {like} has {structure}. {transform} needs "
            f"as many equations as unknowns. Return a tree like {like}."
        )
    for i, (kind, answer) in enumerate(zip(kinds, answers, strict=True)):
        if kind.shape != answer.shape:
            path = tree.path_name(structure.paths()[i], root="answer")
            raise BadAnswer(
                f"{name}{where} returned {path} of shape {answer.shape}, where {like} has {kind.shape}. {transform} "
                f"needs as many equations as unknowns. Return a tree like {like}, shape for shape."
            )


def solved(transform: str, answer: Any, structure: Any, kinds: Sequence[Type], solver: Any) -> list[Any]:
    """The leaves of a solver's answer, of the types of the unknowns; a traced value that it closes over is a number."""
    values, got = tree.flatten(answer)
    name, where = function_place(solver)
    if got != structure:
        raise BadAnswer(
            f"{name}{where}, a solver of {transform}, returned a tree of structure {got}, where the unknown has "
            f"{structure}. Return the unknown."
        )
    found = []
    for value, kind in zip(values, kinds, strict=True):
        if type(value) is Node:
            if unknown(value.value):
                raise BadArgument(
                    f"{name}{where}, a solver of {transform}, closes over a value that is unknown. A solver runs on "
                    "numbers, later than it is traced. Use the function that it is given, which knows the numbers."
                )
            value = value.value
        if type_of(value).shape != kind.shape:
            raise BadAnswer(
                f"{name}{where}, a solver of {transform}, returned shape {type_of(value).shape}, where the unknown "
                f"has {kind.shape}. Return the unknown in its own shape."
            )
        found.append(fit(value, kind))
    return found


def filled(bars: Values, kinds: Sequence[Type]) -> list[Any]:
    """Cotangents or tangents of these types, zeros where there is none."""
    return [
        zeros_like(kind) if bar is None else fit(bar, kind, stretch=True) for bar, kind in zip(bars, kinds, strict=True)
    ]


def inexact_kind(kind: Type) -> Type:
    """The type of an unknown for a first guess of a type: real or complex, NumPy's."""
    return Type(kind.shape, kind.dtype if kind.dtype.kind in "fc" else np.dtype(float))


def fitted_to(value: Any, kind: Type) -> Any:
    """A value at a type's dtype, of its own shape."""
    return strong(value) if type_of(value).strong() == kind else fit(value, kind)


def writeable(value: Any) -> Any:
    """A plain value that a user's solver may write to."""
    return value.copy() if isinstance(value, np.ndarray) else value
