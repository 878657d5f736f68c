"""Pictures of trainings and models (the extra [plot], Matplotlib): each returns its Axes, and none shows by itself.

`ax=` draws into axes that are there; else a new Figure is made, without Matplotlib's global state: `axes.figure` is it,
and `axes.figure.savefig("loss.png")` writes it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument, MissingExtra
from funcgrad.graph.provenance import refuse
from funcgrad.optim.limiting import global_norm

try:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter
except ImportError as error:
    raise MissingExtra("funcgrad.plot needs Matplotlib. Install it: pip install 'funcgrad[plot]'.") from error

__all__ = ["accuracy", "decision_boundary", "gradient_norms", "loss", "sparsity"]

#: Seven colours that the colour-blind tell apart: P. Tol, "Colour schemes" (2021), figure 1, "bright".
COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#BBBBBB")


def axes(ax: Axes | None, x: str, y: str, size: tuple[float, float] = (6.0, 4.0)) -> Axes:
    """Axes with names, given or new."""
    found = Figure(figsize=size, layout="constrained").add_subplot() if ax is None else ax
    found.set_xlabel(x)
    found.set_ylabel(y)
    found.spines[["top", "right"]].set_visible(False)
    return found


def ruled(ax: Axes) -> None:
    """Faint lines behind what is drawn."""
    ax.grid(visible=True, color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


# ---- trainings -----------------------------------------------------------------------------------------------------
def loss(steps: Iterable[Any], *, log: bool = False, label: str | None = None, ax: Axes | None = None) -> Axes:
    """The loss by step, and over it the mean of each epoch.

    `steps` are those of `funcgrad.data.fit`, or losses alone. Drawing into the same axes again compares trainings.

    >>> loss([4.0, 2.0, 1.0]).lines[0].get_ydata().tolist()
    [4.0, 2.0, 1.0]
    """
    taken = list(steps)
    numbers = [getattr(step, "step", i) for i, step in enumerate(taken, 1)]
    losses = np.array([float(getattr(step, "loss", step)) for step in taken])
    ends = [i for i, step in enumerate(taken, 1) if getattr(step, "ended", False)]
    own = axes(ax, "step", "loss")
    ruled(own)
    faint = 0.35 if len(ends) > 1 else 1.0
    (line,) = own.plot(numbers, losses, linewidth=1.0, alpha=faint, color=next_colour(own))
    if len(ends) > 1:
        means = [losses[low:high].mean() for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        at = [numbers[end - 1] for end in ends]
        own.plot(at, means, marker="o", markersize=3, color=line.get_color(), label=label)
    elif label is not None:
        line.set_label(label)
    if log:
        own.set_yscale("log")
    return legended(own, label is not None)


def accuracy(steps: Iterable[Any], *names: str, label: str = "{}", ax: Axes | None = None) -> Axes:
    """Metrics by epoch: those that `evaluate` of `funcgrad.data.fit` returned, or `names` of them.

    Numbers from 0 to 1 are shown as percentages. `label` is what the legend says, `{}` being the metric's name.

    >>> from funcgrad.data import Step
    >>> steps = [Step(i, i, True, 1 / i, None, None, {"test": 1 - 1 / i}) for i in (1, 2, 4)]
    >>> accuracy(steps).lines[0].get_ydata().tolist()
    [0.0, 0.5, 0.75]
    """
    ends = [step for step in steps if step.ended]
    there = sorted({name for step in ends for name in step.metrics})
    found = names or tuple(there)
    strange = [name for name in found if name not in there]
    if strange and there:
        refuse(
            BadArgument,
            f"plot.accuracy was asked for {strange[0]!r}, which no step has. There are {', '.join(there)}.",
            "Name one of these, or none for all.",
        )
    if not there:
        refuse(
            BadArgument,
            f"plot.accuracy found no metrics at the ends of {len(ends)} epochs.",
            "Pass evaluate= to funcgrad.data.fit, a function from parameters to a dict of numbers.",
        )
    own = axes(ax, "epoch", found[0] if len(found) == 1 else "")
    ruled(own)
    values = np.array([[float(step.metrics.get(name, np.nan)) for step in ends] for name in found])
    for name, row in zip(found, values, strict=True):
        at = [step.epoch for step in ends]
        own.plot(at, row, marker="o", markersize=3, color=next_colour(own), label=label.format(name))
    known = values[np.isfinite(values)]
    if known.size and known.min() >= 0 and known.max() <= 1:
        own.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    own.xaxis.set_major_locator(MaxNLocator(integer=True))
    return legended(own, len(found) > 1 or label != "{}")


def next_colour(ax: Axes) -> str:
    """The first colour that no line of the axes has."""
    taken = {line.get_color() for line in ax.lines}
    return next((colour for colour in COLOURS if colour not in taken), COLOURS[len(ax.lines) % len(COLOURS)])


def legended(ax: Axes, wanted: bool) -> Axes:
    """The axes, with a legend where there is something to tell apart."""
    if wanted:
        ax.legend(frameon=False)
    return ax


# ---- models --------------------------------------------------------------------------------------------------------
def decision_boundary(
    predict: Callable[[Any], Any],
    points: Any,
    labels: Any = None,
    *,
    level: float = 0.0,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """The plane coloured by what a model says of each place, and the points that it is asked about.

    predict : ℝᵐˣ² → classes (m,), scores (m, k) of which the largest wins, or one real score (m,) a place, drawn in
    shades with the line where it is `level`. points : (n, 2); labels : (n,), their classes.

    >>> axes = decision_boundary(lambda x: x[:, 0] > x[:, 1], np.eye(2), [1, 0], resolution=10)
    >>> axes.collections[-1].get_offsets().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    places = np.asarray(points)
    if places.ndim != 2 or places.shape[1] != 2:
        refuse(
            BadArgument,
            f"plot.decision_boundary was given points of shape {places.shape}. It draws a plane.",
            "Pass points of shape (n, 2), and a model of two features.",
        )
    if not len(places):
        refuse(
            BadArgument,
            "plot.decision_boundary was given no points. They say which part of the plane to draw.",
            "Pass points of shape (n, 2), n being 1 or more.",
        )
    own = axes(ax, "x₁", "x₂", (5.0, 5.0))
    margin = 0.08 * (np.ptp(places, axis=0) + 1e-12)
    low, high = places.min(axis=0) - margin, places.max(axis=0) + margin
    x, y = (np.linspace(a, b, resolution) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    said = np.asarray(predict(grid))
    classes = [] if labels is None else np.unique(np.asarray(labels)).tolist()
    if said.ndim == 1 and said.dtype.kind == "f":
        shaded(own, x, y, said.reshape(resolution, resolution), level)
    else:
        found = np.argmax(said, axis=1) if said.ndim == 2 else said
        classes = coloured(own, x, y, found.reshape(resolution, resolution), classes)
        borders(own, x, y, said if said.ndim == 2 else said[:, None] == np.unique(said))
    scattered(own, places, labels, classes)
    return own


def shaded(ax: Axes, x: Any, y: Any, score: Any, level: float) -> None:
    """A real score: two colours that pale towards the line between them."""
    if not np.isfinite(score).any():
        return  # a model that went astray has no line
    score = np.where(np.isfinite(score), score, np.nan)
    reach = max(float(np.nanmax(np.abs(score - level))), 1e-12)
    cuts = level + reach * np.linspace(-1, 1, 21)
    ramp = np.linspace(-1, 1, 20)
    ends = [np.array([int(COLOURS[i][k : k + 2], 16) for k in (1, 3, 5)]) / 255 for i in (0, 1)]
    shades = [1 - 0.75 * abs(s) ** 0.6 * (1 - ends[int(s > 0)]) for s in ramp]
    ax.contourf(x, y, score, cuts, colors=shades)
    if np.nanmin(score) < level < np.nanmax(score):
        ax.contour(x, y, score, [level], colors="#333333", linewidths=1.2)


def coloured(ax: Axes, x: Any, y: Any, found: Any, classes: list[Any]) -> list[Any]:
    """Regions of classes, each in its colour; the classes in the order of their colours."""
    every = sorted({*classes, *np.unique(found).tolist()})
    number = np.searchsorted(every, found)
    colours = ListedColormap([colour for colour, _ in zip(cycle(COLOURS), every, strict=False)])
    mesh = ax.pcolormesh(x, y, number, cmap=colours, alpha=0.3, shading="nearest", rasterized=True)
    mesh.set_clim(-0.5, len(every) - 0.5)
    return every


def borders(ax: Axes, x: Any, y: Any, scores: Any) -> None:
    """Where each class is as likely as the likeliest of the others; one of two has the border of both."""
    for k in range(scores.shape[1] if scores.shape[1] > 2 else scores.shape[1] - 1):
        ahead = (1.0 * scores[:, k] - np.delete(scores, k, axis=1).max(axis=1)).reshape(len(y), len(x))
        if ahead.min() < 0 < ahead.max():
            ax.contour(x, y, ahead, [0.0], colors="#333333", linewidths=0.8)


def scattered(ax: Axes, places: Any, labels: Any, classes: Sequence[Any]) -> None:
    """Points, those of each class in its colour."""
    by_class = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(classes)}
    colours = ["#333333"] * len(places) if labels is None else [by_class[k] for k in np.asarray(labels).tolist()]
    ax.scatter(places[:, 0], places[:, 1], s=22, c=colours, edgecolors="white", linewidths=0.6)


