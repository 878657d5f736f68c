"""The pictures of the documentation are what its page draws."""

import re

import pytest

from tests.test_documentation import ROOT, run_page

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


def drawn(path):
    """A picture without what depends on where the page was run from: the places in the notes on boxes."""
    return re.sub(r"<title>.*?</title>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_pictures_are_those_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(ROOT / "docs" / "show.md")
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == [path.name for path in PICTURES]
    for path in PICTURES:
        assert drawn(tmp_path / path.name) == drawn(path), path.name


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_small_and_on_a_page(path):
    assert path.stat().st_size < 20_000
    assert f"](pictures/{path.name})" in (ROOT / "docs" / "show.md").read_text(encoding="utf-8")
