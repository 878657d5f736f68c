"""Formulas and steps: functions, and the rules of their derivatives, as they are written."""

import re

import numpy as np
import pytest

from funcgrad import grad
from funcgrad.errors import BadArgument, UnknownValue
from funcgrad.scipy import special
from funcgrad.show import latex, steps

V = np.array([0.5, -1.0, 2.0])
A = np.array([[2.0, 1.0, 0.0], [0.5, 3.0, 1.0], [0.0, 1.0, 4.0]])
NUMBERS = (2.0, 0.0, -3.0, 1.0, 6.8813735870195432)


def neuron(x1, x2, w1, w2, b):
    x1w1 = x1 * w1
    x2w2 = x2 * w2
    n = x1w1 + x2w2 + b
    o = np.tanh(n)
    return o  # noqa: RET504  # names are tested


# ---- formulas --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "formula"),
    [
        (lambda x: x**2 / (1 + x), r"\frac{x^{2}}{1 + x}"),
        (lambda x: (x + 1) * (x - 1), r"\left(x + 1\right) \, \left(x - 1\right)"),
        (lambda x: -x / 2, r"-\frac{x}{2}"),
        (lambda x: 1 - (x - 2), r"1 - \left(x - 2\right)"),
        (lambda x: 1 - (x + 2), r"1 - \left(x + 2\right)"),
        (lambda x: 1 + -x, r"1 - x"),
        (lambda x: 3 * x, r"3 x"),
        (lambda x: x * 3, r"x \cdot 3"),
        (lambda x: x * -3.0, r"x \, \left(-3\right)"),
        (lambda x: (2 * x) ** 3, r"\left(2 x\right)^{3}"),
        (lambda x: x**0.5 + np.sqrt(x) + np.cbrt(x), r"\sqrt{x} + \sqrt{x} + \sqrt[3]{x}"),
        (lambda x: x**-1 + x**-2, r"\frac{1}{x} + \frac{1}{x^{2}}"),
        (lambda x: 2**x, r"2^{x}"),
        (lambda x: np.exp(-x), r"\mathrm{e}^{-x}"),
        (lambda x: np.log(np.abs(x)), r"\ln\left(\left| x \right|\right)"),
        (lambda x: np.maximum(x, 0), r"\max\left(x, 0\right)"),
        (lambda x: np.sinc(x) if False else np.log1p(x), r"\ln\left(1 + x\right)"),
        (lambda x: np.where(x > 0, x, 0), r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
        (lambda x: x * np.pi, r"x \, \pi"),
        (lambda x: x * 1e-5, r"x \cdot 1 \times 10^{-5}"),
        (
            lambda x: np.floor(x) + np.arctan2(x, 1),
            r"\left\lfloor x \right\rfloor + \operatorname{arctan2}\left(x, 1\right)",
        ),
        (lambda x: x * x, r"x^{2}"),
    ],
)
def test_formulas(f, formula):
    assert str(latex(f)) == rf"f\left(x\right) = {formula}"


def test_names_in_formulas():
    def loss(alpha, w1, width, p):
        return alpha * w1 + width * p["w_in"][0]

    text = str(latex(loss)(1.0, 2.0, 3.0, {"w_in": [4.0]}))
    assert text == (
        r"\mathrm{loss}\left(\alpha, w_{1}, \mathrm{width}, p_{\mathrm{w\_in},0}\right) = "
        r"\alpha \, w_{1} + \mathrm{width} \, p_{\mathrm{w\_in},0}"
    )


def test_arrays_in_formulas():
    text = str(latex(lambda x: np.sum((A @ x)[1:] - x[0]))(V))
    assert (
        text
        == r"f\left(x\right) = \operatorname{sum}\left(\left(C_{1} \, x\right)_{\mathtt{1:}} - x_{\mathtt{0}}\right)"
    )


def test_what_is_used_twice_has_a_line_of_its_own():
    def f(x):
        e = np.exp(x)
        return (e - 1) / (e + 1)

    assert str(latex(f)(1.0)) == (
        r"\begin{aligned} f\left(x\right) &= \frac{e - 1}{e + 1} \\ e &= \mathrm{e}^{x} \end{aligned}"
    )


def test_a_formula_grows_as_its_function_does():
    def f(x):
        for _ in range(200):
            x = x * x + x
        return x

    assert len(str(latex(f))) < 20_000


