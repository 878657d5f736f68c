"""Shapes: the same numbers, elsewhere."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from numpy import ndarray

from funcgrad.errors import LostDerivative
from funcgrad.graph.calls import set_writeable
from funcgrad.graph.node import Node, born
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, grown, type_of
from funcgrad.primitives.kinds import Joint, Linear

ALL = slice(None)


def ghost(shape: tuple[int, ...], dtype: Any = np.bool_) -> np.ndarray[Any, Any]:
    """An array of that shape without memory: NumPy says by it what is legal, and in which words it refuses."""
    return np.ndarray(shape, dtype, bytes(np.dtype(dtype).itemsize), strides=(0,) * len(shape))


def made_of(x: Node, op: Linear, answer: Any, data: tuple[Any, ...] = ()) -> Node:
    """The node of an answer that `op` made of one known array: what `Op.grow` does, without asking what it is."""
    history = x.history
    if type(answer) is ndarray:
        set_writeable(answer, False)
        remembered: Any = grown(Type, (answer.shape, answer.dtype, False, None))
    else:
        remembered = answer
    return born(answer, op, (history, *data), remembered, history.calls)


@frozen(eq=False, repr=False)
class Moved(Linear):
    """z = x, some of its elements in other places: of one argument, and called as directly as can be."""

    defers: ClassVar[bool] = True

    def __call__(self, *args: Any) -> Any:
        x = args[0]
        if type(x) is Node and type(x.value) is ndarray:
            return made_of(x, self, self.run(x.value))
        return Linear.__call__(self, x)


@frozen(eq=False, repr=False)
class Cast(Linear):
    """z = x at another dtype; the real part of a complex x if that dtype is real.  Transpose: cast back."""

    defers: ClassVar[bool] = True

    #: The dtype of the answer.
    dtype: np.dtype[Any]

    @property
    def constant(self) -> bool:  # type: ignore[override]  # follows from the dtype: integers have no derivative
        return self.dtype.kind not in "fc"

    def run(self, x: Any) -> Any:
        if x.dtype.kind == "c" and self.dtype.kind not in "cb":
            x = x.real
        return x.astype(self.dtype)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, self.dtype)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Cast(x.dtype)(zbar) if self.dtype.kind in "fc" and x.dtype.kind in "fc" else None

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return self(dots[0]) if self.dtype.kind in "fc" and dots[0] is not None else None

    def batch(self, *args: Any) -> Any:
        return self(*args)


def cast_into(v: Any, dtype: np.dtype[Any], what: str) -> Any:
    """`v` at the dtype of the array that takes it in; refused where that would drop a derivative."""
    kind = type_of(v).dtype
    if kind == dtype and not type_of(v).weak:
        return v
    if kind.kind == "c" and dtype.kind not in "cb":
        refuse(
            LostDerivative,
            f"{what} would discard the imaginary part of a complex value: the array is {dtype}.",
            "Write v.real, or make the array complex with astype(complex).",
        )
    if type(v) is Node and kind.kind == "f" and dtype.kind in "biu":
        refuse(
            LostDerivative,
            f"{what} would round a traced value to {dtype} and so drop its derivative.",
            "Make the array real first, with astype(float) or np.zeros(n).",
        )
    return Cast(dtype)(v) if type(v) is Node else np.asarray(v).astype(dtype)


@frozen(eq=False, repr=False)
class Reshape(Moved):
    """z = x at another shape, in the same order.  Transpose: back to the shape of x."""

    #: The shape of the answer, without -1.
    shape: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return x.reshape(self.shape)

    def infer(self, x: Any) -> Any:
        return x.with_shape(self.shape)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return zbar.reshape(x.shape) if type(zbar) is ndarray else Reshape(x.shape)(zbar)

    def batch(self, *args: Any) -> Any:
        (x,) = args
        return Reshape((x.shape[0], *self.shape))(x)


@frozen(eq=False, repr=False)
class Transpose(Moved):
    """z = x with its axes in another order.  Transpose: the inverse order."""

    #: Axis i of the answer is axis axes[i] of x.
    axes: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return x.transpose(self.axes)

    def infer(self, x: Any) -> Any:
        return x.with_shape(tuple(x.shape[axis] for axis in self.axes))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Transpose(tuple(sorted(range(len(self.axes)), key=self.axes.__getitem__)))(zbar)

    def batch(self, *args: Any) -> Any:
        return Transpose((0, *(axis + 1 for axis in self.axes)))(*args)


@frozen(eq=False, repr=False)
class Concatenate(Joint):
    """z = x₀, x₁, … one after the other along an axis.  Transpose: cut z̄ at the seams."""

    #: The axis, not negative.
    axis: int

    def run(self, *args: Any) -> Any:
        return np.concatenate(args, self.axis)

    def infer(self, *args: Any) -> Any:
        first = args[0].with_lengths({self.axis: 0}).shape
        if any([a.with_lengths({self.axis: 0}).shape != first for a in args[1:]]):
            np.concatenate([ghost(a.shape) for a in args], self.axis)  # raises, in NumPy's words
        length = sum([a.shape[self.axis] for a in args])
        return Type((*first[: self.axis], length, *first[self.axis + 1 :]), np.result_type(*[a.dtype for a in args]))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        seams = list(accumulate([a.shape[self.axis] for a in args], initial=0))
        before = (ALL,) * self.axis
        return [zbar[(*before, slice(seams[i], seams[i + 1]))] for i in wanted]

    def batch(self, *args: Any) -> Any:
        return Concatenate(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Stack(Joint):
    """z = x₀, x₁, … side by side along a new axis.  Transpose: z̄ at each place.

    A primitive for speed: n numbers become an array by one operation and not by n + 1.
    """

    #: Which axis of the answer is the new one, not negative.
    axis: int

    def run(self, *args: Any) -> Any:
        return np.stack(args, self.axis) if args[0].ndim else np.array(args)

    def infer(self, *args: Any) -> Any:
        shape = args[0].shape
        if any([a.shape != shape for a in args]):
            np.stack([ghost(a.shape) for a in args], self.axis)  # raises, in NumPy's words
        return Type((*shape[: self.axis], len(args), *shape[self.axis :]), np.result_type(*[a.dtype for a in args]))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        before = (ALL,) * self.axis
        return [zbar[(*before, i)] for i in wanted]

    def batch(self, *args: Any) -> Any:
        return Stack(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Windows(Moved):
    """z[…, i, …, k] = x[…, i+k, …], every window of a length along an axis.  Transpose: `Overlapped`.

    A primitive for speed: the windows are views of x, where a gather would copy each element as often as it is seen.
    """

    #: The axis, not negative.
    axis: int
    #: The length of a window.
    length: int

    def run(self, x: Any) -> Any:
        return np.lib.stride_tricks.sliding_window_view(x, self.length, self.axis)

    def infer(self, x: Any) -> Any:
        count = x.shape[self.axis] - self.length + 1
        return x.with_shape((*x.with_lengths({self.axis: count}).shape, self.length))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Overlapped(self.axis, self.length)(zbar)

    def batch(self, *args: Any) -> Any:
        return Windows(self.axis + 1, self.length)(*args)


@frozen(eq=False, repr=False)
class Overlapped(Moved):
    """z[…, j, …] = Σₖ x[…, j-k, …, k], windows added up where they overlap.  Transpose: `Windows`.

    A primitive for speed: one addition of whole arrays for each of the few offsets k within a window.
    """

    #: The axis, not negative.
    axis: int
    #: The length of a window, which is the last axis of x.
    length: int

    def run(self, x: Any) -> Any:
        shape, count = list(x.shape[:-1]), x.shape[self.axis]
        shape[self.axis] = count + self.length - 1
        z = np.zeros(shape, x.dtype)
        for k in range(self.length):
            z[(*(ALL,) * self.axis, slice(k, k + count))] += x[..., k]
        return z

    def infer(self, x: Any) -> Any:
        count = x.shape[self.axis] + self.length - 1
        return x.with_shape(x.with_lengths({self.axis: count}).shape[:-1])

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Windows(self.axis, self.length)(zbar)

    def batch(self, *args: Any) -> Any:
        return Overlapped(self.axis + 1, self.length)(*args)
