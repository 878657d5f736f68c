"""The four kinds of operation: each states its calculus once and gets both modes and the batch rule from its kind."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy import empty, ndarray

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.calls import Calls, frozen_array, hold, set_writeable
from funcgrad.graph.dispatch import loaded
from funcgrad.graph.node import History, Node, born, made
from funcgrad.graph.op import Op, admit, forget, joined, strong
from funcgrad.graph.protocols import taken
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import NUMBERS, PLAIN, Type, grown, type_of

#: A partial derivative: a function of (z, x, y, …), a constant factor, or None where it is zero or does not exist.
Partial = Callable[..., Any] | int | None


def read_by(partial: Partial) -> frozenset[int]:
    """Which of (z, x, y, …) a partial reads: a parameter named with an underscore is not read."""
    if not callable(partial):
        return frozenset()
    code = partial.__code__
    return frozenset(i for i, name in enumerate(code.co_varnames[: code.co_argcount]) if not name.startswith("_"))


@frozen(eq=False, repr=False)
class Pointwise(Op):
    """z = f(x, y, …), element by element, where shapes broadcast."""

    keeps_weak: ClassVar[bool] = True
    defers: ClassVar[bool] = True

    #: The ufunc that says what the answer's dtype is.
    ufunc: np.ufunc
    #: What computes it: the ufunc, or Python's operator, which agrees with it and is quicker.
    function: Callable[..., Any]
    #: ∂z/∂x, ∂z/∂y, …
    partials: tuple[Partial, ...]
    #: Whether the answer of Python numbers is a Python number, as with + - * / // % ** neg abs.
    arithmetic: bool = False
    #: Its name where that is not the ufunc's.
    label: str = ""
    #: The module whose function it is.
    home: str = "numpy"
    #: Whether its meaning for complex numbers, which has no derivative, is refused.
    real: bool = False
    #: The values that each partial reads: 0 is z, 1 is x, 2 is y.
    reads: tuple[frozenset[int], ...] = field(init=False)
    #: The values that the partials read together.
    both: frozenset[int] = field(init=False)
    #: Whether no argument has a derivative.
    constant: bool = field(init=False)  # type: ignore[misc]  # an instance's fact here, a class's elsewhere

    @reads.default
    def _reads(self) -> tuple[frozenset[int], ...]:
        return tuple(map(read_by, self.partials))

    @both.default
    def _both(self) -> frozenset[int]:
        return frozenset().union(*self.reads)

    @constant.default
    def _constant(self) -> bool:
        return all(partial is None for partial in self.partials)

    @property
    def name(self) -> str:
        return self.label or (self.ufunc.__name__ if self.home == "numpy" else f"{self.home}.{self.ufunc.__name__}")

    @property
    def key(self) -> tuple[str, str]:
        return ("ufunc", self.name)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        names = loaded("funcgrad.primitives.names")
        return names.operation, names.named(self)[:1]

    def __call__(self, *args: Any) -> Any:
        return Op.__call__(self, *[admit(a) for a in args])

    def run(self, *args: Any) -> Any:
        return self.function(*args)

    def infer(self, *types: Any) -> Any:
        shape = np.broadcast_shapes(*[t.shape for t in types])
        (*_, dtype) = self.ufunc.resolve_dtypes((*[t.promoting() for t in types], None))
        return Type(shape, dtype, self.arithmetic and (all([t.weak for t in types]) or pythons_complex(types)))

    def stage(self, calls: Calls, args: tuple[Any, ...], values: list[Any]) -> Any:
        node = Op.stage(self, calls, args, values)
        if self.real:
            self.refuse_complex(node.value.dtype)
        return node

    def refuse_complex(self, dtype: np.dtype[Any]) -> None:
        """Refuse complex numbers."""
        if dtype.kind == "c":
            refuse(
                UnsupportedFunction,
                f"np.{self.name} of complex values has no derivative rule.",
                "Compose it of np.real, np.imag and np.abs.",
            )

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        bars: list[Any] = []
        for i in wanted:
            partial = self.partials[i]
            bars.append(zbar * value_of(partial, z, args) if callable(partial) else scaled(zbar, partial))
        return bars

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [times(careful_product, zbar, self.partials[i], z, args) for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        total = None
        for dot, partial in zip(dots, self.partials, strict=True):
            term = None if dot is None else times(operator.mul, dot, partial, z, args)
            total = term if total is None else total if term is None else total + term
        return total

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        rank = max(np.ndim(a) - b if type(a) is not Node else a.ndim - b for a, b in zip(args, which, strict=True))
        return self(*[with_rank(a, rank) if b else a for a, b in zip(args, which, strict=True)])


def pythons_complex(types: Sequence[Any]) -> bool:
    """Whether Python's complex number stands first and takes NumPy's float64, which is a Python float, for one."""
    first, *rest = types
    return bool(
        len(rest) == 1
        and first.weak
        and first.dtype.kind == "c"
        and not rest[0].weak
        and rest[0].dtype == np.float64
        and not rest[0].shape
    )


@frozen(eq=False, repr=False)
class Unary(Pointwise):
    """z = f(x): what `Op.__call__` does, as quickly as can be."""

    #: Whether the partial reads the answer.
    reads_z: bool = field(init=False)
    #: Whether it reads the argument.
    reads_x: bool = field(init=False)

    @reads_z.default
    def _reads_z(self) -> bool:
        return 0 in self.reads[0]

    @reads_x.default
    def _reads_x(self) -> bool:
        return 1 in self.reads[0]

    def __call__(self, x: Any) -> Any:
        function = self.function
        if type(x) is not Node:
            return function(x)
        value, history = x.value, x.history
        if type(value) is Type:
            return self.stage(history.calls, (x,), [value])
        answer = function(value)
        if self.constant:
            if self.real:
                self.refuse_complex(answer.dtype)
            return answer
        remembered = answer
        if type(answer) is ndarray:
            set_writeable(answer, False)
            if not self.reads_z:
                remembered = grown(Type, (answer.shape, answer.dtype, False, None))
        kept = (x,) if self.reads_x else (history,)
        return born(answer, self, kept, remembered, history.calls)

    def shares(self, zbar: Any, h: History, _call: Any, by_nodes: bool) -> Any:
        """As `pull` has it, as quickly as can be."""
        (partial,), (x,) = self.partials, h.args
        target = x
        if type(x) is Node:
            target = x.history
            if not by_nodes:
                x = x.value
        if not callable(partial):
            return ((target, scaled(zbar, partial)),)
        z = made(h.answer, h) if by_nodes and self.reads_z else h.answer
        try:
            return ((target, zbar * partial(z, x)),)
        except ArithmeticError:
            return ((target, zbar * value_of(partial, z, (x,))),)


@frozen(eq=False, repr=False)
class Binary(Pointwise):
    """z = f(x, y): what `Op.__call__` does, as quickly as can be."""

    #: Whether z is x or y, the one or the other.
    chooses: bool = False  # type: ignore[misc]  # an instance's fact here, a class's elsewhere
    #: Whether there is a derivative, and nothing to refuse.
    ordinary: bool = field(init=False)

    @ordinary.default
    def _ordinary(self) -> bool:
        return not (self.constant or self.real)

    def __call__(self, x: Any, y: Any) -> Any:  # noqa: C901  # flat on purpose: it runs for every operation
        kept_x: Any
        kept_y: Any
        if type(x) is Node:
            xvalue, kept_x = x.value, x.history
            calls = kept_x.calls
            if type(y) is Node:
                yvalue, kept_y, reads = y.value, y.history, self.both
                if kept_y.calls is not calls:
                    calls = joined(calls, kept_y.calls)
            else:
                if type(y) is ndarray or type(y) not in PLAIN:
                    y = operand(y)
                    if y is NotImplemented:
                        return NotImplemented
                yvalue = kept_y = y
                reads = self.reads[0]
        elif type(y) is Node:
            if type(x) is ndarray or type(x) not in PLAIN:
                x = operand(x)
                if x is NotImplemented:
                    return NotImplemented
            xvalue = kept_x = x
            yvalue, kept_y, reads = y.value, y.history, self.reads[1]
            calls = kept_y.calls
        else:
            return self.function(x, y)
        if type(xvalue) is Type or type(yvalue) is Type:
            return self.stage(calls, (x, y), [xvalue, yvalue])
        function = self.function
        answer = function(xvalue, yvalue)
        if not self.ordinary:
            if self.constant:
                return answer
            self.refuse_complex(answer.dtype)
        remembered = answer
        if type(answer) is ndarray:
            set_writeable(answer, False)
            if 0 not in reads:
                remembered = grown(Type, (answer.shape, answer.dtype, False, None))
        # A node that is not read leaves its history, an array its type; one that is read is held.
        if 1 in reads:
            kept_x = x
        if 2 in reads:
            kept_y = y
        if type(kept_x) is ndarray:
            kept_x = hold(x, calls) if 1 in reads else type_of(x)
        if type(kept_y) is ndarray:
            kept_y = hold(y, calls) if 2 in reads else type_of(y)
        return born(answer, self, (kept_x, kept_y), remembered, calls)

    def shares(self, zbar: Any, h: History, call: Any, by_nodes: bool) -> Any:
        """As `pull` has it, as quickly as can be; where a choice may hide what is not known, it asks for care."""
        if self.chooses and (by_nodes or type(zbar) is Node):
            return ()
        x, y = xvalue, yvalue = h.args
        X, Y = self.partials
        z = made(h.answer, h) if by_nodes and 0 in self.both else h.answer
        if type(x) is Node:
            xvalue, x = x if by_nodes else x.value, x.history
        if type(y) is Node:
            yvalue, y = y if by_nodes else y.value, y.history
        args, shares = (xvalue, yvalue), []
        if type(x) is History and call in x.calls:
            shares.append((x, zbar * value_of(X, z, args) if callable(X) else scaled(zbar, X)))
        if type(y) is History and call in y.calls:
            shares.append((y, zbar * value_of(Y, z, args) if callable(Y) else scaled(zbar, Y)))
        return shares


def times(product: Callable[..., Any], a: Any, partial: Partial, z: Any, args: tuple[Any, ...]) -> Any:
    """A cotangent or tangent times a partial."""
    return product(a, value_of(partial, z, args)) if callable(partial) else scaled(a, partial)


def chain_product(zbar: Any, slope: Any) -> Any:
    """z̄·∂z/∂x where 0·∞ and 0·NaN are 0: the branch that `where` did not take stays out, whatever its slope is."""
    with np.errstate(invalid="ignore"):
        product = zbar * slope
        if sums_up(product):
            return product
    wrong = (product != product) & ((zbar == 0) | (slope == 0))
    if not np.any(wrong):
        return product
    return type(product)(0) if type(product) in NUMBERS else np.where(wrong, 0, product)[()]


def operand(a: Any) -> Any:
    """A constant beside an operator: as `admit` has it, but a foreign class gets its own turn."""
    return a if type(a) is ndarray and a.dtype.kind in "biufc" else admit(a) if taken(a) else NotImplemented


def value_of(partial: Callable[..., Any], z: Any, args: tuple[Any, ...]) -> Any:
    """A partial's value; where Python's numbers raise (1/0, overflow) NumPy's are taken, which give inf or NaN."""
    try:
        return partial(z, *args)
    except ArithmeticError:
        return partial(strong(z), *map(strong, args))


