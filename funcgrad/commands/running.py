"""Running: what each command does with the user's function."""

import argparse
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from funcgrad.commands.asking import parsed, parser_of
from funcgrad.commands.checking import report
from funcgrad.commands.failing import answering
from funcgrad.examples.neuron import THREE
from funcgrad.show.drawing import MOST, draw
from funcgrad.show.filming.film import MOST as SHOWN
from funcgrad.show.filming.film import film
from funcgrad.transforms.jitting import jit
from funcgrad.transforms.program import source

#: What is filmed if no function is named.
NEURON = "funcgrad.examples.neuron:three_inputs"


def draw_command(words: Sequence[str], out: TextIO) -> int:
    """Draw a function: as a tree of text, or into a file."""
    parser = parser_of(
        "draw",
        "Draw the expression graph of a function at its arguments: each value with its name, operation, number or "
        "shape, and gradient. Without --output it is written here as a tree.",
        "python -m funcgrad draw funcgrad.examples.neuron:tanh_by_exp 0.5 --output tanh.svg",
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="where to: a name that ends with .svg, .html, .dot or .txt"
    )
    parser.add_argument("--backward", action="store_true", help="draw the graph of the gradient beside it")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=f"fold what is beyond N boxes ({MOST})")
    parser.add_argument("--layout", choices=("own", "dot"), default="own", help="dot: by Graphviz, which must be there")
    options, function, arguments = parsed(parser, words)
    with answering(parser, options.function):
        drawn = draw(function, backward=options.backward, most=options.most, layout=options.layout)(*arguments)
        if options.output:
            drawn.save(options.output)
    out.write(f"{options.output}\n" if options.output else f"{drawn}\n")
    return 0


def film_command(words: Sequence[str], out: TextIO) -> int:
    """Write the film of a function, a page that plays by itself; without a function that of one neuron."""
    parser = parser_of(
        "film",
        "Write a page that plays both sweeps of a function at its arguments: values fill in forwards, then cotangents "
        "flow back, with every product of the chain rule. Without a function it shows one neuron of three inputs.",
        f"python -m funcgrad film {NEURON} {' '.join(map(str, THREE.values()))} --open",
    )
    options = argparse.ArgumentParser(add_help=False)
    for one in (parser, options):
        one.add_argument("--output", "-o", metavar="FILE", default="film.html", help="where to (film.html)")
        one.add_argument("--most", type=int, default=SHOWN, metavar="N", help=f"fold what is beyond N boxes ({SHOWN})")
        one.add_argument("--open", action="store_true", help="show it in the browser")
    if not {"-h", "--help"} & {*words} and not options.parse_known_args(words)[1]:
        words = [*words, NEURON, *map(str, THREE.values())]
    chosen, function, arguments = parsed(parser, words)
    with answering(parser, chosen.function):
        film(function, most=chosen.most)(*arguments).save(chosen.output)
    out.write(f"{chosen.output}\n")
    if chosen.open:
        webbrowser.open(Path(chosen.output).resolve().as_uri())
    return 0


def source_command(words: Sequence[str], out: TextIO) -> int:
    """Write the program of a function, a module that needs NumPy alone."""
    parser = parser_of(
        "source",
        "Write the program of a function at the types of its arguments: the text of a Python module that needs NumPy "
        "alone.",
        "python -m funcgrad source funcgrad.examples.neuron:tanh_by_exp '[0.5, 1.0]' > tanh.py",
    )
    options, function, arguments = parsed(parser, words)
    texts = tuple([i for i, a in enumerate(arguments) if a is None or isinstance(a, str)])
    with answering(parser, options.function):
        text = source(jit(function, static_argnums=texts) if texts else function, *arguments)
    out.write(text if text.endswith("\n") else f"{text}\n")
    return 0


def check_command(words: Sequence[str], out: TextIO) -> int:
    """Check the derivatives of a function against its differences: status 0 if they agree, else 1."""
    parser = parser_of(
        "check",
        "Check the derivatives of a function against its differences, forwards and backwards. For each argument the "
        "table shows the derivative in a random direction. The exit status is 0 if all agree, 1 if not, 2 if the "
        "command is wrong.",
        "python -m funcgrad check funcgrad.examples.neuron:tanh_by_exp 0.5",
    )
    parser.add_argument("--order", type=int, choices=(1, 2, 3), default=2, help="the highest order of derivatives (2)")
    options, function, arguments = parsed(parser, words)
    with answering(parser, options.function):
        lines, right = report(function, [float(a) if type(a) is int else a for a in arguments], options.order)
    out.writelines([f"{line}\n" for line in lines])
    return 0 if right else 1


#: What each command runs.
RUNNING: dict[str, Callable[[Sequence[str], TextIO], int]] = {
    "draw": draw_command,
    "film": film_command,
    "source": source_command,
    "check": check_command,
}
