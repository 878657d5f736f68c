"""`python -m funcgrad draw | source | check` on a function of the user's: what they print, and how they end."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from funcgrad import __main__ as command
from funcgrad.commands.asking import literal

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
import numpy as np
from funcgrad import stop_gradient

FACTOR = 2.0

def loss(w, x):
    r = x @ w
    return np.sum(r**2)

def half(x):
    return 0.5 * x

def wrong(x):
    return x * stop_gradient(x)

def power(x, n):
    return x**n

def empty(x):
    x * 2

def third(x):
    return x[2]

def named(x, name):
    return np.sin(x) if name == "sin" else x
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "mymodel.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("mymodel", None)


def said(*words):
    out = io.StringIO()
    return command.main(list(words), out), out.getvalue()


def refused(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        command.main(list(words), io.StringIO())
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_draw_prints_a_tree():
    status, text = said("draw", "mymodel:loss", "[1.0, 2.0]", "[[1, 2], [3, 4]]")
    assert status == 0
    assert [line.split()[0] for line in text.splitlines()] == ["sum", "└─", "└─", "├─", "└─"]
    assert "r @" in text


def test_draw_writes_a_file(tmp_path):
    assert said("draw", "mymodel:half", "-1e-3", "-o", "half.svg", "--backward") == (0, "half.svg\n")
    assert "∇half" in (tmp_path / "half.svg").read_text(encoding="utf-8")


def test_source_prints_a_module():
    status, text = said("source", "mymodel:half", "[1, 2]")
    assert status == 0
    namespace = {}
    exec(text, namespace)
    assert namespace["half"](np.array([3.0, 5.0])).tolist() == [1.5, 2.5]


def test_check_reports_and_ends_with_0():
    status, text = said("check", "mymodel:loss", "[1.0, 2.0]", "[[1, 2], [3, 4]]")
    assert status == 0
    assert re.findall(r"^(\w+) .* right$", text, re.MULTILINE) == ["w", "x"]
    assert text.endswith("All derivatives of the first and second order agree with the function's differences.\n")


def test_check_names_what_is_wrong_and_ends_with_1():
    status, text = said("check", "mymodel:wrong", "3", "--order", "1")
    assert status == 1
    assert re.search(r"^x .* WRONG$", text, re.MULTILINE)
    assert "The derivative with respect to x is wrong at order 1" in text


def test_a_whole_number_that_is_no_argument_of_a_derivative_stays_whole():
    assert said("draw", "mymodel:power", "2.0", "3")[1].splitlines()[0].split() == ["^", "8", "1"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["draw", "mymodel"], "'mymodel' is no function's name. Write module:name"),
        (["draw", "nomodel:loss", "1"], "There is no module 'nomodel' to import"),
        (["draw", "mymodel.py:loss", "1"], "is a file. Write the module as Python imports it: mymodel:loss."),
        (["draw", "mymodel:los", "1"], "mymodel has no 'los'. Did you mean loss?"),
        (["draw", "mymodel:FACTOR"], "mymodel:FACTOR is no function, but of type float."),
        (["draw", "mymodel:half"], "mymodel:half(x) was given 0 arguments: missing a required argument: 'x'."),
        (["draw", "mymodel:half", "1", "2"], "mymodel:half(x) was given 2 arguments: too many positional arguments."),
        (["draw", "mymodel:half", "abc"], "Argument 1, abc, is no Python literal. For text, write '\"abc\"'."),
        (["draw", "mymodel:half", "[1, 2"], "Argument 1, [1, 2, is no Python literal. Write numbers"),
        (["draw", "mymodel:half", "[[1, 2], [3]]"], "Its rows have 1 and 2 numbers."),
        (["draw", "mymodel:half", "1", "-o", "half.png"], "Save it as .svg"),
        (["draw", "mymodel:half", "1", "-o", "nowhere/half.svg"], "No such file or directory"),
        (["draw", "mymodel:half", "1", "--most", "1"], "4 at least"),
        (["check", "mymodel:half", '"text"'], "no real or complex argument"),
        (["check", "mymodel:half", "1", "--order", "7"], "invalid choice: 7"),
    ],
)
def test_mistakes_are_named_and_end_with_2(words, message, capsys):
    said = refused(capsys, *words)
    assert message in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "line", "end"),
    [
        (["draw", "broken:f"], "import nowhere_to_be_found", "broken cannot be imported."),
        (["draw", "mymodel:third", "[1.0]"], "return x[2]", "mymodel:third failed with these arguments."),
        (["check", "mymodel:third", "[1.0]"], "return x[2]", "mymodel:third failed with these arguments."),
        (["source", "mymodel:third", "[1.0]"], "return x[2]", "mymodel:third failed with these arguments."),
        (["film", "mymodel:third", "[1.0]"], "return x[2]", "mymodel:third failed with these arguments."),
    ],
)
def test_what_fails_in_the_users_lines_is_shown_there_and_ends_with_2(words, line, end, capsys):
    said = refused(capsys, *words)
    assert line in said
    assert said.endswith(f"python -m funcgrad {words[0]}: {end}\n")
    assert "funcgrad/" not in said.replace(os.sep, "/")
    assert "importlib" not in said


def test_a_check_of_nothing_is_no_success(capsys):
    assert "it returned no real or complex number" in refused(capsys, "check", "mymodel:empty", "1.0")


def test_source_takes_texts():
    assert "np.sin(x)" in said("source", "mymodel:named", "2.0", '"sin"')[1]


def test_an_unknown_command_is_named(capsys):
    assert "There is no command 'drw'. Did you mean draw?" in refused(capsys, "drw", "mymodel:loss")
    assert "There are examples, draw, film, source, check." in refused(capsys, "zzz")


def test_a_pipe_that_lacks_letters_gets_others():
    done = subprocess.run(
        [sys.executable, "-m", "funcgrad", "draw", "funcgrad.examples.neuron:tanh_by_exp", "0.5"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?? e exp" in done.stdout


@pytest.mark.parametrize("name", ["draw", "source", "check"])
def test_help_teaches(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"], io.StringIO())
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "module:name" in text
    assert "'[1.0, 2.0]'" in text
    example = text.rpartition("example:")[2].split(" > ")[0].replace("--output tanh.svg", "")
    words = re.findall(r"'[^']*'|\S+", example)
    assert words[:4] == ["python", "-m", "funcgrad", name]
    assert said(*[word.strip("'") for word in words[3:]])[0] == 0


def test_the_command_itself():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "funcgrad", "draw", "funcgrad.examples.neuron:tanh_by_exp", "0.5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].split() == ["/", "0.4621", "1"]


@pytest.mark.parametrize(
    ("text", "kind", "shape"),
    [("[1, 2]", "f", (2,)), ("[[1, 2], [3, 4j]]", "c", (2, 2)), ("[]", "f", (0,)), (" [[[1]], [[2]]]", "f", (2, 1, 1))],
)
def test_lists_of_numbers_are_arrays(text, kind, shape):
    value = literal(text, 1)
    assert (value.dtype.kind, value.shape) == (kind, shape)


def test_other_literals_stay_what_they_are():
    assert literal("(1, 2)", 1) == (1, 2)
    assert literal("{'a': [True, None, 'x']}", 1) == {"a": [True, None, "x"]}
    assert literal("['a', [1.0]]", 1)[1].tolist() == [1.0]
