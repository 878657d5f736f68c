"""Every example in the documentation runs: the doctests of each module and the python blocks of each page."""

import doctest
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "funcgrad").rglob("*.py"))]

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
BLOCK = re.compile(r"^(?P<indent> *)```python\b[^\n]*\n(?P<source>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """An example may write files and set how NumPy prints: both end with it."""
    monkeypatch.chdir(tmp_path)
    with np.printoptions():
        yield


def check(test, **how):
    """Run a doctest and fail with everything it has to say."""
    said = []
    results = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append, **how)
    if results.failed:
        pytest.fail("".join(said), pytrace=False)


def blocks(page):
    """(number of the line above it, source) of each python block in the text of a page."""
    for block in BLOCK.finditer(page):
        source = re.sub(f"^{block['indent']}", "", block["source"], flags=re.MULTILINE)
        yield page.count("\n", 0, block.start("source")), source


def run_page(path):
    """Run the blocks of one page in order, in one namespace, as a reader would who types them in."""
    namespace = {"__name__": "__main__"}
    for line, source in blocks(path.read_text(encoding="utf-8")):
        if ">>>" in source:
            test = doctest.DocTestParser().get_doctest(source, {}, path.name, str(path), line)
            test.globs = namespace  # DocTest keeps a copy of what it is given; the page has one namespace
            check(test, clear_globs=False)
        else:
            exec(compile("\n" * line + source, path, "exec"), namespace)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(path.parts).removesuffix(".__init__"))
def test_doctests_of_module(path):
    module = importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        check(test)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_of_page(path):
    run_page(path)


def test_readme_gives_the_command_that_is_run_on_every_change():
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    install, test = (line for line in steps if line.startswith(("pip install", "python -m pytest")))
    assert f"{install} && {test}" in map(str.strip, (ROOT / "README.md").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("last", "error"),
    [("x + 1\n3", None), ("x + 1\n4", r"Expected:\n +4"), ("f()\n3", "line 9, in f")],
)
def test_a_page_is_one_program_and_fails_where_it_is_wrong(tmp_path, last, error):
    first = "1. A list.\n\n   ```python\n   x = 2\n   ```\n\n```python\ndef f():\n    raise ValueError(x)\n```\n"
    page = tmp_path / "page.md"
    page.write_text(f"{first}\n```text\nnot python\n```\n\n```python\n>>> {last}\n\n```\n", encoding="utf-8")
    if error is None:
        run_page(page)
    else:
        with pytest.raises(pytest.fail.Exception, match=error):
            run_page(page)


def test_a_wrong_doctest_is_found():
    module = SimpleNamespace(__doc__=">>> 1 + 1\n3", __name__="wrong")
    with pytest.raises(pytest.fail.Exception, match=r"Expected:\n +3"):
        check(*doctest.DocTestFinder().find(module, "wrong", globs={}, module=False))
