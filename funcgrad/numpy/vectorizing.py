"""np.vectorize of functions of traced values."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from attrs import field, frozen

from funcgrad.graph.types import type_of
from funcgrad.numpy.creation import asarray, traced


def core_axes(signature: str) -> tuple[list[int], int]:
    """How many axes each argument of one call has in a signature such as "(m,n),(n)->(m)", and how many answers."""
    inputs, _, outputs = signature.replace(" ", "").partition("->")
    return [len(part.split(",")) if part else 0 for part in inputs[1:-1].split("),(")], outputs.count("(")


@frozen
class vectorize:
    """np.vectorize: a Python function called once for each element of its broadcast arguments.

    As NumPy's it is a loop, for convenience: `vmap` runs the function once. Of plain arguments NumPy's own answer is
    returned; traced ones may go through the function's `if` and `for` like any number.

    >>> from funcgrad import grad
    >>> import funcgrad.numpy as fnp
    >>> kinked = fnp.vectorize(lambda x, slope: x if x > 0 else slope * x)
    >>> grad(lambda x: np.sum(kinked(x, 0.1)))(np.array([2.0, -3.0]))
    array([1. , 0.1])
    """

    #: The function of single elements, or of arrays of the axes that `signature` names.
    pyfunc: Callable[..., Any]
    #: The dtypes of the answers; where not given, those of the function's answers.
    otypes: Any = None
    #: The docstring.
    doc: str | None = None
    #: Positions and keywords of arguments that are passed on as they are.
    excluded: Any = None
    #: Whether NumPy shall call the function no second time to find the dtypes: of no consequence for traced values.
    cache: bool = False
    #: The axes of one call, such as "(n),(n)->()".
    signature: str | None = None
    #: NumPy's own.
    plain: Any = field(init=False, repr=False)

    @plain.default
    def _plain(self) -> Any:
        return np.vectorize(self.pyfunc, self.otypes, self.doc, self.excluded, self.cache, self.signature)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if not traced((*args, *keywords.values())):
            return self.plain(*args, **keywords)
        left_out = self.excluded or ()
        names: list[Any] = [i for i in range(len(args)) if i not in left_out]
        names += [name for name in keywords if name not in left_out]
        mapped = [asarray(args[name] if type(name) is int else keywords[name]) for name in names]
        cores = core_axes(self.signature)[0] if self.signature else [0] * len(mapped)
        loops = [type_of(a).shape[: a.ndim - core] for a, core in zip(mapped, cores, strict=True)]
        loop = np.broadcast_shapes(*loops)
        if 0 in loop:
            raise ValueError("cannot call `vectorize` on size 0 inputs: there is no element to call the function with")
        rows = [
            np.reshape(np.broadcast_to(a, (*loop, *a.shape[a.ndim - core :])), (-1, *a.shape[a.ndim - core :]))
            for a, core in zip(mapped, cores, strict=True)
        ]
        answers = [self.call(names, [row[i] for row in rows], args, keywords) for i in range(prod(loop))]
        if type(answers[0]) is tuple:
            return tuple([self.gathered(loop, part, i) for i, part in enumerate(zip(*answers, strict=True))])
        return self.gathered(loop, answers, 0)

    def call(self, names: list[Any], items: list[Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The function's answer for one element of each mapped argument."""
        given = dict(zip(names, items, strict=True))
        return self.pyfunc(
            *[given.get(i, a) for i, a in enumerate(args)], **{name: given.get(name, a) for name, a in keywords.items()}
        )

    def gathered(self, loop: tuple[int, ...], answers: Any, which: int) -> Any:
        """The answers as one array, at the dtype that `otypes` has for it."""
        stacked = np.stack([asarray(answer) for answer in answers])
        if self.otypes is not None:
            stacked = np.astype(stacked, np.dtype(self.otypes[which]))
        return np.reshape(stacked, (*loop, *stacked.shape[1:]))
