"""The kin of a name, for refusals to offer. The module loads with the first of those, as `difflib` takes long."""

from difflib import get_close_matches

from funcgrad.graph.dispatch import FUNCTIONS, UFUNCS, complete


def nearest(name: str) -> list[str]:
    """The supported names of NumPy's that are most like `name`; at most two."""
    complete()
    known = {getattr(function, "__name__", "") for function in (*FUNCTIONS, *UFUNCS) if callable(function)}
    return get_close_matches(name, known, 2, 0.6)
