"""Checkpoints: a tree of numbers and arrays in one `.npz` file, which NumPy reads without pickle.

The file has the leaves as `leaf0`, `leaf1`, …, and as `header` the bytes of a JSON text: what it is, its version, and
for each leaf its path, its kind (array, NumPy scalar, or Python's own number), its dtype and shape.
"""

import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.data.fitting import Step
from funcgrad.errors import BadArgument, BadCheckpoint
from funcgrad.graph.provenance import refuse

#: What a file that is no `.npz`, or not one of `save`'s, or damaged, raises when it is read.
FOREIGN = (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, RuntimeError, OSError)
FORMAT, VERSION = "funcgrad.checkpoint", 1
#: Python's own numbers, by name.
NUMBERS: dict[str, Any] = {kind.__name__: kind for kind in (bool, int, float, complex)}


def save(path: str | os.PathLike[str], params: Any, notes: Mapping[str, Any] | None = None) -> None:
    """Write a tree of numbers and arrays to a file, whole or not at all.

    It is written beside the file, and then takes its place: a reader, or a machine that stops, meets the old file or
    the new one. `notes` are numbers and texts about it.

    >>> save("params.npz", {"w": np.ones(2), "b": 3.0})
    >>> load("params.npz", {"w": np.zeros(2), "b": 0.0})
    {'w': array([1., 1.]), 'b': 3.0}
    """
    leaves = tree.leaves_with_path(params)
    rows = [(tree.path_name(where, "tree"), *described(where, leaf)) for where, leaf in leaves]
    header = {
        "format": FORMAT,
        "version": VERSION,
        "notes": {key: plain(note) for key, note in (notes or {}).items()},
        "leaves": rows,
    }
    arrays = {f"leaf{i}": np.asarray(leaf) for i, (_, leaf) in enumerate(leaves)}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    goal = Path(path)
    part = goal.with_name(f".{goal.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        part.replace(goal)
    finally:
        part.unlink(missing_ok=True)


def plain(note: Any) -> Any:
    """A note, as Python's own number where it is one of NumPy's."""
    if isinstance(note, np.generic):
        return note.item()
    if not (note is None or isinstance(note, str | int | float | list | tuple | dict)):
        refuse(
            BadArgument,
            f"data.save was given a {type(note).__name__} among its notes. They are numbers and texts.",
            "Put arrays into the tree.",
        )
    return note


def described(path: tree.Path, leaf: Any) -> tuple[str, str, list[int]]:
    """The kind, dtype and shape of a leaf."""
    kind = type(leaf).__name__
    array = isinstance(leaf, np.ndarray | np.generic)
    if not (array or kind in NUMBERS) or np.asarray(leaf).dtype.kind not in "biufc":
        refuse(
            BadArgument,
            f"data.save was given a {kind} at {tree.path_name(path, 'tree')}. A checkpoint holds numbers and arrays.",
            "Convert it, or leave it out.",
        )
    name = kind if not array else "array" if isinstance(leaf, np.ndarray) else "scalar"
    found = np.asarray(leaf)
    return name, found.dtype.str, list(found.shape)


def load(path: str | os.PathLike[str], like: Any = None) -> Any:
    """The tree that `save` wrote, as `like`: with its containers, and leaves of its shapes and dtypes.

    What differs is refused (`BadCheckpoint`), by path. Without `like` it is a dict from paths to leaves.

    >>> save("params.npz", {"w": np.ones(2)})
    >>> load("params.npz")
    {"tree['w']": array([1., 1.])}
    """
    header, leaves = opened(path)
    if like is None:
        return {row[0]: leaf for row, leaf in zip(header["leaves"], leaves, strict=True)}
    wanted = [(tree.path_name(where, "tree"), *described(where, leaf)) for where, leaf in tree.leaves_with_path(like)]
    for stored, own in zip_longest(header["leaves"], wanted):
        one, other = words(stored), words(own)
        if one != other:
            refuse(
                BadCheckpoint,
                f"{Path(path).name} has {one} where the tree asked for has {other}.",
                "Load it into a tree like the one that was saved.",
            )
    return tree.structure(like).unflatten(leaves)


def words(row: Any) -> str:
    """A row of a header in words; a number is told from an array, not from another kind of number."""
    if row is None:
        return "nothing more"
    name, _, dtype, shape = row
    return f"{np.dtype(dtype).name}{list(shape)} at {name}" if shape else f"a number at {name}"


def notes_of(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `save` was told about a file.

    >>> save("params.npz", 1.0, {"accuracy": 0.9})
    >>> notes_of("params.npz")
    {'accuracy': 0.9}
    """
    notes: dict[str, Any] = opened(path)[0]["notes"]
    return notes


def opened(path: str | os.PathLike[str]) -> tuple[Any, list[Any]]:
    """The header and the leaves of a file."""
    found = read(path)
    if isinstance(found, str):
        refuse(BadCheckpoint, f"{Path(path).name} {found}.", "Pass a file that funcgrad.data.save wrote.")
    return found


def read(path: str | os.PathLike[str]) -> tuple[Any, list[Any]] | str:
    """The header and the leaves of a file, or what is wrong with it."""
    with Path(path).open("rb") as there, suppress(*FOREIGN), np.load(there, allow_pickle=False) as file:
        header = json.loads(bytes(file["header"]))
        if header["version"] != VERSION:
            return f"is of version {header['version']}, this funcgrad reads {VERSION}"
        if header["format"] == FORMAT:
            leaves = [file[f"leaf{i}"] for i in range(len(header["leaves"]))]
            return header, [restored(row[1], leaf) for row, leaf in zip(header["leaves"], leaves, strict=True)]
    return "is damaged, or no checkpoint of funcgrad"


def restored(kind: str, leaf: Any) -> Any:
    """A leaf as it was before it was an array."""
    return NUMBERS[kind](leaf[()]) if kind in NUMBERS else leaf[()] if kind == "scalar" else leaf


# ---- steps of a training -------------------------------------------------------------------------------------------
def checkpointed(steps: Iterable[Step], path: str | os.PathLike[str], every: int = 1) -> Iterator[Step]:
    """The steps, of which each `every`-th is written to a file before it is handed on, and the last when they end.

    The last is written too if the training is interrupted, or stopped early.

    >>> steps = [Step(i, 1, False, 0.5, np.float64(i), ()) for i in range(1, 4)]
    >>> taken = list(checkpointed(steps, "run.npz", every=2))
    >>> resumed("run.npz", np.float64(0.0), ()).step
    3
    """
    if every < 1:
        refuse(
            BadArgument,
            f"data.checkpointed was given every={every!r}. It is after how many steps one is written.",
            "Write every=1 or more.",
        )
    return kept(steps, path, every)


def kept(steps: Iterable[Step], path: str | os.PathLike[str], every: int) -> Iterator[Step]:
    """The steps; the last is written whether they end, are interrupted, or are not asked for any more."""
    step = written = None
    try:
        for step in steps:
            if step.step % every == 0:
                save_step(path, step)
                written = step
            yield step
    finally:
        if step is not None and step is not written:
            save_step(path, step)


def save_step(path: str | os.PathLike[str], step: Step) -> None:
    """Write the parameters and the state after a step."""
    notes = {"step": step.step, "epoch": step.epoch, "ended": step.ended, "loss": step.loss}
    save(path, {"params": step.params, "state": step.state}, notes)


def resumed(path: str | os.PathLike[str], params: Any, state: Any) -> Step:
    """The step that `checkpointed` wrote last, for `fit(after=…)`: parameters and a state as those given.

    >>> from funcgrad import optim
    >>> save_step("run.npz", Step(7, 1, False, 0.5, np.ones(2), optim.sgd(0.1).init(np.ones(2))))
    >>> step = resumed("run.npz", np.zeros(2), optim.sgd(0.1).init(np.zeros(2)))
    >>> step.step, step.params
    (7, array([1., 1.]))
    """
    found, notes = load(path, {"params": params, "state": state}), notes_of(path)
    return Step(notes["step"], notes["epoch"], notes["ended"], notes["loss"], found["params"], found["state"])
