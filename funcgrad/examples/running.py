"""Running: the list of programs; each by its name, with its own options, and its picture into a file."""

import argparse
import inspect
import sys
from collections.abc import Callable, Generator, Sequence
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from textwrap import fill
from types import ModuleType
from typing import Any, TextIO

from funcgrad.errors import FuncgradError
from funcgrad.examples import PROGRAMS
from funcgrad.graph.dispatch import loaded

COMMAND = "python -m funcgrad.examples"
#: What an option of a program means, by its name.
MEANINGS = {
    "seed": "what all random numbers are made of",
    "steps": "steps of the optimiser",
    "epochs": "passes over the data",
    "draws": "draws from the posterior, each chain",
}
#: The files that a picture can become.
FORMATS = (".png", ".svg", ".pdf")
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the command, and return its exit status."""
    words, out = sys.argv[1:] if arguments is None else list(arguments), writing(out or sys.stdout)
    if words and not words[0].startswith("-"):
        name, *rest = words
        return run(known(name), rest, out)
    listing_parser().parse_args(words)
    out.writelines([f"{line}\n" for line in listing()])
    return 0


def writing(out: TextIO) -> TextIO:
    """The stream, which writes ? where its encoding lacks a letter, as that of a pipe on Windows does."""
    if out is sys.stdout and isinstance(out, TextIOWrapper):
        out.reconfigure(errors="replace")
    return out


def listing() -> list[str]:
    """A line for each program, and how to run one."""
    width = max(map(len, PROGRAMS))
    return [*[f"{name:{width}}  {shown}" for name, shown in PROGRAMS.items()], "", f"Run one: {COMMAND} descent"]


def listing_parser() -> argparse.ArgumentParser:
    """The parser where no program is named."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        usage=f"{COMMAND} [NAME [--help] [options]]",
        description="Small programs to read and to run. Without a name, the list of them.",
        epilog="\n".join([*listing(), f"Its options: {COMMAND} descent --help"]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="a program of the list below")
    return parser


def known(name: str) -> str:
    """The name of a program; another ends with status 2, and with the nearest that there is."""
    if name not in PROGRAMS:
        near = get_close_matches(name, PROGRAMS, 1, 0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        listing_parser().exit(2, f"{COMMAND}: there is no program {name!r}.{hint}\nThe list: {COMMAND}\n")
    return name


def run(name: str, words: Sequence[str], out: TextIO) -> int:
    """Run one program: what it is, its lines as they come, then its picture if a file is given."""
    if not {"-h", "--help"}.intersection(words):  # before its libraries load, which may take longer than a second
        out.write(f"{PROGRAMS[name]}\n")
        out.flush()
    try:
        module = loaded(f"funcgrad.examples.{name}")
        parser = parser_of(name, module)
        options = vars(parser.parse_args(words))
        file = options.pop("picture")
        paper = loaded("funcgrad.examples.paper") if file else None
    except FuncgradError as error:  # a library that is not installed
        listing_parser().exit(1, f"{COMMAND} {name}: {error}\n")
    try:
        result = said(module.report(**options), out)
    except KeyboardInterrupt:
        out.write("\ninterrupted\n")
        return INTERRUPTED
    if paper is not None:
        paper.drawn(module, result).savefig(file)
        out.write(f"{file}\n")
    return 0


def said(lines: Generator[str, None, Any], out: TextIO) -> Any:
    """Write each line as it comes; what the report returns."""
    while True:
        try:
            out.write(f"{next(lines)}\n")
        except StopIteration as end:
            return end.value
        out.flush()


def parser_of(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """The parser of one program: its options are the arguments of its `report`."""
    story = [fill(" ".join(part.split()), 100) for part in (inspect.getdoc(module) or "").split("\n\n")]
    parser = argparse.ArgumentParser(
        prog=f"{COMMAND} {name}",
        description="\n\n".join(story),
        epilog=f"To read: {module.__file__}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option in inspect.signature(module.report).parameters.values():
        parser.add_argument(
            f"--{option.name}",
            type=natural(0 if option.name == "seed" else 1),
            default=option.default,
            metavar="N",
            help=f"{MEANINGS[option.name]} ({option.default})",
        )
    parser.add_argument(
        "--picture", type=file_for_picture, metavar="FILE", help=f"draw into FILE: {', '.join(FORMATS)}"
    )
    return parser


def natural(least: int) -> Callable[[str], int]:
    """An argument that is a whole number, and not too small."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return number


def file_for_picture(text: str) -> Path:
    """An argument that names a file which can be a picture."""
    path = Path(text)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"{text!r} does not end with {' or '.join(FORMATS)}")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    return path
