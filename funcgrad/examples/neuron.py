"""One neuron, o = tanh(x₁w₁ + x₂w₂ + b), and the derivative of its answer by each of its numbers.

They are ordinary Python numbers, and mix with others on either side of an operator.
"""

import sys
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from funcgrad import jit, value_and_grad
from funcgrad.examples.running import main

#: The numbers of the neuron, by name. With this bias, tanh has its value 1/√2 and its slope 1/2.
NUMBERS = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}

#: The numbers of a neuron of three inputs: weights, inputs, bias.
THREE = {"w1": 0.5, "I1": 2.0, "w2": -1.0, "I2": 3.0, "w3": 1.5, "I3": 4.0, "b1": 1.0}


def three_inputs(w1: Any, I1: Any, w2: Any, I2: Any, w3: Any, I3: Any, b1: Any) -> Any:
    """A neuron before its activation, w₁I₁ + w₂I₂ + w₃I₃ + b₁.

    >>> three_inputs(**THREE)
    5.0
    """
    return w1 * I1 + w2 * I2 + w3 * I3 + b1


def tanh_by_exp(n: Any) -> Any:
    """The same function: tanh n = (e - 1) / (e + 1) with e = exp 2n."""
    e = np.exp(2 * n)
    return (e - 1) / (e + 1)


def neuron(numbers: dict[str, Any], tanh: Callable[[Any], Any] = np.tanh) -> Any:
    """The answer o = tanh(x₁w₁ + x₂w₂ + b)."""
    p = numbers
    return tanh(p["x1"] * p["w1"] + p["x2"] * p["w2"] + p["b"])


#: The answer and its slopes as one program, for each tanh.
both = jit(value_and_grad(neuron), static_argnums=1)


def gradients(tanh: Callable[[Any], Any] = np.tanh) -> tuple[Any, dict[str, Any]]:
    """The answer o, and ∂o/∂n for each number n.

    >>> o, slopes = gradients()
    >>> round(o, 12), {name: round(slope, 12) for name, slope in slopes.items()}
    (0.707106781187, {'x1': -1.5, 'x2': 0.5, 'w1': 1.0, 'w2': 0.0, 'b': 0.5})
    """
    answer, slopes = both(NUMBERS, tanh)
    return float(answer), slopes


def report() -> Generator[str, None, dict[str, Any]]:
    """The answer and its slopes, with tanh by two formulas."""
    for name, tanh in (("np.tanh", np.tanh), ("(e - 1) / (e + 1)", tanh_by_exp)):
        answer, slopes = gradients(tanh)
        yield f"with tanh as {name}: o = {answer!r}"
        for number, slope in slopes.items():
            yield f"  {number:2} = {NUMBERS[number]:18}   ∂o/∂{number} = {slope:.15g}"
    return slopes


def picture(figure: Any, slopes: dict[str, Any]) -> None:
    """The answer as each number moves, and the line with the slope that the gradient says."""
    answer = neuron(NUMBERS)
    for axes, (name, slope) in zip(figure.subplots(1, 5, sharey=True), slopes.items(), strict=True):
        moved = NUMBERS[name] + np.linspace(-1.0, 1.0, 81)
        axes.plot(moved, [neuron(NUMBERS | {name: value}) for value in moved], "C0")
        axes.plot(moved, answer + slope * (moved - NUMBERS[name]), "C1--", linewidth=1)
        axes.plot(NUMBERS[name], answer, "C1o")
        axes.set(xlabel=name, title=f"∂o/∂{name} = {slope:.3g}", ylim=(-1.1, 1.1))


if __name__ == "__main__":
    sys.exit(main(["neuron", *sys.argv[1:]]))
