"""Keys: where randomness comes from.  A key is an array of two 64-bit words, and what is drawn a function of it."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import strong
from funcgrad.graph.provenance import refuse
from funcgrad.primitives.shaping import Cast
from funcgrad.random.arguments import WORD, checked, real_dtype, shape_of
from funcgrad.random.drawing import Folded, Words
from funcgrad.random.philox import DRAWS, SPLIT


def whole(name: str, argument: str, value: Any, bits: int) -> Any:
    """A whole number that is not negative and has at most so many bits; or a traced one."""
    if type(value) is Node and not value.shape and value.dtype.kind in "iu":
        return Cast(WORD)(strong(value))
    if isinstance(value, np.ndarray) and not value.shape and value.dtype.kind in "iu":
        value = value[()]
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 0 <= int(value) < 2**bits:
        refuse(
            BadArgument,
            f"random.{name} was given {argument}={value!r}. It is a whole number from 0 to 2**{bits} - 1.",
            "Write random.key(0), and random.fold_in(key, step) for the numbers of steps.",
        )
    return int(value)


def key(seed: Any) -> Any:
    """The key of a seed: its 128 bits as two words, the low one first.

    key : ℕ → uint64².  An ordinary array: it is mapped over, staged, carried by loops, saved and compared as any other.
    A traced seed is a whole number of 64 bits. Drawing twice with one key gives the same numbers, which nothing
    detects: use `split`, or `fold_in` with the number of a step.

    >>> key(2**64 + 5).tolist()
    [5, 1]
    >>> from funcgrad import random
    >>> random.bits(key(0)) == random.bits(key(0))
    np.True_
    """
    found = whole("key", "seed", seed, 128)
    if type(found) is Node:
        return found * np.array([1, 0], WORD)
    return np.array([found % 2**64, found // 2**64], WORD)


def split(key: Any, num: Any = 2) -> Any:
    """New keys from one: as many as `num` says, an int or a shape, along the first axes.

    split : uint64² → uint64ⁿˣ².  They are words of the key's Philox stream of which the counter's last word is 1, and
    numbers have 0: so they are like keys drawn at random, and the first of many are the first of few.

    >>> one, other = split(key(0))
    >>> bool(np.all(split(key(0), 5)[:2] == [one, other]))
    True
    """
    shape = shape_of("split", num)
    return Words(2 * prod(shape), SPLIT)(checked("split", key)).reshape(*shape, 2)


def fold_in(key: Any, data: Any) -> Any:
    """The key that a key and a whole number below 2⁶⁴ make, such as the number of a step: it may be traced.

    They are the first two words of the key's stream of which the counter's second word is the number and the last is 2.

    >>> bool(np.all(fold_in(key(0), 7) == fold_in(key(0), 8)))
    False
    """
    own = checked("fold_in", key)
    found = whole("fold_in", "data", data, 64)
    return Folded()(own, found if type(found) is Node else np.uint64(found))


def drawn(name: str, key: Any, shape: tuple[int, ...]) -> Any:
    """As many words of a key as a shape has places."""
    found = Words(prod(shape), DRAWS)(checked(name, key)).reshape(shape)
    return found if type(found) is Node else found[()]


def bits(key: Any, shape: Any = (), dtype: Any = np.uint64) -> Any:
    """Random bits: uint64 words of the key's stream, or the upper bits of each at a smaller unsigned dtype.

    bits : uint64² → uint64ˢ.  They are what `numpy.random.Philox(key=key, counter=0).random_raw()` returns, one after
    the other: the same on every machine, with every version of NumPy.

    >>> bits(key(0), (2,)) == np.random.Philox(key=0, counter=0).random_raw(2)
    array([ True,  True])
    """
    kind = real_dtype("bits", dtype, "u")
    found = drawn("bits", key, shape_of("bits", shape))
    return found if kind == WORD else (found >> (64 - 8 * kind.itemsize)).astype(kind)
