"""The catalogue: one record a primitive or spelling. Every law runs over every record.

Under the profiles "wide" and "deep" there are more: all special functions, and what is costly and made of operations
that have records of their own, which unit tests have always.
"""

import importlib
import os
import pkgutil

from tests.catalogue.record import Record

#: Whether this run has all records.
WIDE = os.environ.get("FUNCGRAD_PROFILE", "ci") != "ci"
COSTLY = {
    *["scipy.linalg." + name for name in ("cho_solve", "eigh generalised", "expm_frechet", "lu", "lu_solve", "polar")],
    *["scipy.linalg." + name for name in ("solve upper triangular", "solve_continuous_lyapunov", "solve_toeplitz")],
    *["scipy.linalg." + name for name in ("solve_discrete_lyapunov bilinear", "solveh_banded")],
    *["linalg." + name for name in ("cond -inf", "cond nuc", "eigh upper", "norm -1", "norm 0.5", "norm 2.5", "qr r")],
    *[
        "linalg.pinv hermitian",
        "linalg.svd hermitian",
        "linalg.svd reduced",
        "linalg.eig of pairs",
        "gradient at places",
    ],
    *["gradient by a distance", "histogram density", "histogram2d"],
    *["geomspace", "interp period", "logspace base", "nanquantile of axes", "pad median", "polyfit cov"],
}
RECORDS: list[Record] = []
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    if _module != "record":
        RECORDS += importlib.import_module(f"tests.catalogue.{_module}").RECORDS
_missing = COSTLY - {record.name for record in RECORDS}
assert not _missing, _missing
RECORDS[:] = [record for record in RECORDS if WIDE or not (record.deep or record.name in COSTLY)]

__all__ = ["RECORDS", "Record"]
