"""The layout of pictures: columns, orders, heights, and edges that pass no box."""

import time
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcgrad.show.cards import Card
from funcgrad.show.layout.ordering import crossings, layers_of, ordered
from funcgrad.show.layout.placing import placed
from funcgrad.show.layout.ranking import ranked
from funcgrad.show.picture import GAP, HEIGHT, pictured


@st.composite
def graphs(draw):
    """The parents of each vertex, all numbered before it."""
    count = draw(st.integers(1, 14))
    return [tuple(draw(st.lists(st.integers(0, v - 1), max_size=3, unique=True))) if v else () for v in range(count)]


def random_graph(count):
    rng = np.random.default_rng(0)
    return [
        tuple(rng.choice(range(max(0, v - 12), v), min(v, rng.integers(1, 3)), replace=False)) for v in range(count)
    ]


def cards_like(parents):
    return [Card(v, "operation", f"x{v}", "+", "1.0", "2.0", tuple(own), (v,)) for v, own in enumerate(parents)]


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_arguments_stand_in_columns_before(parents):
    ranks = ranked(parents)
    assert min(ranks) == 0
    assert all(ranks[p] < ranks[v] for v, own in enumerate(parents) for p in own)


def test_an_input_stands_beside_what_takes_it():
    assert ranked([(), (0,), (1,), (2,), (), (3, 4)])[4] == 3


def test_a_tree_is_drawn_without_a_crossing():
    rng = np.random.default_rng(0)
    for count in (7, 15, 31):
        tree = [() for _ in range(count // 2 + 1)]
        free = list(rng.permutation(len(tree)))
        while len(free) > 1:
            tree.append((free.pop(), free.pop()))
            free.insert(0, len(tree) - 1)
        assert crossings(ordered(layers_of(tree, ranked(tree)))) == 0


def test_an_order_that_saves_all_crossings_is_found():
    parents = [(), (), (), (), (0, 1), (2, 3), (1, 2)]
    assert crossings(ordered(layers_of(parents, ranked(parents)))) <= 1
    k = [(), (), (), (2,), (1,), (0,)]
    assert crossings(ordered(layers_of(k, ranked(k)))) == 0


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_vertices_of_a_column_keep_their_distance(parents):
    layers = ordered(layers_of(parents, ranked(parents)))
    heights = placed(layers, lambda u, v: 10.0)
    for column in layers.columns:
        assert all(heights[v] - heights[u] >= 10.0 - 1e-9 for u, v in pairwise(column))


def test_a_chain_is_a_straight_line():
    layers = ordered(layers_of([(), (0,), (1,), (2,)], [0, 1, 2, 3]))
    assert placed(layers, lambda u, v: 10.0) == [0.0] * 4


def test_an_edge_over_many_columns_is_straight_between_its_ends():
    parents = [(), (0,), (1,), (2,), (3,), (4, 0)]
    layers = ordered(layers_of(parents, ranked(parents)))
    heights = placed(layers, lambda u, v: 10.0)
    assert len({heights[v] for v in layers.path(0, 5)[1:-1]}) == 1


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_boxes_do_not_overlap_and_edges_pass_none(parents):
    check_picture(pictured(cards_like(parents)))


def check_picture(picture):
    boxes = picture.boxes
    for a, b in combinations(boxes, 2):
        if a.rank == b.rank:
            assert abs(a.y - b.y) >= HEIGHT + GAP - 1e-6
        else:
            first, second = sorted((a, b), key=lambda box: box.rank)
            assert first.x + first.width < second.x
    for wire in picture.wires:
        assert wire.points[0][0] == boxes[wire.source].x + boxes[wire.source].width
        assert wire.points[-1][0] == boxes[wire.target].x
        assert boxes[wire.target].y < wire.points[-1][1] < boxes[wire.target].y + HEIGHT
        for (left, height), (right, again) in list(pairwise(wire.points))[1::2]:  # the lines that pass a column
            assert height == again
            passed = [box for box in boxes if left <= box.x < right]
            assert all(abs(height - (box.y + HEIGHT / 2)) > HEIGHT / 2 for box in passed)


def test_five_hundred_boxes_are_laid_out_well_and_soon():
    cards = cards_like(random_graph(500))
    began = time.perf_counter()
    picture = pictured(cards)
    assert time.perf_counter() - began < 10  # a machine that is busy; tests/speed/drawing.py measures
    boxes = picture.boxes
    assert len(boxes) == 500
    columns = {}
    for box in boxes:
        columns.setdefault(box.rank, []).append(box.y)
    assert all(b - a >= HEIGHT for ys in columns.values() for a, b in pairwise(sorted(ys)))


@pytest.mark.parametrize("cards", [[], cards_like([()])])
def test_little_can_be_drawn_too(cards):
    picture = pictured(cards)
    assert len(picture.boxes) == len(cards)
    assert picture.wires == ()