def scaled(a: Any, factor: int | None) -> Any:
    """`a` times a constant partial."""
    if factor is None:
        return None
    return a if factor == 1 else -a if factor == -1 else a * factor


def with_rank(a: Any, rank: int) -> Any:
    """A batch, given the axes of length 1 after its first by which each of its items broadcasts at `rank`."""
    missing = rank + 1 - a.ndim
    return a if missing <= 0 else a.reshape((a.shape[0], *(1,) * missing, *a.shape[1:]))


@frozen(eq=False, repr=False)
class Chain(Binary):
    """z = x·y where 0·∞ = 0.  What is made of it needs the same care."""

    hides: ClassVar[bool] = True
    shares: ClassVar[Any] = Op.shares

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        pairs = zip(dots, self.partials, strict=True)
        terms = [times(chain, dot, partial, z, args) for dot, partial in pairs if dot is not None]
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]


#: The chain rule's product where care is needed.
chain = Chain(np.multiply, chain_product, (lambda _z, _x, y: y, lambda _z, x, _y: x), arithmetic=True, label="chain")


def chain_ratio(x: Any, y: Any) -> Any:
    """x/y where ∞/∞ is 1."""
    with np.errstate(invalid="ignore"):
        z = x / y
    if sums_up(z):
        return z
    known = np.where(np.isinf(x) & (x == y), 1, z)[()]
    return type(z)(known) if type(z) in NUMBERS else known


