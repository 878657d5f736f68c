"""Arguments of what draws: keys, shapes, dtypes and parameters, checked once."""

from operator import index
from typing import Any, NoReturn

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.shaping import Cast

WORD: np.dtype[Any] = np.dtype(np.uint64)


def checked(name: str, key: Any) -> Any:
    """A key, or an error that says what it is instead."""
    if type(key) in (Node, np.ndarray) and key.dtype == WORD and key.shape == (2,):
        return key
    if type(key) in (Node, np.ndarray) and key.dtype == WORD and key.shape[-1:] == (2,):
        refuse_key(
            name, f"keys of shape {key.shape}", f"Draw from each with vmap: vmap(lambda key: {name}(key, …))(keys)."
        )
    if isinstance(key, int | np.integer) or (type(key) is Node and not key.shape and key.dtype.kind in "iu"):
        given = key if isinstance(key, int) else "seed"
        refuse_key(name, f"the number {given}", f"Make a key of a seed once, random.key({given}), and split it.")
    what = repr(type_of(key)) if type(key) in (Node, np.ndarray) else f"a {type(key).__name__}"
    return refuse_key(name, what, "Pass random.key(0), or what random.split makes of a key.")


def refuse_key(name: str, what: str, remedy: str) -> NoReturn:
    """Say what was given in place of a key."""
    refuse(BadArgument, f"random.{name} was given {what} as its key. A key is an array of two 64-bit words.", remedy)


def shape_of(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of Python's integers; of a traced integer, under jit, the one of the first call, guarded."""
    sizes = shape if isinstance(shape, tuple | list | np.ndarray) else (shape,)
    lengths = [index(n) if isinstance(n, int | np.integer | Node) and not isinstance(n, bool) else -1 for n in sizes]
    if any([n < 0 for n in lengths]):
        refuse(
            BadArgument,
            f"random.{name} was given {shape!r} as the shape. A shape is a length or a tuple of lengths.",
            "Write shape=(), (3,) or (2, 3).",
        )
    return tuple(lengths)


def real_dtype(name: str, dtype: Any, kinds: str = "f") -> np.dtype[Any]:
    """A dtype of real numbers (or of those of `kinds`), in the machine's byte order."""
    found: np.dtype[Any] = np.dtype(dtype)
    if found.kind not in kinds or found.char in "gG" or not found.isnative:
        refuse(
            BadArgument,
            f"random.{name} was given dtype={found!r}. It draws "
            f"{'whole numbers' if kinds[0] in 'iu' else 'numbers of up to 64 bits'}.",
            f"Write dtype={'np.uint64' if kinds == 'u' else int.__name__ if kinds[0] in 'iu' else float.__name__}.",
        )
    return found


def number(name: str, argument: str, value: Any, kinds: str = "biuf") -> Any:
    """A parameter as an operation takes it."""
    if type(value) is int or (isinstance(value, list | tuple) and not any([type(one) is Node for one in value])):
        value = np.asarray(value)[()]
    found = strong(admit(value))
    if type_of(found).dtype.kind not in kinds:
        what = "whole numbers" if "f" not in kinds else "real numbers"
        refuse(
            BadArgument,
            f"random.{name} was given {type_of(found)!r} as {argument}. It takes {what}.",
            f"Convert it with astype({'int' if 'f' not in kinds else 'float'}).",
        )
    return found


def real(name: str, argument: str, value: Any, dtype: Any = np.float64) -> Any:
    """A real parameter at a dtype."""
    found = number(name, argument, value)
    return found if type_of(found).dtype == dtype else Cast(np.dtype(dtype))(found)


def satisfies(name: str, argument: str, value: Any, good: Any, condition: str) -> None:
    """Refuse a parameter whose numbers are known and wrong."""
    known = value.value if type(value) is Node else value
    if type(known) is not Type and not np.all(good(known)):
        refuse(
            BadArgument,
            f"random.{name} was given {argument} = {known if np.ndim(known) == 0 else 'an array'} where {condition} is "
            f"asked{'' if np.ndim(known) == 0 else ' of every element'}.",
            f"Check {argument}, or clip it with np.clip.",
        )


def common(name: str, shape: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape of an answer: the one that was asked for, to which the parameters broadcast; theirs if none was."""
    own = np.broadcast_shapes(*[type_of(one).shape for one in parameters])
    if shape is None:
        return own
    wanted = shape_of(name, shape)
    try:
        fits = np.broadcast_shapes(wanted, own) == wanted
    except ValueError:
        fits = False
    if not fits:
        refuse(
            BadArgument,
            f"random.{name} was asked for the shape {wanted} with parameters of shape {own}. They broadcast to it.",
            f"Write shape={(*wanted, *own)} for as many draws of each, or reshape the parameters.",
        )
    return wanted