# ---- gradients -----------------------------------------------------------------------------------------------------
def gradient_norms(gradients: Any, *, depth: int = 1, over_steps: bool = False, ax: Axes | None = None) -> Axes:
    """The norm of a gradient by layer, on a logarithmic scale: a bar each; or lines, for a sequence of gradients.

    A layer is what the first `depth` keys of a path lead to; a large `depth` shows each array by itself.

    >>> axes = gradient_norms({"first": {"w": np.array([3.0, 0.0]), "b": 4.0}, "second": 0.5})
    >>> [float(bar.get_width()) for bar in axes.patches], [name.get_text() for name in axes.get_yticklabels()]
    ([5.0, 0.5], ['first', 'second'])
    """
    trees = list(gradients) if over_steps else [gradients]
    rows = [norms(one, depth) for one in trees]
    names = list(rows[0]) if rows else []
    if not names:
        refuse(BadArgument, "plot.gradient_norms was given no gradient.", "Pass a tree of arrays, as grad returns it.")
    if over_steps:
        own = axes(ax, "step", "norm of the gradient")
        ruled(own)
        for name in names:
            own.plot(range(1, len(rows) + 1), [row[name] for row in rows], label=name, color=next_colour(own))
        if any([norm > 0 for row in rows for norm in row.values()]):
            own.set_yscale("log")
        return legended(own, True)
    own = axes(ax, "norm of the gradient", "", (6.0, 0.8 + 0.35 * len(names)))
    ruled(own)
    own.barh(names, [rows[0][name] for name in names], color=COLOURS[0], height=0.6)
    own.invert_yaxis()
    if any([norm > 0 for norm in rows[0].values()]):  # of nothing but 0 and NaN there is no logarithm
        own.set_xscale("log")
    return own


