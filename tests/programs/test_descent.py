"""The minimum of F[a] = x·a² + a at x = 4, from a = 1 in steps of rate 1e-3."""

from itertools import islice

import pytest

from funcgrad import grad
from funcgrad.examples import descent


@pytest.fixture(scope="module")
def places():
    return list(islice(descent.descent(grad(descent.objective), descent.START, rate=1e-3), 10_001))


def test_the_first_update(places):
    assert places[:2] == [1.0, 0.991]


def test_update_1001(places):
    assert places[1001] == pytest.approx(-0.1246374763459712, rel=0, abs=1e-15)


def test_the_end(places):
    assert places[-1] == pytest.approx(-0.125, rel=0, abs=1e-13)
    assert descent.exact() == places[-1]


def test_every_place_is_a_number(places):
    assert {type(place) for place in places} == {float}


def test_it_is_the_closed_form(places):
    """aₖ + 1/8 shrinks by 1 - 2·4·10⁻³ a step."""
    for k in (1, 10, 100, 500):
        assert places[k] == pytest.approx(-0.125 + 1.125 * 0.992**k, abs=1e-13)


def test_the_forward_difference_ends_half_a_step_off():
    assert descent.approximate() == pytest.approx(-0.1255, rel=0, abs=1e-9)
    assert descent.approximate() - descent.exact() == pytest.approx(-descent.STEP / 2, abs=1e-9)


def test_the_report_ends_with_both():
    lines = list(descent.report())
    assert "-0.1246374763459712" in "\n".join(lines)
    assert lines[-1].startswith("  after  10000 updates  a = -0.1255")