@frozen(eq=False, repr=False)
class ChainRatio(Chain):
    """z = x/y where ∞/∞ = 1, as is the limit of x/(c + x): what the chain rule leaves of log(c + x) for x = eᵘ."""


#: The ratio of a steep function to itself and a constant.
ratio = ChainRatio(
    np.divide, chain_ratio, (lambda _z, _x, y: 1 / y, lambda z, _x, y: -z / y), arithmetic=True, label="chain_ratio"
)


def careful_product(zbar: Any, slope: Any) -> Any:
    """z̄·∂z/∂x where 0·∞ = 0; the ordinary product if the slope is known to be finite."""
    return zbar * slope if finite(slope) else chain(zbar, slope)


def finite(a: Any) -> bool:
    """Whether all numbers of a value are known and finite."""
    value = a.value if type(a) is Node else a
    return type(value) is not Type and sums_up(value)


def sums_up(value: Any) -> bool:
    """Whether all numbers of a plain value are finite: their sum is."""
    return type(value) is int or bool(np.isfinite(np.add.reduce(value, axis=None)))


def ordinary(value: Any) -> bool:
    """Whether plain numbers are all normal, so that a product of them can be divided by one of them."""
    if not isinstance(value, ARRAYS) or value.dtype.kind != "f" or not value.size:
        return False
    size = np.abs(value)
    return bool(size.min() >= np.finfo(value.dtype).tiny and size.max() < np.inf)