def norms(gradient: Any, depth: int) -> dict[str, float]:
    """The norm of each layer of a gradient, by its name."""
    layers: dict[str, list[Any]] = {}
    for path, leaf in tree.leaves_with_path(gradient):
        layers.setdefault(".".join([str(key.value) for key in path[:depth]]) or "all", []).append(leaf)
    return {name: float(global_norm(leaves)) for name, leaves in layers.items()}


def sparsity(pattern: Any, *, ax: Axes | None = None) -> Axes:
    """Where a matrix is not zero: an array, of truth values or numbers, or a sparse matrix of SciPy's.

    >>> sparsity(np.eye(3)).get_title()
    '3 × 3, 3 of 9 not zero'
    """
    matrix = pattern if hasattr(pattern, "tocoo") else np.asarray(pattern)
    if len(matrix.shape) != 2:
        refuse(
            BadArgument,
            f"plot.sparsity was given an array of shape {matrix.shape}. It draws a matrix.",
            "Reshape it to two axes.",
        )
    rows, columns = matrix.shape
    own = axes(ax, "", "", (4.5, 4.5))
    own.spines[["top", "right"]].set_visible(True)
    coordinates = matrix.tocoo() if hasattr(matrix, "tocoo") else None
    i, j = (coordinates.row, coordinates.col) if coordinates is not None else np.nonzero(matrix)
    side = 72 / own.figure.dpi * min(own.bbox.width, own.bbox.height) / max(rows, columns, 1)
    own.scatter(j, i, marker="s", s=max(0.85 * side, 1.0) ** 2, color=COLOURS[0], linewidths=0)
    own.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
    own.xaxis.set_major_locator(MaxNLocator(integer=True))
    own.yaxis.set_major_locator(MaxNLocator(integer=True))
    own.set_title(f"{rows} × {columns}, {len(i)} of {rows * columns} not zero", fontsize=10)
    return own
