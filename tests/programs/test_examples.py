"""`python -m funcgrad.examples`: the list, one program by its name, its options, its picture, and what is wrong."""

import importlib
import inspect
import io
import subprocess
import sys
from pathlib import Path

import pytest

from funcgrad import __main__ as command
from funcgrad.examples import PROGRAMS, running
from tests.programs.reporting import told

ROOT = Path(__file__).resolve().parents[2]


def said(*words):
    out = io.StringIO()
    assert running.main(words, out) == 0
    return out.getvalue()


def test_the_list_has_a_line_for_each_program():
    lines = said().splitlines()
    assert [line.split()[0] for line in lines[: len(PROGRAMS)]] == list(PROGRAMS)
    files = {path.stem for path in (ROOT / "funcgrad" / "examples").glob("*.py")}
    assert files - {"__init__", "__main__", "running", "training", "paper"} == set(PROGRAMS)


def test_it_is_a_command_of_the_package_too(capsys):
    out = io.StringIO()
    assert command.main(["examples"], out) == 0
    assert out.getvalue() == said()
    assert command.main(["examples", "neuron"], out) == 0
    assert out.getvalue() == said() + said("neuron")
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "python -m funcgrad examples" in " ".join(capsys.readouterr().out.split())


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "funcgrad.examples", "neuron"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "∂o/∂b" in done.stdout


#: Options with which a report ends soon.
SOON = {
    "network": {"epochs": 1},
    "iris": {"epochs": 1},
    "neurons": {"steps": 1},
    "moons": {"epochs": 1},
    "digits": {"epochs": 1},
    "gaussian_process": {"steps": 2},
    "logistic_regression": {"draws": 40},
    "characters": {"epochs": 1},
    "maml": {"steps": 1},
    "heat": {"steps": 1},
    "figure_eight": {"steps": 1},
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_draws_what_its_report_returns(name, monkeypatch):
    paper = pytest.importorskip("funcgrad.examples.paper")
    program = importlib.import_module(f"funcgrad.examples.{name}")
    for part, small in {"WINDOW": 8, "UNITS": 8}.items():
        if name == "characters":
            monkeypatch.setattr(program, part, small)
    _, result = told(program.report(**SOON.get(name, {})))
    axes = paper.drawn(program, result).axes
    assert len(axes) >= 2
    assert all(ax.has_data() for ax in axes if ax.get_title())


def test_a_picture_is_written(tmp_path):
    file = tmp_path / "neuron.svg"
    assert said("neuron", "--picture", str(file)).splitlines()[-1] == str(file)
    assert file.read_text(encoding="utf-8").count("<path") > 10


def test_options_are_the_programs_own():
    assert "step      2" not in (one := said("maml", "--steps", "1", "--seed", "3"))
    assert "step     1" in one
    assert said("maml", "--steps", "1", "--seed", "3") == one


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_teaches(name, capsys):
    with pytest.raises(SystemExit) as ended:
        running.main([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    report = inspect.signature(sys.modules[f"funcgrad.examples.{name}"].report)
    assert all(f"--{option}" in text for option in [*report.parameters, "picture"])


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (["heta"], 2, "there is no program 'heta'. Did you mean heat?"),
        (["qqqq"], 2, "there is no program 'qqqq'.\nThe list: python -m funcgrad.examples"),
        (["maml", "--steps", "0"], 2, "'0' is not a whole number of at least 1"),
        (["maml", "--steps", "ten"], 2, "'ten' is not a whole number"),
        (["maml", "--picture", "maml.txt"], 2, "'maml.txt' does not end with .png or .svg or .pdf"),
        (["maml", "--picture", "no/where/maml.png"], 2, "there is no folder no/where"),
        (["--seed", "1"], 2, "unrecognized arguments"),
    ],
)
def test_what_is_wrong_is_said(words, status, error, capsys):
    with pytest.raises(SystemExit) as ended:
        running.main(words)
    assert ended.value.code == status
    assert error in capsys.readouterr().err


def test_the_help_has_the_list(capsys):
    with pytest.raises(SystemExit):
        running.main(["--help"])
    assert all(name in capsys.readouterr().out for name in ["descent"])


def test_a_missing_library_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "funcgrad.examples.paper", raising=False)
    with pytest.raises(SystemExit) as ended:
        running.main(["neuron", "--picture", "neuron.png"])
    assert ended.value.code == 1
    assert "pip install 'funcgrad[plot]'" in capsys.readouterr().err


def test_an_interruption_ends_with_status_130(monkeypatch):
    def report():
        yield "a line"
        raise KeyboardInterrupt

    monkeypatch.setattr("funcgrad.examples.neuron.report", report)
    out = io.StringIO()
    assert running.main(["neuron"], out) == 130
    assert out.getvalue().endswith("\na line\n\ninterrupted\n")


def test_the_first_line_stands_before_the_libraries_load():
    """What a program is: to import scikit-learn alone takes longer than a second on some machines."""
    out = io.StringIO()
    with pytest.raises(SystemExit):
        running.main(["neuron", "--nonsense"], out)
    assert out.getvalue() == f"{PROGRAMS['neuron']}\n"
