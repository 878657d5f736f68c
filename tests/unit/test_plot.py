"""Pictures: what they say is what was given, and none shows by itself."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from funcgrad import plot
from funcgrad.data.fitting import Step
from funcgrad.errors import BadArgument

STEPS = [
    Step(i, (i + 1) // 2, i % 2 == 0, 8.0 / i, None, None, {"test": i / 10, "train": 0.5} if i % 2 == 0 else {})
    for i in range(1, 7)
]


def test_losses_and_their_means_by_epoch():
    axes = plot.loss(STEPS, log=True, label="one")
    every, means = axes.lines
    assert every.get_ydata().tolist() == [8.0 / i for i in range(1, 7)]
    np.testing.assert_allclose(means.get_ydata(), [6.0, (8 / 3 + 2) / 2, (8 / 5 + 8 / 6) / 2])
    assert means.get_xdata().tolist() == [2, 4, 6]
    assert axes.get_yscale() == "log"
    assert plot.loss([3.0, 1.0], label="two", ax=axes) is axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]
    assert len({line.get_color() for line in axes.lines}) == 2


def test_metrics_by_epoch():
    axes = plot.accuracy(STEPS)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["test", "train"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.2, 0.4, 0.6])
    assert axes.lines[0].get_xdata().tolist() == [1, 2, 3]
    alone = plot.accuracy(STEPS, "train")
    assert (alone.get_ylabel(), alone.get_legend()) == ("train", None)
    assert alone.yaxis.get_major_formatter()(0.5).endswith("%")


POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
MODELS = {
    "score": lambda x: x[:, 0] + x[:, 1] - 1.0,
    "scores": lambda x: np.stack([1 - x[:, 0], x[:, 0], x[:, 1]], axis=1),
    "classes": lambda x: (x[:, 0] > 0.5).astype(int) + 2 * (x[:, 1] > 0.5),
    "one class": lambda x: np.zeros(len(x), int),
}


@pytest.mark.parametrize("model", MODELS)
def test_a_plane_has_the_points_and_the_model(model):
    axes = plot.decision_boundary(MODELS[model], POINTS, [0, 1, 1, 0], resolution=20)
    assert axes.collections[-1].get_offsets().tolist() == POINTS.tolist()
    colours = axes.collections[-1].get_facecolors()
    assert (colours[0] == colours[3]).all()
    assert (colours[0] != colours[1]).any()


def test_the_line_of_a_score_is_where_it_is_zero():
    axes = plot.decision_boundary(MODELS["score"], POINTS, resolution=20)
    line = axes.collections[1].get_paths()[0].vertices
    np.testing.assert_allclose(line.sum(axis=1), 1.0, atol=1e-12)


def test_norms_are_those_of_layers():
    gradient = [{"w": np.array([3.0, 4.0]), "b": 12.0}, {"w": np.ones(4), "b": 0.0}]
    assert [bar.get_width() for bar in plot.gradient_norms(gradient).patches] == [13.0, 2.0]
    names = [name.get_text() for name in plot.gradient_norms(gradient, depth=9).get_yticklabels()]
    assert names == ["0.b", "0.w", "1.b", "1.w"]
    lines = plot.gradient_norms([gradient, gradient], over_steps=True)
    assert [line.get_ydata().tolist() for line in lines.lines] == [[13.0, 13.0], [2.0, 2.0]]


def test_patterns_are_those_of_arrays_and_of_sparse_matrices():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = np.eye(4) - np.eye(4, k=2)
    for given in (matrix, matrix != 0, sparse.csr_array(matrix)):
        axes = plot.sparsity(given)
        assert axes.get_title() == "4 × 4, 6 of 16 not zero"
        assert sorted(axes.collections[0].get_offsets()[:, ::-1].tolist()) == np.argwhere(matrix).tolist()


def test_pictures_are_drawn_where_one_says():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot.sparsity(np.eye(2), ax=left) is left
    assert plot.decision_boundary(MODELS["score"], POINTS, ax=right) is right
    assert (left.figure, right.figure) == (figure, figure)


def test_all_of_it_can_be_drawn_and_nothing_shows_by_itself(tmp_path):
    figure = Figure(figsize=(6, 4))
    one, two, three, four, five, six = figure.subplots(2, 3).ravel()
    plot.loss(STEPS, log=True, label="a", ax=one)
    plot.accuracy(STEPS, ax=two)
    plot.decision_boundary(MODELS["score"], POINTS, [0, 1, 1, 0], resolution=10, ax=three)
    plot.decision_boundary(MODELS["scores"], POINTS, [0, 1, 1, 0], resolution=10, ax=four)
    plot.gradient_norms({"w": 1.0, "b": 2.0}, ax=five)
    plot.sparsity(np.eye(3), ax=six)
    figure.savefig(tmp_path / "all.png", dpi=30)
    assert (tmp_path / "all.png").stat().st_size > 2000
    assert plot.loss([1.0]).figure.canvas.manager is None
    assert "pyplot" not in Path(plot.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "sentences"),
    [
        (lambda: plot.accuracy(STEPS[:1]), ["no metrics at the ends of 0 epochs", "Pass evaluate="]),
        (
            lambda: plot.decision_boundary(MODELS["score"], np.ones((3, 4))),
            ["points of shape (3, 4)", "draws a plane", "two features"],
        ),
        (lambda: plot.decision_boundary(MODELS["score"], np.ones((0, 2))), ["no points", "of shape (n, 2)"]),
        (lambda: plot.accuracy(STEPS, "nothing"), ["asked for 'nothing', which no step has", "There are "]),
        (lambda: plot.gradient_norms({}), ["no gradient", "as grad returns it"]),
        (lambda: plot.sparsity(np.ones(3)), ["an array of shape (3,)", "draws a matrix", "two axes"]),
    ],
)
def test_refusals_say_what_happened_and_what_to_write(call, sentences):
    with pytest.raises(BadArgument) as caught:
        call()
    for sentence in sentences:
        assert sentence in str(caught.value)


@pytest.mark.filterwarnings("error")
def test_a_training_that_went_astray_can_be_looked_at():
    lost = [Step(1, 1, True, np.nan, None, None, {"test": np.nan})]
    nothing = {"first": np.zeros(2), "second": np.full(2, np.nan)}
    drawn = [
        plot.loss(lost),
        plot.accuracy(lost),
        plot.gradient_norms(nothing),
        plot.gradient_norms([nothing], over_steps=True),
        plot.decision_boundary(lambda x: x[:, 0] * np.nan, np.eye(2), resolution=5),
        plot.decision_boundary(lambda x: np.where(x[:, 0] > 0.5, np.inf, x[:, 1]), np.eye(2), resolution=5),
    ]
    for axes in drawn:
        axes.figure.draw_without_rendering()
