"""What drawings and steps call values: by the user's variables, arguments and lines, and by no others."""

from functools import partial

import numpy as np
import pytest

from funcgrad import jit, nn
from funcgrad.errors import BadArgument
from funcgrad.show import draw, latex, steps

V = np.array([0.5, -1.0, 2.0])


def test_names_of_arguments_that_no_code_object_has():
    class Layer:
        def __call__(self, x, *weights):
            return x * weights[0] * weights[1]

    def scaled(x, scale):
        return x * scale

    shown = [draw(Layer())(1.0, 2.0, 3.0), draw(partial(scaled, scale=2.0))(1.0), draw(jit(Layer()))(1.0, 2.0, 3.0)]
    named = [(one.sheets[0].function, [value.name for value in one.sheets[0].inputs]) for one in shown]
    assert named[0] == named[2] == ("Layer", ["x", "weights[0]", "weights[1]"])
    assert named[1] == ("scaled", ["x"])


def test_the_line_that_asks_for_a_drawing_is_not_drawn():
    drawing = draw(np.sin)(1.0)
    (made,) = [value for value in drawing.sheets[0].values if value.op]
    assert not made.named
    assert made.place is None
    assert "line" not in draw(nn.softmax, most=4)(V).text


def test_answers_of_a_gradient_are_named():
    def product(x, y):
        b = np.sin(x)
        return b * y

    backwards = draw(product, backward=True)(1.0, 2.0).text.partition("∇")[2]
    assert "∂y = b sin" in backwards
    assert "∂x ×" in backwards
    assert "∂x = y" in draw(lambda x, y: x * y, backward=True)(2.0, 3.0).text
    assert "∂x  2" in draw(lambda x: 2 * x, backward=True)(1.0).text


def test_the_shape_of_a_vector_is_no_number():
    assert "5 numbers" in draw(np.sin)(np.ones(5)).text
    assert "= 5 numbers" in steps(np.sin)(np.ones(5)).text


def test_the_steps_of_an_answer_that_is_given():
    assert "∂x/∂x = 1" in steps(lambda x: x)(3.0).text
    assert "no gradient: the answer depends on no argument" in steps(lambda x: 3.0)(1.0).text
    assert "real(val)" in steps(np.real)(1 + 2j).text


def test_wide_letters_have_the_room_that_they_take():
    def 函数(变量):
        return 变量 * 2

    drawing = draw(函数)(3.0)
    assert drawing.text == "· × 2    6  1\n└─ 变量  3  2"
    given, _ = drawing.panels[0].picture.boxes
    assert given.cells[0] == draw(lambda four: four * 2)(3.0).panels[0].picture.boxes[0].cells[0]


@pytest.mark.parametrize("tool", [draw, latex, steps])
def test_what_is_no_function_is_refused(tool):
    with pytest.raises(BadArgument, match=r"was given float, which is no function\. .* \w+\(f\)\(2.0, 3.0\)\."):
        tool(3.0)


def test_the_last_step_of_a_call_has_the_variable_and_each_turn_of_a_loop():
    def f(x):
        normal = nn.gelu(x)
        for _ in range(3):
            turned = np.sin(normal)
            normal = turned
        return np.sum(normal)

    values = draw(f)(V).sheets[0].values
    named = [value.name.partition("_")[0] for value in values if value.op and value.named]
    assert named == ["normal", "turned", "turned", "turned"]


def test_variables_of_every_kind_of_assignment():
    def f(x):
        first = second = x * 2
        third = first * 3 if x > 0 else first
        (fourth := third + second)
        seen = fourth * 2
        return (lambda: seen)()

    named = [value.name for value in draw(f)(1.0).sheets[0].values if value.named]
    assert named == ["x", "first", "third", "fourth", "seen"]
