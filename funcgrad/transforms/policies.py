"""Policies: which values of a function under `checkpoint` are kept. Each says so of an operation, by JAX's names."""

from collections.abc import Callable
from typing import Any

from funcgrad.primitives.contracting import Einsum, MatMul
from funcgrad.primitives.marking import Named

Policy = Callable[[Any], bool]


def nothing_saveable(_op: Any) -> bool:
    """Nothing is kept but the arguments: what `checkpoint` does without a policy."""
    return False


def everything_saveable(_op: Any) -> bool:
    """All is kept, as without `checkpoint`."""
    return True


def dots_saveable(op: Any) -> bool:
    """Products of matrices are kept: dear to compute again, and small beside what is made of them."""
    return isinstance(op, MatMul | Einsum)


def save_only_these_names(*names: str) -> Policy:
    """Kept is what `checkpoint_name` gave one of these names.

    >>> import numpy as np
    >>> from funcgrad import checkpoint, checkpoint_name, grad
    >>> def f(x):
    ...     y = checkpoint_name(np.sin(x), "sine")
    ...     return y * y
    >>> bool(np.isclose(grad(checkpoint(f, policy=save_only_these_names("sine")))(0.5), np.sin(1.0)))
    True
    """
    return lambda op: type(op) is Named and op.label in names


def save_any_names_but_these(*names: str) -> Policy:
    """Kept is what `checkpoint_name` gave any other name."""
    return lambda op: type(op) is Named and op.label not in names