def test_formulas_say_which_product_and_which_part():
    W, x, y, z = np.ones((2, 2)), np.ones(2), np.ones(2), 1.0 + 2.0j
    body = [
        str(latex(f)(*args)).partition(" = ")[2]
        for f, args in (
            (lambda W, x, y: W @ (x * y), (W, x, y)),
            (lambda W, x, y: (W @ x) * y, (W, x, y)),
            (lambda x: x @ x, (x,)),
            (lambda z: np.real(z) * np.imag(z), (z,)),
            (lambda z: z * (1 + 2j), (z,)),
            (lambda x: x.at[0].set(3.0), (x,)),
            (lambda x: (x + 1) % (x - 1) + x // 2, (5.0,)),
            (grad(lambda x: x * np.sin(x)), (1.0,)),
            (lambda x: special.erf(x), (1.0,)),
        )
    ]
    assert body == [
        r"W \, \left(x \, y\right)",
        r"\left(W \, x\right) \, y",
        r"x \, x",
        r"\operatorname{Re}\left(z\right) \, \operatorname{Im}\left(z\right)",
        r"z \, \left(1+2\mathrm{i}\right)",
        r"\operatorname{set}_{\mathtt{0}}\left(x, 3\right)",
        r"\left(\left(x + 1\right) \bmod \left(x - 1\right)\right) + \left\lfloor \frac{x}{2} \right\rfloor",
        r"\sin\left(x\right) + x \, \cos\left(x\right)",
        r"\operatorname{erf}\left(x\right)",
    ]


def test_a_formula_that_fails_for_numbers_asks_for_arguments():
    with pytest.raises(BadArgument, match=r"numbers, and it failed: .* Give some: latex\(f\)\(np.ones"):
        str(latex(lambda W, x: W @ x))


def test_a_formula_of_a_branch_needs_arguments():
    def f(x):
        return x if x > 0 else -x

    with pytest.raises(UnknownValue, match=r"Give arguments that lead to the branch you mean: latex\(f\)\(2.0\)"):
        str(latex(f))
    assert str(latex(f)(-1.0)).endswith("= -x")
    assert latex(f)(-1.0)._repr_latex_().startswith("$")


def test_a_formula_needs_something_to_be_of():
    with pytest.raises(BadArgument, match="takes no arguments that must be given"):
        str(latex(lambda: 1.0))


# ---- steps --------------------------------------------------------------------------------
def test_both_sweeps_of_the_neuron():
    shown = steps(neuron)(*NUMBERS)
    assert [line.split("   ")[0].strip() for line in shown.forward][5:] == [
        "x1w1 = x1 × w1 = -6",
        "x2w2 = x2 × w2 = 0",
        "v1",
        "n",
        "o",
    ]
    words = [re.split(r"\s{2,}", line.strip()) for line in shown.backward]
    assert words[0] == ["o", "∂o/∂o = 1", "sum 1"]
    assert words[1] == ["n", "from o", "∂o/∂n = 1 - o^2 = 0.5", "1 × 0.5 = 0.5", "sum 0.5"]
    assert words[-2:] == [
        ["x1", "from x1w1", "∂x1w1/∂x1 = w1 = -3", "0.5 × -3 = -1.5", "sum -1.5"],
        ["w1", "from x1w1", "∂x1w1/∂w1 = x1 = 2", "0.5 × 2 = 1", "sum 1"],
    ]
    assert repr(shown) == str(shown) == shown.text


@pytest.mark.parametrize(
    ("f", "formulas"),
    [
        (lambda x, y: x / y, ["1 / y", "-v1 / y"]),
        (lambda x, y: x**y, ["y × x^(y - 1)", "v1 × log(x)"]),
        (lambda x, y: np.maximum(x, y) + x**3, ["3 × x^2"]),
        (lambda x, y: np.sin(x) * y, ["cos(x)"]),
    ],
)
def test_local_derivatives_as_formulas(f, formulas):
    text = steps(f)(2.0, 3.0).text
    assert [formula for formula in formulas if f" = {formula} = " not in text] == []


def test_whole_numbers_among_the_arguments_of_an_operation():
    assert "∂v1/∂x = ldexp(1, 3) = 8" in steps(lambda x: np.ldexp(x, 3))(2.0).text
    assert r"\mathrm{True}" in str(latex(lambda x: np.where(True, x, 0.0))(2.0))


def test_fan_out_adds_up():
    lines = steps(lambda x: x * x + x)(3.0).backward
    assert [line.split()[-1] for line in lines if line.split()[0] == "x"] == ["1", "4", "7"]
