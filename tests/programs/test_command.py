"""`python -m funcgrad`: what it prints, how it ends, and that it needs no optional library."""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from funcgrad import __main__ as command
from funcgrad.examples import iris

ROOT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "funcgrad", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_the_command_trains_and_reports():
    done = run()
    assert done.stderr == ""
    assert done.returncode == 0
    *_, accuracy, difference = done.stdout.splitlines()
    assert float(re.search(r"held out: ([\d.]+)%", accuracy)[1]) >= 88
    assert float(re.search(r"finite difference: ([\d.e-]+), of 73 parameters", difference)[1]) < 1e-6


def test_elsewhere_than_on_a_terminal_lines_are_few_and_plain():
    out = io.StringIO()
    assert command.main(["--epochs", "25"], out) == 0
    assert "\r" not in out.getvalue()
    assert re.findall(r"epoch +(\d+)/25", out.getvalue()) == ["1", "10", "20", "25"]


def test_on_a_terminal_one_line_lives():
    out = Terminal()
    assert command.main(["--epochs", "12"], out) == 0
    (live,) = [line for line in out.getvalue().split("\n") if "\r" in line]
    assert re.findall(r"epoch +(\d+)/12", live) == [str(k) for k in range(1, 13)]
    assert len({len(state) for state in live.split("\r")}) == 1  # or remains of a longer one would show


def test_the_seed_decides():
    def said(seed):
        out = io.StringIO()
        command.main(["--epochs", "2", "--seed", seed], out)
        return re.findall("loss.*", out.getvalue())

    assert said("1") == said("1") != said("2")


def test_help_names_the_options():
    done = run("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--seed", "--epochs", "exit status"))


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--epochs", "ten"], ["--seed", "-1"], ["--size", "3"]])
def test_wrong_arguments_end_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m funcgrad" in capsys.readouterr().err


def test_a_wrong_gradient_ends_with_status_1(monkeypatch):
    right = command.grad
    monkeypatch.setattr(command, "grad", lambda f: lambda layers, flowers: right(f)(layers, iris.split(9)[0]))
    assert command.main(["--epochs", "1"], io.StringIO()) == 1


def test_an_interruption_ends_with_status_130(monkeypatch):
    def interrupted(seed, epochs):
        yield next(training(seed, epochs))
        raise KeyboardInterrupt

    training = iris.training
    monkeypatch.setattr(iris, "training", interrupted)
    out = io.StringIO()
    assert command.main([], out) == 130
    assert out.getvalue().endswith("\ninterrupted\n")


def test_central_differences_of_a_quadratic_form():
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    x = np.array([0.5, -1.0])
    np.testing.assert_allclose(command.central_differences(lambda x: x @ a @ x / 2, x), a @ x, atol=1e-8)


@pytest.mark.parametrize(("name", "last"), [("descent", "half a step too low"), ("neuron", "∂o/∂b")])
def test_examples_run_by_name(name, last):
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", f"funcgrad.examples.{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert last in done.stdout.splitlines()[-1]
