"""SciPy's optimisers and root finders (the extra [scipy]) on trees of parameters, with derivatives supplied by us.

`minimize`, `least_squares`, `root` and `root_scalar` have SciPy's signatures, without the derivatives that SciPy asks
for. Their answers are differentiable with respect to `args`, and to what the function closes over, by the implicit
function theorem: with F(x*, θ) = 0 at the answer, dx*/dθ = -(∂F/∂x)⁻¹ ∂F/∂θ.
"""

from funcgrad.errors import MissingExtra

try:
    import scipy.optimize  # noqa: F401  # REASON: only whether it is there
except ImportError as error:
    raise MissingExtra("funcgrad.optimize needs SciPy. Install it: pip install 'funcgrad[scipy]'.") from error

from funcgrad.optimize.fitting import least_squares
from funcgrad.optimize.minimizing import minimize
from funcgrad.optimize.results import Fit, Minimum, Root, ScalarRoot
from funcgrad.optimize.rooting import root, root_scalar

__all__ = ["Fit", "Minimum", "Root", "ScalarRoot", "least_squares", "minimize", "root", "root_scalar"]