@frozen(eq=False, repr=False)
class Linear(Op):
    """z = A x. Arguments after the first are data without a derivative, such as integer indices.

    States `run`, `infer`, `transpose(zbar, x, *data)`, `batch(x, *data)`.
    """

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (forget(args[0]), *args[1:])

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        """x̄ = Aᵀ z̄, where of x only shape and dtype are there to be read."""
        raise TypeError(f"{self.name} states no transpose")

    def batch(self, *args: Any) -> Any:
        """The answer where axis 0 of every argument is the batch."""
        raise TypeError(f"{self.name} states no batch rule")

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.transpose(zbar, *args) if i == 0 else None for i in wanted]

    def shares(self, zbar: Any, h: History, call: Any, by_nodes: bool) -> Any:
        """As `pull` has it, as quickly as can be."""
        args = h.args
        x = args[0]
        target = x.history if type(x) is Node else x
        if len(args) == 1:  # it leads to a leaf, or the sweep would not be here
            return ((target, self.transpose(zbar, x if by_nodes else target)),)
        if type(target) is not History or call not in target.calls:
            return ()
        if not by_nodes:
            args = tuple([a.value if type(a) is Node else a for a in args])
        return ((target, self.transpose(zbar, *args)),)

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return None if dots[0] is None else self(dots[0], *args[1:])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self.batch(*[a if b else stretched(a, size) for a, b in zip(args, which, strict=True)])


@frozen(eq=False, repr=False)
class Joint(Linear):
    """z = A (x, y, …): linear in all its arguments together, as `concatenate` is.

    States `run`, `infer`, `transpose_of(i, zbar, *args)`, `batch`.
    """

    shares: ClassVar[Any] = Op.shares

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(map(forget, args))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        """The cotangent of argument i, where of the arguments only shape and dtype are there to be read."""
        raise TypeError(f"{self.name} states no transpose")

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.transpose_of(i, zbar, *args) for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return self(*[zeros_like(a) if dot is None else dot for dot, a in zip(dots, args, strict=True)])


@frozen(eq=False, repr=False)
class Multilinear(Op):
    """z = B(x, y, …): linear in each argument alone; Leibniz' rule holds both ways.

    States `run`, `infer`, `transpose_of(i, zbar, *args)`, `batch` or `batched`.
    """

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        traced = [type(a) is Node for a in args]
        return tuple([a if traced.count(True) - traced[i] else forget(a) for i, a in enumerate(args)])

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        """The cotangent of argument i, where of argument i itself only shape and dtype are there to be read."""
        raise TypeError(f"{self.name} states no transpose")

    def batch(self, *args: Any) -> Any:
        """The answer where axis 0 of every argument is the batch."""
        raise TypeError(f"{self.name} states no batch rule")

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.transpose_of(i, zbar, *args) for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        total = None
        for i, dot in enumerate(dots):
            if dot is not None:
                term = self(*args[:i], dot, *args[i + 1 :])
                total = term if total is None else total + term
        return total

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self.batch(*[a if b else stretched(a, size) for a, b in zip(args, which, strict=True)])


