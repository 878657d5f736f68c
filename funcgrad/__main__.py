"""`python -m funcgrad`: a small network learns the iris data, and its gradient is checked by finite differences.

With the name of a command, such as `draw`, it works on a function of the user's.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, TextIO

import numpy as np

from funcgrad import __version__, grad, tree
from funcgrad.commands import COMMANDS
from funcgrad.examples import iris
from funcgrad.examples.running import INTERRUPTED, natural, writing
from funcgrad.examples.running import main as run_examples
from funcgrad.graph.dispatch import loaded

#: A gradient further than this from its finite difference counts as wrong.
TOLERANCE = 1e-5
#: The finite difference's step: the rounding errors of a loss near 1 are then of size 1e-9.
STEP = 1e-7


def central_differences(f: Callable[[Any], Any], x: Any, step: float = STEP) -> Any:
    """(f(x + h eᵢ) - f(x - h eᵢ)) / 2h for every unit vector eᵢ: what ∂f/∂xᵢ is, up to h².

    >>> central_differences(lambda x: x[0] * x[1], np.array([2.0, 3.0])).round(6)
    array([3., 2.])
    """
    return np.array([(f(x + e) - f(x - e)) / (2 * step) for e in step * np.eye(len(x))])


def largest_difference(layers: iris.Layers, flowers: iris.Flowers) -> tuple[float, int]:
    """How far the gradient of the loss is from its finite difference, at most, and of how many parameters."""
    vector, unravel = tree.ravel(layers)
    slope, _ = tree.ravel(grad(iris.loss)(layers, flowers))
    difference = slope - central_differences(lambda v: iris.loss(unravel(v), flowers), vector)
    return float(np.max(np.abs(difference))), len(vector)


def shown(epochs: Iterable[iris.Epoch], count: int, out: TextIO) -> iris.Epoch:
    """The last of the epochs, after a line for each: one line that lives on a terminal, every tenth elsewhere."""
    live = out.isatty()
    for epoch in epochs:
        if live or epoch.number % 10 == 0 or epoch.number in (1, count):
            line = (
                f"epoch {epoch.number:{len(str(count))}}/{count}  loss {epoch.loss:.4f}  test set {epoch.tested:6.1%}"
            )
            print(line, end="\r" if live and epoch.number < count else "\n", file=out, flush=True)
    return epoch


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m funcgrad",
        description="Train a network of 4, 5, 5 and 3 units on two thirds of the iris data, test it on the last third, "
        "and compare its gradient with finite differences. More programs: python -m funcgrad examples.",
        epilog=f"The exit status is 0, or 1 if a gradient is further than {TOLERANCE} from its finite difference. "
        f"On a function of your own: {'; '.join([f'{name}: {does}' for name, does in COMMANDS.items()])}. "
        "Each teaches: python -m funcgrad draw --help.",
    )
    known = ["examples", *COMMANDS]
    if arguments and not arguments[0].startswith("-"):
        near = get_close_matches(arguments[0], known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        parser.exit(2, f"{parser.prog}: There is no command {arguments[0]!r}. {hint}\nMore: {parser.prog} --help\n")
    parser.add_argument("--seed", type=natural(0), default=1, metavar="N", help="split, first weights and batches (1)")
    parser.add_argument("--epochs", type=natural(1), default=60, metavar="N", help="passes over the data (60)")
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the command, and return its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    out = writing(out or sys.stdout)
    if words and words[0] == "examples":
        return run_examples(words[1:], out)
    if words and words[0] in COMMANDS:
        try:
            status: int = loaded("funcgrad.commands.running").RUNNING[words[0]](words[1:], out)
        except KeyboardInterrupt:
            print("\ninterrupted", file=out)
            return INTERRUPTED
        return status
    options = parsed(words)
    train, test = iris.split(options.seed)
    print(f"funcgrad {__version__} learns three species of iris from {len(train.x)} flowers", file=out, flush=True)
    began = time.perf_counter()
    try:
        last = shown(iris.training(options.seed, options.epochs), options.epochs, out)
    except KeyboardInterrupt:
        print("\ninterrupted", file=out)
        return INTERRUPTED
    seconds = time.perf_counter() - began
    difference, count = largest_difference(last.layers, train)
    print(f"trained in {seconds:.1f} s; accuracy on {len(test.x)} flowers held out: {last.tested:.1%}", file=out)
    print(
        f"largest difference between a gradient and its finite difference: {difference:.1e}, of {count} parameters",
        file=out,
    )
    return 0 if difference <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
