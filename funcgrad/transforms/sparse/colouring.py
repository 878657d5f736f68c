"""Colouring: columns of a sparse matrix that can share one product, because no two of them meet in a row.

Curtis, Powell and Reid, *On the Estimation of Sparse Jacobian Matrices* (1974); Gebremedhin, Manne and Pothen, *What
Color Is Your Jacobian? Graph Coloring for Computing Derivatives*, SIAM Review 47 (2005).
"""

from typing import Any

import numpy as np
from attrs import frozen
from scipy.sparse import csc_array

from funcgrad.transforms.sparse.sets import of_rows

Array = np.ndarray[Any, Any]


@frozen(eq=False)
class Colours:
    """A colour for each column."""

    #: The colours, numbered from 0.
    of: Array
    #: How many there are.
    count: int


def column_colours(sets: Any) -> Colours:
    """A colouring of the columns in which those that share a row differ: distance two in the graph of rows and columns.

    A matrix with all its elements near the diagonal gets as few colours as there can be, one for each column of its
    fullest row; others by the greedy method, the first colour that is free, in the order in which they stand and in
    that of their number of elements, whichever is better.
    """
    fewest = int(np.diff(sets.indptr).max(initial=0))
    if fewest >= sets.shape[1]:
        return Colours(np.arange(sets.shape[1]), sets.shape[1])
    if width(sets) <= max(fewest, 1):
        return Colours(np.arange(sets.shape[1]) % max(fewest, 1), max(fewest, 1))
    by_column = csc_array(sets)
    first = greedy(by_column, np.arange(sets.shape[1]))
    if first.count == fewest:
        return first
    second = greedy(by_column, np.argsort(-np.diff(by_column.indptr), kind="stable"))
    return second if second.count < first.count else first


def width(sets: Any) -> int:
    """How far apart two columns of a row are at most, both counted."""
    low = np.full(sets.shape[0], sets.shape[1])
    high = np.full(sets.shape[0], -1)
    rows = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    np.minimum.at(low, rows, sets.indices)
    np.maximum.at(high, rows, sets.indices)
    return int((high - low + 1).max(initial=0))


def greedy(by_column: Any, order: Array) -> Colours:
    """Each column in turn gets the first colour that none of its rows has met: a bit for each colour in each row."""
    met = [0] * by_column.shape[0]
    colours = [0] * by_column.shape[1]
    starts, rows = by_column.indptr.tolist(), by_column.indices.tolist()
    for column in order.tolist():
        mine, taken = rows[starts[column] : starts[column + 1]], 0
        for row in mine:
            taken |= met[row]
        bit = ~taken & (taken + 1)
        colours[column] = bit.bit_length() - 1
        for row in mine:
            met[row] |= bit
    return Colours(np.array(colours, int), max(colours, default=-1) + 1)


def symmetric_colours(sets: Any) -> tuple[Colours, Array]:
    """A colouring of a symmetric matrix's columns, and which of them are *hubs*, read for their rows as well.

    A hub is a column of many elements, with a colour of its own: the product with it is the whole column, and, the
    matrix being symmetric, the whole row. Rows and columns of hubs left out, the others are coloured as the columns of
    any matrix: element (i, j) of two that are no hubs stands alone in row i of the product with the colour of j,
    because the other columns of that colour, none of them a hub, have no element in row i.
    Powell and Toint, *On the Estimation of Sparse Hessian Matrices*, SIAM Journal on Numerical Analysis 16 (1979).

    Without hubs there are as many colours as the fullest row has elements, or more; with the h fullest columns as hubs,
    h and as many as the fullest row of the others: the h for which that is least.
    """
    n = sets.shape[0]
    counts = np.diff(sets.indptr)
    order = np.argsort(-counts, kind="stable")
    number = int(np.argmin(np.arange(n + 1) + np.append(counts[order], 0)))
    hub = np.zeros(n, bool)
    hub[order[:number]] = True
    rows = np.repeat(np.arange(n), counts)
    inner = ~hub[rows] & ~hub[sets.indices]
    others = of_rows(np.bincount(rows[inner], minlength=n), sets.indices[inner], n)
    colours = column_colours(others)
    of = colours.of + number
    of[order[:number]] = np.arange(number)
    return Colours(of, colours.count + number if number < n else number), hub
