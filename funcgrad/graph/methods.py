"""What a traced value shares with ndarray, and what it refuses: operators, methods, ways to lose a derivative."""

import sys
from typing import Any, NoReturn

import numpy as np

from funcgrad.errors import ImmutableValue, LostDerivative, UnknownValue
from funcgrad.graph.dispatch import OPERATORS, foreign, found
from funcgrad.graph.provenance import refuse, unknown_sentences


def operator(name: str) -> Any:
    """The method behind a Python operator: x + y."""
    return lambda self, other: OPERATORS[name](self, other)


def swapped(name: str) -> Any:
    """The method behind an operator whose right argument Python asks: y + x."""
    return lambda self, other: OPERATORS[name](other, self)


def beside(stranger: Any, x: Any, y: Any) -> Any:
    """x @ y, where one of them is of another library's class."""
    module = foreign(stranger)
    return NotImplemented if module is None else module.matmul(x, y)


def unary(name: str) -> Any:
    """The method behind a Python operator of one argument."""
    return lambda self: OPERATORS[name](self)


def function(name: str) -> Any:
    """The ndarray method that NumPy also offers as the function `np.name`."""

    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        return getattr(np, name)(self, *args, **keywords)

    method.__name__ = name
    return method


def lengths(args: tuple[Any, ...]) -> Any:
    """`x.reshape(2, 3)` and `x.reshape((2, 3))` are one."""
    return args[0] if len(args) == 1 else args


def losing(method: str, instead: str) -> Any:
    """A method that would turn a traced value into a plain number and so drop its derivative."""

    def refusal(*_args: Any, **_keywords: Any) -> NoReturn:
        refuse(LostDerivative, f"{method} of a traced value would drop its derivative.", instead)

    return refusal


def changing(method: str, instead: str) -> Any:
    """A method that would change an array in place."""

    def refusal(*_args: Any, **_keywords: Any) -> NoReturn:
        refuse(ImmutableValue, f"{method} would change a traced value in place.", instead)

    return refusal


PLAIN = "For a number to log or to branch on, take x.value; for a derivative, stay with {0}."


class Operators:
    """Python's operators."""

    __slots__ = ()

    __add__, __radd__ = operator("add"), swapped("add")
    __sub__, __rsub__ = operator("sub"), swapped("sub")
    __mul__, __rmul__ = operator("mul"), swapped("mul")
    __truediv__, __rtruediv__ = operator("truediv"), swapped("truediv")
    __floordiv__, __rfloordiv__ = operator("floordiv"), swapped("floordiv")
    __mod__, __rmod__ = operator("mod"), swapped("mod")
    __divmod__, __rdivmod__ = operator("divmod"), swapped("divmod")
    __and__, __rand__ = operator("and"), swapped("and")
    __or__, __ror__ = operator("or"), swapped("or")
    __xor__, __rxor__ = operator("xor"), swapped("xor")
    __lshift__, __rlshift__ = operator("lshift"), swapped("lshift")
    __rshift__, __rrshift__ = operator("rshift"), swapped("rshift")
    __lt__, __le__ = operator("lt"), operator("le")
    __gt__, __ge__ = operator("gt"), operator("ge")
    __eq__, __ne__ = operator("eq"), operator("ne")
    __neg__, __pos__, __abs__, __invert__ = unary("neg"), unary("pos"), unary("abs"), unary("invert")

    def __matmul__(self, other: Any) -> Any:
        z = OPERATORS["matmul"](self, other)
        return beside(other, self, other) if z is NotImplemented else z

    def __rmatmul__(self, other: Any) -> Any:
        z = OPERATORS["matmul"](other, self)
        return beside(other, other, self) if z is NotImplemented else z

    def __pow__(self, other: Any, modulus: None = None) -> Any:
        if modulus is not None:
            return NotImplemented
        return OPERATORS["pow"](self, other)

    def __rpow__(self, other: Any, modulus: None = None) -> Any:
        return OPERATORS["pow"](other, self)

    def __getitem__(self, index: Any) -> Any:
        return OPERATORS["getitem"](self, index)


