"""A running call of a transform: who may still ask for a derivative, and which arrays must not change meanwhile."""

from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Any

import numpy as np
from attrs import define, field
from numpy import ndarray

from funcgrad.errors import FuncgradError

#: Birth order is topological order: the one counter of the library (atomic, as CPython's `count` is).
births = count().__next__

#: Arrays up to this many bytes are copied when a node takes them in; larger ones are locked while the call runs.
COPIED = 1 << 16

#: `set_writeable(array, False)` makes an array read-only. By keyword `setflags` takes twice the time.
set_writeable: Any = np.ndarray.setflags

NOTE = (
    "A funcgrad transform is differentiating a function that holds this array, so it is read-only until the call ends. "
    "Write into a fresh array (buffer = np.zeros(n) inside the loop) or use x.at[i].set(v)."
)


@define(eq=False, repr=False)
class Call:
    """One call of a transform, from the making of its leaves until its answers are settled.

    It is the only thing that changes while it lives: `running` turns false when the call ends, by return or by
    exception, and the arrays it locked become writeable again.
    """

    #: The transform's name, for messages.
    transform: str
    #: The user's function, for messages.
    function: Callable[..., Any]
    #: Whether what is built lives on after the call (vjp, linearize), so that arrays must be copied and not locked.
    outlives: bool = False
    #: The shared birth number of all leaves of this call.
    birth: int = field(init=False, factory=births)
    #: Whether someone may still ask for derivatives with respect to this call's leaves.
    running: bool = field(init=False, default=True)
    #: What was made read-only, to be given back.
    locked: list[np.ndarray[Any, Any]] = field(init=False, factory=list)

    def __enter__(self) -> "Call":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        self.running = False
        for array in reversed(self.locked):
            array.flags.writeable = True
        if isinstance(error, ValueError) and isinstance(error.__cause__, FuncgradError):
            raise error.__cause__ from None  # in place of NumPy's “setting an array element with a sequence”
        if isinstance(error, ValueError) and "read-only" in str(error) and NOTE not in getattr(error, "__notes__", ()):
            error.add_note(NOTE)

    def lock(self, array: np.ndarray[Any, Any]) -> None:
        """Make `array` and the arrays it is a view of read-only until the call ends."""
        while isinstance(array, np.ndarray):
            if array.flags.writeable:
                array.flags.writeable = False
                self.locked.append(array)
            array = array.base  # type: ignore[assignment]  # the base of an array may be None, which ends the loop


Calls = frozenset[Call]


def running(calls: Calls) -> list[Call]:
    """Those of `calls` that have not ended."""
    return [call for call in calls if call.running]


def hold(array: np.ndarray[Any, Any], calls: Calls) -> Any:
    """`array` as a graph may keep it: unable to change for as long as one of `calls` can ask for a derivative."""
    if array.nbytes <= COPIED:
        array = array.copy()
        set_writeable(array, False)
        return array
    if 0 in array.strides:  # repeated: what is repeated is enough
        once = array[tuple([slice(0, 1) if step == 0 else slice(None) for step in array.strides])]
        return np.broadcast_to(frozen_array(once.copy()), array.shape)
    alive = running(calls)
    if not alive or any(call.outlives for call in alive) or not _lockable(array):
        return frozen_array(array.copy())
    min(alive, key=lambda call: call.birth).lock(array)
    return array


def _lockable(array: Any) -> bool:
    """Whether a lock can be undone when the call ends: the memory belongs to NumPy, and no other call has locked it."""
    while isinstance(array, np.ndarray):
        if array.base is None:
            return bool(array.flags.owndata)
        if array.flags.writeable and not getattr(array.base, "flags", array.flags).writeable:
            return False
        array = array.base
    return False


def frozen_array(array: Any) -> Any:
    """`array` itself, made read-only: what a node holds does not change."""
    if type(array) is ndarray:
        set_writeable(array, False)
    return array
