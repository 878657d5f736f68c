"""Sparse derivatives (the extra [scipy]): patterns read off the graph, and matrices of a few products."""

from funcgrad.errors import MissingExtra

try:
    import scipy  # noqa: F401  # REASON: only whether it is there
except ImportError as error:
    raise MissingExtra(
        "Sparse matrices of derivatives need SciPy. Install it: pip install 'funcgrad[scipy]'."
    ) from error
