"""Rows: how a table of derivatives of SciPy's ufuncs is written, as that of NumPy's is in primitives/pointwise.py.

A partial receives (z, x, y, …), the answer and then the arguments; a parameter with an underscore is not read.
`unknown(why)` stands for a partial that has no rule here: who asks for it is refused and told why.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.backends.spelling import Site, Spelled, function_text, spelled
from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import OPERATIONS, UFUNCS, loaded
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, admit
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.numpy.pointwise import outer
from funcgrad.primitives.kinds import Binary, Partial, Pointwise, Unary, careful_product, value_of, with_rank

HOME = "scipy.special"
#: What to write in place of a derivative that there is not.
REMEDY = "Pass a plain number there, or wrap the function with a rule of your own (docs: add a primitive)."


@frozen
class unknown:
    """A partial that has no rule, and why not, as a clause."""

    #: "its derivative is no function of SciPy's".
    why: str


#: Why there is mostly none.
NO_FORM = unknown("its derivative there has no closed form")
WHOLE = unknown("it must be a whole number")


@frozen(eq=False, repr=False)
class Many(Pointwise):
    """z = f(x, y, w, …): of three arguments or more, of which the history keeps all, and the answer."""

    reads_answer: ClassVar[bool] = True


def row(ufunc: np.ufunc, *partials: Partial | unknown, label: str = "") -> Any:
    """A row of the table: a ufunc, its partials, and the name of the function that calls it, if that is another."""
    kind = {1: Unary, 2: Binary}.get(ufunc.nin, Many)
    name = label or ufunc.__name__
    rules = tuple([refusing(name, i, one) if isinstance(one, unknown) else one for i, one in enumerate(partials)])
    return entered(kind(ufunc, ufunc, rules, label=f"{HOME}.{label}" if label else "", home=HOME))


def entered(op: Any) -> Any:
    """An operation, entered in the tables in which it is looked up."""
    UFUNCS[op.ufunc] = op.__call__
    if (op.ufunc.nin, op.ufunc.nout) == (2, 1):
        UFUNCS[op.ufunc, "outer"] = partial(outer, op.ufunc)
    OPERATIONS[op.name] = op
    return op


def refusing(name: str, argument: int, reason: unknown) -> Callable[..., Any]:
    """What refuses the partial of a function with respect to an argument."""

    def refused(*_values: Any) -> Any:
        refuse(
            UnsupportedFunction,
            f"scipy.special.{name} has no derivative rule with respect to its argument {argument}: {reason.why}.",
            REMEDY,
        )

    return refused


def is_complex(x: Any) -> bool:
    """Whether a value, known or not, is of complex numbers."""
    return bool(type_of(x).dtype.kind == "c")


def refuse_complex(name: str, x: Any, why: str) -> None:
    """Refuse the derivative with respect to a complex argument."""
    if is_complex(x):
        refuse(
            UnsupportedFunction,
            f"scipy.special.{name} has no derivative rule with respect to a complex argument: {why}.",
            "Compose it of functions that have one.",
        )


def polynomial(coefficients: Sequence[float], u: Any) -> Any:
    """Σ cₖ uᵏ by Horner's rule, the highest power first."""
    total: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * u + coefficient
    return total


class Probe:
    """Takes part in the call of a function to learn which ufunc that calls."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return ufunc


def behind(function: Callable[..., Any], *before: Any) -> Any:
    """The ufunc to which a Python function of SciPy's hands its arguments on."""
    return function(*before, Probe())


# ---- several results -------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Bundle(Op):
    """(z, w, …) = f(x, y, …), element by element: a ufunc of several results.  A partial is a tuple, one a result."""

    several: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The ufunc.
    ufunc: np.ufunc
    #: For each argument a function of ((z, w, …), x, y, …) to the derivatives of all results; None where they are zero.
    partials: tuple[Callable[..., Any] | None, ...]
    #: The module whose function it is.
    home: str = HOME

    @property
    def name(self) -> str:
        return f"{self.home}.{self.ufunc.__name__}"

    @property
    def key(self) -> tuple[str, str]:
        return ("ufunc", self.name)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return loaded("funcgrad.primitives.names").operation, (self.name,)

    def __call__(self, *args: Any) -> Any:
        return Op.__call__(self, *[admit(a) for a in args])

    def run(self, *args: Any) -> Any:
        return self.ufunc(*args)

    def infer(self, *types: Any) -> Any:
        shape = np.broadcast_shapes(*[t.shape for t in types])
        nin = self.ufunc.nin
        dtypes = self.ufunc.resolve_dtypes((*[t.promoting() for t in types], *[None] * self.ufunc.nout))
        return tuple([Type(shape, dtype) for dtype in dtypes[nin:]])

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.shared(np.multiply, zbar, self.partials[i], z, args) for i in wanted]

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.shared(careful_product, zbar, self.partials[i], z, args) for i in wanted]

    def shared(self, product: Callable[..., Any], zbar: Any, rule: Any, z: Any, args: tuple[Any, ...]) -> Any:
        """What the cotangents of all results hand on to one argument."""
        if rule is None:
            return None
        slopes = value_of(rule, z, args)
        parts = [product(bar, slope) for bar, slope in zip(zbar, slopes, strict=True) if bar is not None]
        return sum(parts[1:], parts[0])

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = [(dot, rule) for dot, rule in zip(dots, self.partials, strict=True) if not (dot is None or not rule)]
        if not moving:
            return None
        terms = [[dot * slope for slope in value_of(rule, z, args)] for dot, rule in moving]
        return tuple([sum(column[1:], column[0]) for column in zip(*terms, strict=True)])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        rank = max(np.ndim(a) - b if type(a) is not Node else a.ndim - b for a, b in zip(args, which, strict=True))
        return self(*[with_rank(a, rank) if b else a for a, b in zip(args, which, strict=True)])


def bundle(ufunc: np.ufunc, *partials: Callable[..., Any] | unknown | None) -> Bundle:
    """A row of the table: a ufunc of several results, and for each argument the derivatives of all results."""
    name = ufunc.__name__
    rules = tuple([refusing(name, i, one) if isinstance(one, unknown) else one for i, one in enumerate(partials)])
    op: Bundle = entered(Bundle(ufunc, rules))
    return op


@spelled.register
def _(op: Bundle, at: Site) -> Spelled:
    return Spelled(f"{function_text(op)}({', '.join(at.names)})")
