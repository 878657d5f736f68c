"""About how long a graph takes, for the law that an identity makes none slower."""

import numpy as np

from funcgrad.graph.types import type_of
from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.shaping import Concatenate, Reshape, Transpose
from funcgrad.primitives.solving import Cholesky, Solve, TriangularInverse

VIEWS = (Reshape, Transpose, Index, Diagonal)


def work(graph):
    """About how many nanoseconds a graph takes: by call, and by element."""
    kinds = [*graph.inputs, *[type_of(one.value) for one in graph.constants], *[step.type for step in graph.steps]]
    total = 0.0
    for step in graph.steps:
        sizes = [kinds[i].size for i in step.args if kinds[i].shape]
        size = max([step.type.size, *sizes])
        if isinstance(step.op, Banded):
            total += 1000 + step.type.size / 4 + 500 * len(step.args)
        elif isinstance(step.op, Solve | Cholesky | TriangularInverse):
            n = kinds[step.args[0]].shape[0]
            total += 5000 + n**3 * (1.0 if isinstance(step.op, Solve) else 0.3)
        elif isinstance(step.op, VIEWS):
            total += 150
        elif isinstance(step.op, MatMul):
            x, y = [kinds[i].shape for i in step.args]
            total += 900 + size * x[-1] + 250 * int(np.prod(x[:-2]) + np.prod(y[:-2]) - 2)
        elif isinstance(step.op, Sum | Scatter | Concatenate):
            total += 1500 + size * (4 if kinds[step.args[0]].dtype.kind == "b" else 1)
        elif size > 1 << 14 and step.type.shape[-1] <= 8 and any([kinds[i].shape[-1:] == (1,) for i in step.args]):
            total += 350 + 4 * size  # NumPy's loops are no longer than the last axis
        else:
            slow = {"power": 100, "PowerBy": 100, "logaddexp": 20, "divide": 4}.get(step.op.name, 1)
            total += 350 + size * slow + 500 * (slow == 100)
    return total
