"""Programs that are refused, and what is checked of them: the class of the error, its sentences, the line it quotes."""

import inspect
import linecache
import re
from pathlib import Path

import pytest

from funcgrad.errors import FuncgradError


def registry():
    """A list of refusals, and a decorator that adds one: of which class, with which sentences in its message."""
    refusals = []

    def refuses(kind, *sentences):
        def register(program):
            refusals.append(pytest.param(program, kind, sentences, id=program.__name__.replace("_", " ")))
            return program

        return register

    return refusals, refuses


def check(program, kind, sentences):
    """Assert that a program is refused as it says."""
    with pytest.raises(kind) as caught:
        program()
    assert caught.type is kind
    said = str(caught.value)
    for sentence in sentences:
        assert sentence in said
    path = inspect.getsourcefile(program)
    lines, first = inspect.getsourcelines(program)
    for quoted, number in re.findall(rf"It stands in `(.*)` \({Path(path).name}:(\d+)\)\.", said):
        assert first <= int(number) < first + len(lines)
        assert quoted == linecache.getline(path, int(number)).strip()
    if issubclass(kind, FuncgradError):
        assert said.endswith((".", ")"))
        assert 2 <= len(re.findall(r"[.?](?= |$)", said)) <= 6
