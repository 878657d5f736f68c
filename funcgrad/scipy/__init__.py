"""SciPy's names (the extra [scipy]): `special`, `linalg`, `stats`, `signal` and `sparse`, as in SciPy.

SciPy's ufuncs, `scipy.special.erf` and its like, dispatch by themselves: call them on traced values as they are. What
SciPy does not dispatch stands in the modules here under SciPy's own names and signatures.
"""

from funcgrad.errors import MissingExtra

try:
    import scipy  # noqa: F401  # REASON: only whether it is there
except ImportError as error:
    raise MissingExtra("funcgrad.scipy needs SciPy. Install it: pip install 'funcgrad[scipy]'.") from error
