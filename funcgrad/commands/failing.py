"""Failing: what was wrong with a command, and what failed in the user's own lines; both end with status 2."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import FrameSummary, StackSummary, format_exception_only, format_list, walk_tb
from typing import NoReturn

from funcgrad.errors import FuncgradError
from funcgrad.graph.provenance import foreign

#: The folder of Python's own modules.
LIBRARY = os.path.dirname(os.__file__) + os.sep


class Mistake(Exception):
    """What was wrong with a command, in words for the one who gave it."""


class Failure(Mistake):
    """What failed in the user's own lines: its cause says it."""


def complain(parser: argparse.ArgumentParser, mistake: Exception) -> NoReturn:
    """Say what was wrong, and end with status 2."""
    if isinstance(mistake, Failure) and mistake.__cause__ is not None:
        parser.exit(2, f"{failure_shown(mistake.__cause__)}{parser.prog}: {mistake}\n")
    more = f"More: {parser.prog} --help\n" if isinstance(mistake, Mistake) else ""
    parser.exit(2, f"{parser.prog}: {mistake}\n{more}")


@contextmanager
def answering(parser: argparse.ArgumentParser, name: str) -> Iterator[None]:
    """What is refused meanwhile, and what fails in the user's function, ends the program with status 2."""
    try:
        yield
    except FuncgradError as error:
        complain(parser, error)
    except Exception as error:
        if users_lines(error):
            failure = Failure(f"{name} failed with these arguments.")
            failure.__cause__ = error
            complain(parser, failure)
        if not isinstance(error, OSError | ValueError):
            raise
        complain(parser, error)


def failure_shown(error: BaseException) -> str:
    """A failure as Python shows it, with the user's own lines alone."""
    lines = format_list(users_lines(error))
    return "".join(["Traceback (most recent call last):\n"] * bool(lines) + lines + format_exception_only(error))


def users_lines(error: BaseException) -> list[FrameSummary]:
    """The frames of a failure that are neither ours, nor NumPy's, nor Python's own."""
    walked = walk_tb(error.__traceback__)
    kept = [(frame, line) for frame, line in walked if foreign(frame.f_code) and not pythons(frame.f_code.co_filename)]
    return list(StackSummary.extract(iter(kept)))


def pythons(file: str) -> bool:
    """Whether a file belongs to Python itself."""
    return file.startswith(("<frozen ", LIBRARY)) and "site-packages" not in file