@frozen(eq=False, repr=False)
class Opaque(Op):
    """z = f(x, …), anything else. States `run`, `infer`, `batch`, and `vjp` or `jvp`: the sweeps transpose the one.

    `vjp(zbar, z, *args)` returns a tuple, one cotangent an argument (None where there is none);
    `jvp(dots, z, *args)` returns the answer's tangent, each of `dots` a tangent or None.
    `reads` names what the stated rule reads.
    """

    #: Which values the rule reads: the letters z, x, y, … of the answer and the arguments.
    reads: ClassVar[str] = "z x y"
    letters: ClassVar[tuple[str, ...]] = ("z", "x", "y")
    #: The rules; None where not stated.
    vjp: ClassVar[Any] = None
    jvp: ClassVar[Any] = None

    @classmethod
    def __init_subclass__(cls) -> None:
        cls.letters = tuple(cls.reads.split())
        cls.reads_answer = "z" in cls.letters
        cls.transposed_pull = cls.vjp is None and cls.pull is Opaque.pull
        cls.transposed_push = cls.jvp is None and cls.push is Opaque.push

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple([a if letter in self.letters else forget(a) for a, letter in zip(args, "xywuvst", strict=False)])

    def batch(self, *args: Any) -> Any:
        """The answer where axis 0 of every argument is the batch."""
        raise TypeError(f"{self.name} states no batch rule")

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        bars = self.vjp(zbar, z, *args)
        return [bars[i] for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return self.jvp(dots, z, *args)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self.batch(*[a if b else stretched(a, size) for a, b in zip(args, which, strict=True)])


#: The classes of NumPy's values.
ARRAYS = (np.ndarray, np.generic)
#: Up to so many numbers it is quicker to fill an array than to make NumPy's view of one.
FILLED = 1 << 14


@frozen(eq=False, repr=False)
class Expand(Linear):
    """z = x repeated along new axes.  Transpose: sum over them."""

    defers: ClassVar[bool] = True

    #: The answer's shape.
    shape: tuple[int, ...]
    #: Which of its axes are new, in ascending order.
    axes: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return repeated(x, self.shape, self.axes)

    def infer(self, x: Any) -> Any:
        return x.with_shape(self.shape)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Sum(self.axes)(zbar)

    def batch(self, *args: Any) -> Any:
        (x,) = args
        return Expand((x.shape[0], *self.shape), tuple(axis + 1 for axis in self.axes))(x)


def repeated(x: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """An array repeated along new axes; a view where it is large."""
    inserted = x.reshape(thinned(shape, axes)) if x.ndim else x
    if math.prod(shape) > FILLED:
        return np.broadcast_to(inserted, shape)
    answer = empty(shape, x.dtype)
    if x.ndim:
        answer[...] = inserted
    else:
        answer.fill(x)
    return answer


def thinned(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with length 1 along `axes`."""
    if len(axes) == 1:
        return (*shape[: axes[0]], 1, *shape[axes[0] + 1 :])
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


@frozen(eq=False, repr=False)
class Sum(Linear):
    """z = Σ x over `axes`, which go.  Transpose: repeat z̄ along them."""

    defers: ClassVar[bool] = True

    #: The axes summed over, in ascending order.
    axes: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return reduced(np.add, x, self.axes)

    def infer(self, x: Any) -> Any:
        shape = tuple(n for i, n in enumerate(x.shape) if i not in self.axes)
        return Type(shape, np.add.reduce(np.empty(0, x.dtype)).dtype)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return repeated(zbar, x.shape, self.axes) if isinstance(zbar, ARRAYS) else Expand(x.shape, self.axes)(zbar)

    def shares(self, zbar: Any, h: History, call: Any, by_nodes: bool) -> Any:
        """As `transpose` has it of plain numbers, as quickly as can be."""
        (x,) = h.args
        target = x.history if type(x) is Node else x
        if by_nodes or not isinstance(zbar, ARRAYS):
            return ((target, self.transpose(zbar, x)),)
        return ((target, repeated(zbar, getattr(target.answer, "shape", ()), self.axes)),)

    def batch(self, *args: Any) -> Any:
        return Sum(tuple(axis + 1 for axis in self.axes))(*args)


#: A reduction over so few columns, of so many rows, is quicker column by column (measured: a third of the time).
COLUMNS, ROWS = 7, 32


def reduced(ufunc: np.ufunc, x: Any, axes: Any) -> Any:
    """A sum or an extreme of plain numbers over axes, the same to the bit as NumPy's reduction."""
    if axes == (1,) and x.ndim == 2 and 1 < x.shape[1] <= COLUMNS and x.shape[0] > ROWS and x.dtype.char in "df":
        columns = x.T
        z = ufunc(columns[0], columns[1])
        for i in range(2, len(columns)):  # by number: NumPy ends an iteration with an error, which takes long
            ufunc(z, columns[i], out=z)
        return z
    return ufunc.reduce(x, axis=axes)


def stretched(a: Any, size: int) -> Any:
    """`a` repeated along a new axis 0."""
    a = a if type(a) in (Node, np.ndarray) else np.asarray(a)
    return Expand((size, *a.shape), (0,))(a)


def zeros_like(a: Any) -> Any:
    """A plain zero of the type of a value, a node or a history; a Python zero if that is weak."""
    kind = type_of(a)
    if kind.weak:
        return kind.promoting()(0)
    return np.zeros(kind.shape, kind.dtype)[()]


__all__ = ["Expand", "Joint", "Linear", "Multilinear", "Opaque", "Pointwise", "Sum", "frozen_array", "zeros_like"]
