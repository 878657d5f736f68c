"""What the pages of the documentation list is complete."""

import inspect
from pathlib import Path

import pytest

import funcgrad
from funcgrad import errors
from funcgrad.examples import PROGRAMS

DOCS = Path(__file__).resolve().parents[2] / "docs"
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.FuncgradError)]


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ERRORS[1:], ids=lambda kind: kind.__name__)
def test_the_page_of_refusals_says_what_each_error_says_of_itself(kind):
    """Its heading, the first sentence of its docstring, and the example that fails and then succeeds."""
    (section,) = [part for part in page("refusals.md").split("\n## ") if part.startswith(f"{kind.__name__}\n")]
    sentence, example = inspect.getdoc(kind).split("\n\n")
    assert sentence in section
    assert example in section


def test_every_transform_has_its_place_on_the_page():
    with_pages = {"data", "integrate", "lax", "nn", "numpy", "optim", "plot", "random", "show", "tree"}
    for name in set(funcgrad.__all__) - {"Node", *with_pages}:
        assert f"`{name}`" in page("transforms.md"), name


def test_every_page_is_in_the_contents():
    for path in DOCS.rglob("*.md"):
        if path.name != "index.md":
            assert f"({path.relative_to(DOCS).as_posix()})" in page("index.md")


def test_every_example_has_its_section_with_its_picture():
    for name in PROGRAMS:
        (section,) = [part for part in page("examples.md").split("\n## ") if part.startswith(f"`{name}`")]
        assert f"python -m funcgrad.examples {name}\n" in section
        assert f"(pictures/{name}.png)" in section
        assert (DOCS / "pictures" / f"{name}.png").stat().st_size < 150_000