class Methods:
    """ndarray's methods and attributes, by NumPy's functions of the same names."""

    __slots__ = ()

    sum, prod, mean, var, std = map(function, ("sum", "prod", "mean", "var", "std"))
    max, min, any, all = map(function, ("max", "min", "any", "all"))
    argmax, argmin, argsort = map(function, ("argmax", "argmin", "argsort"))
    cumsum, cumprod, clip, round = map(function, ("cumsum", "cumprod", "clip", "round"))
    dot, swapaxes, squeeze, repeat, ravel = map(function, ("dot", "swapaxes", "squeeze", "repeat", "ravel"))
    take, diagonal, trace, ptp = map(function, ("take", "diagonal", "trace", "ptp"))
    conj = conjugate = function("conjugate")
    copy = function("copy")
    nonzero, searchsorted, choose, argpartition = map(function, ("nonzero", "searchsorted", "choose", "argpartition"))

    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.matrix_transpose(self))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))
    at = property(lambda self: found(OPERATORS, "at")(self))
    flat = property(lambda self: np.ravel(self))
    device = property(lambda self: "cpu")

    def __array_namespace__(self: Any, *, api_version: Any = None) -> Any:
        """The functions of the array API standard for traced values: funcgrad.numpy."""
        return OPERATORS["array_namespace"](api_version)

    def to_device(self: Any, device: Any, /, *, stream: Any = None) -> Any:
        """The same value on the one device that there is."""
        np.empty(0).to_device(device, stream=stream)  # raises NumPy's error for any but its own
        return self

    def astype(self: Any, dtype: Any, *args: Any, **keywords: Any) -> Any:
        """The same values at another dtype."""
        return found(OPERATORS, "astype")(self, dtype, *args, **keywords)

    def compress(self: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
        """The parts along an axis for which a condition holds."""
        return np.compress(condition, self, axis, out)

    def flatten(self: Any, order: Any = "C") -> Any:
        """The elements in one axis."""
        return np.ravel(self, order)

    def reshape(self: Any, *shape: Any, **keywords: Any) -> Any:
        """The same elements at other lengths; one length may be -1."""
        return np.reshape(self, lengths(shape), **keywords)

    def transpose(self: Any, *axes: Any) -> Any:
        """The axes in another order, reversed unless named."""
        return np.transpose(self, lengths(axes) if axes else None)


class Refusals:
    """Whatever would drop a derivative, or change an array in place."""

    __slots__ = ()

    _array = losing(
        "np.asarray, np.array or an assignment into an ndarray",
        PLAIN.format("funcgrad.numpy.array([x, y]), np.stack([x, y]) or x.at[i].set(v)"),
    )

    def __array__(self, *_args: Any, **_keywords: Any) -> Any:
        """Refused; but a sparse matrix, asked for A @ x, is told that x is no array: then x itself is asked."""
        asking = sys._getframe(1)
        if asking.f_code.co_name == "_matmul_dispatch" and asking.f_globals["__name__"].startswith("scipy.sparse."):
            above = asking.f_back
            if above is not None and above.f_code.co_name == "__matmul__":
                return np.empty((), object)
        self._unknown_integer()
        return self._array()

    def _unknown_integer(self: Any) -> None:
        """Refuse the number of an integer that is not known: it is an index, or a length, and has no derivative."""
        if not self.known and not self.shape and self.dtype.kind in "iu":
            asked = "The number that Python or a plain array asks for, as table[i] does,"
            remedy = "Write funcgrad.numpy.take(table, i) for an index, funcgrad.lax.fori_loop for range(i)"
            raise UnknownValue(unknown_sentences(self, asked, remedy))

    __float__ = losing(
        "float(x), math.f(x) or z[i] = x",
        PLAIN.format(
            "x itself, np.sin(x) in place of math.sin(x), and np.stack or x.at[i].set(v) in place of z[i] = x"
        ),
    )
    __int__ = losing("int(x)", PLAIN.format("x itself or np.floor(x)"))
    __complex__ = losing("complex(x)", PLAIN.format("x + 0j"))
    __index__ = losing("Using x as an index or a length", "Take int(x.value) if the number is meant as a constant.")
    __round__ = losing("round(x)", PLAIN.format("np.round(x)"))
    __trunc__ = losing("math.trunc(x)", PLAIN.format("np.trunc(x)"))
    __floor__ = losing("math.floor(x)", PLAIN.format("np.floor(x)"))
    __ceil__ = losing("math.ceil(x)", PLAIN.format("np.ceil(x)"))
    item = losing("x.item()", PLAIN.format("x itself"))
    tolist = losing("x.tolist()", PLAIN.format("list(x)"))
    tobytes = losing("x.tobytes()", "Take x.value.tobytes().")
    view = losing("x.view(dtype)", "Use x.astype(dtype).")
    __setitem__ = changing("x[i] = v", "Write x = x.at[i].set(v), or x.at[i].add(v) for x[i] += v.")
    __delitem__ = changing("del x[i]", "Write x = np.delete(x, i).")
    fill = changing("x.fill(v)", "Write x = np.full_like(x, v).")
    sort = changing("x.sort()", "Write x = np.sort(x).")
    partition = changing("x.partition(k)", "Write x = np.partition(x, k).")
    resize = changing("x.resize(shape)", "Write x = np.resize(x, shape).")
    put = changing("x.put(i, v)", "Write x = x.at[i].set(v).")
    itemset = changing("x.itemset(i, v)", "Write x = x.at[i].set(v).")
    setflags = changing("x.setflags()", "Take x.value.copy() for an array of your own.")
