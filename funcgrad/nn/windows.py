"""What moves a window over an array: convolutions and pooling, channels last, over any number of axes.

Arrays are (…, length, channels) for one axis and (…, height, width, channels) for two; kernels are
(height, width, channels in, channels out), as in Flax. The axes before are a batch, of any rank.
"""

from math import prod
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.graph.provenance import refuse
from funcgrad.nn.exponentials import floats
from funcgrad.nn.initializers import Initializer, lecun_normal, zeros
from funcgrad.nn.layer import Layer, Shape, keys_for, known, pure
from funcgrad.primitives.convolving import Convolution
from funcgrad.primitives.patching import Patches, counted

#: How much is put before and after each axis.
Pairs = tuple[tuple[int, int], ...]


@frozen
class Window:
    """A window: its size, how it moves, and what is put around the array."""

    #: Who asks, for errors.
    name: str
    #: Its length along each axis.
    size: Shape
    #: The step from one place to the next, along each axis.
    strides: Shape
    #: The step from one element within it to the next, along each axis.
    dilation: Shape
    #: "SAME", "VALID", a number, or a pair of numbers for each axis.
    padding: Any

    def margins(self, lengths: Any) -> Pairs:
        """How much is put before and after each axis.

        "VALID" is nothing; "SAME" as much as gives ⌈n / s⌉ places of the window, the odd one after.
        """
        padding, axes = self.padding, len(self.size)
        if padding == "VALID":
            return ((0, 0),) * axes
        if padding == "SAME":
            missing = [
                max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
                for n, k, s, d in zip(lengths, self.size, self.strides, self.dilation, strict=True)
            ]
            return tuple([(total // 2, total - total // 2) for total in missing])
        pairs = ((padding, padding),) * axes if isinstance(padding, int) else padding
        if isinstance(pairs, str) or len(pairs) != axes or any([np.shape(p) != (2,) or min(p) < 0 for p in pairs]):
            refuse(
                BadArgument,
                f"nn.{self.name} was given padding={padding!r}. It is 'SAME', 'VALID', a number, or a pair of numbers "
                f"for each of its axes, of which it has {axes}.",
                f"Write padding={((1, 1),) * axes}.",
            )
        return tuple([(int(low), int(high)) for low, high in pairs])

    def places(self, lengths: Any) -> Shape:
        """At how many places it lies along each axis; -1 where a length is not known."""
        given = [max(n, 0) for n in lengths]
        wide = tuple([low + n + high for n, (low, high) in zip(given, self.margins(given), strict=True)])
        found = counted(wide, self.size, self.strides, self.dilation)
        if any([count < 1 and n >= 0 for count, n in zip(found, lengths, strict=True)]):
            refuse(
                BadArgument,
                f"nn.{self.name} was given an array with the lengths {tuple(lengths)}. A window of "
                f"{self.size} is wider.",
                "Write padding='SAME', or a smaller window.",
            )
        return tuple([count if n >= 0 else -1 for count, n in zip(found, lengths, strict=True)])

    def framed(self, x: Any, fill: Any) -> Any:
        """An array with a margin of one value around the axes before its last."""
        axes = len(self.size)
        if x.ndim <= axes:
            refuse(
                BadArgument,
                f"nn.{self.name} was given an array of {x.ndim} axes. It takes {axes} axes, the channels after "
                "them, and any batch before.",
                "Write x[..., np.newaxis] for one channel.",
            )
        self.places(x.shape[-1 - axes : -1])
        pairs = self.margins(x.shape[-1 - axes : -1])
        if not any(map(any, pairs)):
            return x
        widths = [(0, 0)] * (x.ndim - 1 - axes) + [*pairs, (0, 0)]
        if type(x) is Node:
            return np.pad(x, widths, constant_values=fill)
        z = np.full([low + n + high for n, (low, high) in zip(x.shape, widths, strict=True)], fill, x.dtype)
        z[tuple([slice(low, low + n) for n, (low, _) in zip(x.shape, widths, strict=True)])] = x
        return z

    def shape(self, input_shape: Shape, channels: int) -> Shape:
        """The shape of the answer for an array of a shape."""
        axes = len(self.size)
        return (*input_shape[: -1 - axes], *self.places(input_shape[-1 - axes : -1]), channels)


def window_of(
    name: str, size: Any, strides: Any, padding: Any, dilation: Any = 1, option: str = "window_shape"
) -> Window:
    """A window from options; a size that is a number is one axis."""
    lengths = tuple(size) if isinstance(size, tuple | list) else (size,)
    axes = len(lengths)
    return Window(
        name,
        each(name, option, lengths, axes),
        each(name, "strides", strides, axes),
        each(name, "dilation", dilation, axes),
        padding.upper() if isinstance(padding, str) else padding,
    )


def each(name: str, option: str, value: Any, axes: int) -> Shape:
    """A positive whole number for each axis."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    if len(numbers) != axes or not all([isinstance(n, int | np.integer) and n > 0 for n in numbers]):
        refuse(
            BadArgument,
            f"nn.{name} was given {option}={value!r}. It is a positive whole number for each axis of the window.",
            f"Write {option}={(2,) * max(axes, 1)}.",
        )
    return tuple(map(int, numbers))


# ---- convolutions ----------------------------------------------------------------------------------------------------
def convolution(
    x: Any, kernel: Any, strides: Any = 1, padding: Any = "SAME", kernel_dilation: Any = 1, groups: int = 1
) -> Any:
    """z[…, i, f] = Σ x[…, s i + d k, c] w[k, c, f]: every window of x times a kernel, channels last.

    The axes are as many as the kernel has before its last two. With groups, the channels of x and the features of z are
    in as many groups, and a group of features sees its own group of channels. LeCun et al., *Backpropagation applied to
    handwritten zip code recognition* (1989).

    >>> import numpy as np
    >>> x, kernel = np.array([[1.0], [2.0], [3.0]]), np.array([[[1.0]], [[10.0]]])
    >>> convolution(x, kernel, padding="VALID").ravel().tolist()
    [21.0, 32.0]
    """
    x, w = floats(x), floats(kernel)
    axes = w.ndim - 2
    window = window_of("convolution", tuple(w.shape[:axes]), strides, padding, kernel_dilation, "kernel")
    if x.shape[-1:] != (w.shape[-2] * groups,) or w.shape[-1] % groups:
        refuse(
            BadArgument,
            f"nn.convolution was given {x.shape[-1:]} channels for a kernel of shape {tuple(w.shape)} in {groups} "
            "groups. The kernel's last axes are the channels of a group, and the features of all groups.",
            "Check the kernel's last axes and groups=.",
        )
    x = window.framed(x, 0)
    lengths = x.shape[-1 - axes :]
    batch = x.shape[: -1 - axes]
    op = Convolution(window.strides, window.dilation)
    x = x.reshape(prod(batch), *lengths)
    if groups == 1:
        z = op(x, w)
    else:
        parts = np.moveaxis(x.reshape(*x.shape[:-1], groups, w.shape[-2]), -2, 0)
        kernels = np.moveaxis(w.reshape(*w.shape[:-1], groups, w.shape[-1] // groups), -2, 0)
        z = np.moveaxis(op(parts, kernels), 0, -2)
        z = z.reshape(*z.shape[:-2], w.shape[-1])
    return z.reshape(*batch, *z.shape[1:])


def conv(
    features: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: Any = "SAME",
    kernel_dilation: Any = 1,
    groups: int = 1,
    use_bias: bool = True,
    kernel_init: Initializer | None = None,
    bias_init: Initializer = zeros,
    dtype: Any = float,
) -> Layer:
    """A convolution and a bias, over as many axes as `kernel_size` has: parameters {"kernel", "bias"}.

    >>> from funcgrad import random
    >>> shape, params = conv(8, (3, 3), strides=2).init(random.key(0), (-1, 28, 28, 1))
    >>> shape, params["kernel"].shape
    ((-1, 14, 14, 8), (3, 3, 1, 8))
    """
    window = window_of("conv", kernel_size, strides, padding, kernel_dilation, "kernel_size")
    draw = lecun_normal() if kernel_init is None else kernel_init

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        channels = known("conv", input_shape)
        if channels % groups or features % groups:
            refuse(
                BadArgument,
                f"nn.conv was given {channels} channels and {features} features in {groups} groups. Groups are of one "
                "size.",
                "Choose a number of groups that divides both.",
            )
        one, other = keys_for(key, 2)
        params = {"kernel": draw(one, (*window.size, channels // groups, features), dtype)}
        if use_bias:
            params["bias"] = bias_init(other, (features,), dtype)
        return window.shape(input_shape, features), params

    def apply(params: Any, x: Any) -> Any:
        z = convolution(x, params["kernel"], window.strides, window.padding, window.dilation, groups)
        return z + params["bias"] if use_bias else z

    return pure(init, apply)


# ---- pooling ---------------------------------------------------------------------------------------------------------
def pooled(window: Window, x: Any, fill: Any, reduce: Any) -> Any:
    """A reduction over each place of a window: of blocks where these do not overlap, which then are no copies."""
    axes = len(window.size)
    x = window.framed(x, fill)
    first = x.ndim - 1 - axes
    if window.size == window.strides and set(window.dilation) == {1}:
        counts = [n // k for n, k in zip(x.shape[first:-1], window.size, strict=True)]
        cut = [slice(0, n * k) for n, k in zip(counts, window.size, strict=True)]
        blocks = [n for pair in zip(counts, window.size, strict=True) for n in pair]
        x = (
            x
            if all([c.stop == n for c, n in zip(cut, x.shape[first:-1], strict=True)])
            else x[(..., *cut, slice(None))]
        )
        return reduce(x.reshape(*x.shape[:first], *blocks, x.shape[-1]), tuple(range(first + 1, first + 2 * axes, 2)))
    patches = Patches(window.size, window.strides, window.dilation)(admit(x))
    inner = tuple(range(first + axes, first + 2 * axes))
    outer = [axis for axis in range(patches.ndim) if axis not in inner]
    return reduce(np.transpose(patches, (*inner, *outer)), tuple(range(axes)))


def max_pooling(x: Any, window_shape: Any, strides: Any = None, padding: Any = "VALID") -> Any:
    """The largest number in each window; strides are the window's size by default. Ties share a gradient equally.

    >>> import numpy as np
    >>> max_pooling(np.array([[1.0], [4.0], [3.0], [2.0]]), 2).ravel().tolist()
    [4.0, 3.0]
    """
    window = window_of("max_pooling", window_shape, window_shape if strides is None else strides, padding)
    return pooled(window, floats(x), -np.inf, np.max)


def average_pooling(
    x: Any, window_shape: Any, strides: Any = None, padding: Any = "VALID", count_include_pad: bool = True
) -> Any:
    """The mean of each window; strides are the window's size by default.

    What is put around the array counts as zeros, or not at all without `count_include_pad`.

    >>> import numpy as np
    >>> average_pooling(np.array([[1.0], [4.0], [3.0], [2.0]]), 2).ravel().tolist()
    [2.5, 2.5]
    """
    x = floats(x)
    window = window_of("average_pooling", window_shape, window_shape if strides is None else strides, padding)
    total = pooled(window, x, 0, np.sum)
    if count_include_pad:
        return total / prod(window.size)
    ones = np.ones((*x.shape[-1 - len(window.size) : -1], 1), x.dtype)
    return total / pooled(window, ones, 0, np.sum)


def of_window(name: str, window_shape: Any, strides: Any, padding: Any, f: Any) -> Layer:
    """A layer that pools: y = f(x)."""
    window = window_of(name, window_shape, window_shape if strides is None else strides, padding)

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        return window.shape(input_shape, input_shape[-1]), ()

    return pure(init, lambda params, x: f(x))


def max_pool(window_shape: Any, strides: Any = None, padding: Any = "VALID") -> Layer:
    """The largest number in each window, as a layer.

    >>> max_pool((2, 2)).init(None, (-1, 28, 28, 8))
    ((-1, 14, 14, 8), ())
    """
    f = lambda x: max_pooling(x, window_shape, strides, padding)
    return of_window("max_pool", window_shape, strides, padding, f)


def avg_pool(window_shape: Any, strides: Any = None, padding: Any = "VALID", count_include_pad: bool = True) -> Layer:
    """The mean of each window, as a layer.

    >>> avg_pool(4, 2).init(None, (-1, 10, 8))
    ((-1, 4, 8), ())
    """
    f = lambda x: average_pooling(x, window_shape, strides, padding, count_include_pad)
    return of_window("avg_pool", window_shape, strides, padding, f)
