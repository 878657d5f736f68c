"""Probes: for every public name that takes numbers, a line or several of plain NumPy that use it.

In them x, y, u, v (vectors), A, B, S (matrices) and t (a number) are traced; everything else is constant.
"""

import numpy as np

import funcgrad.numpy as fnp

#: What is traced: points in the interior of the domains of most functions, and without repeated values.
TRACED = {
    "x": np.array([0.31, 0.74, 0.46, 0.92]),
    "y": np.array([0.83, 0.22, 0.61, 0.37]),
    "v": np.array([0.52, 0.19, 0.88]),
    "u": np.array([0.43, 0.95, 0.27]),
    "t": np.float64(0.4),
    "A": np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.5, 0.15, 1.8]]),
    "B": np.array([[1.1, 0.7, 0.3], [0.6, 1.9, 0.8], [0.9, 0.25, 1.2]]),
    "S": np.array([[2.0, 0.4, 0.3], [0.4, 1.7, 0.6], [0.3, 0.6, 2.3]]),
}
#: What is not.
CONSTANT = {
    "k": np.array([2, 0, 1, 1]),
    "m": np.array([True, False, True, True]),
    "g": np.array([0.0, 0.35, 0.7, 1.0]),
    "n": np.array([3, 5, 6, 1]),
}

#: Names whose use is the name with one vector, two vectors, one matrix, two matrices.
ONE = """
abs absolute acos acosh all amax amin any arccos arccosh arcsin arcsinh arctan arctanh argmax argmin argpartition
argsort argwhere around asin asinh atan atanh array_str array_repr array2string atleast_1d atleast_2d atleast_3d average
bincount cbrt ceil conj conjugate copy cos cosh count_nonzero cumprod cumsum cumulative_prod cumulative_sum deg2rad
degrees diag diagflat diff ediff1d exp exp2 expm1 fabs fix flatnonzero flip floor frexp i0 iscomplex iscomplexobj
isfinite isinf isnan isneginf isposinf isreal isrealobj log log10 log1p log2 logical_not max mean median min
min_scalar_type modf nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanprod nanstd
nansum nanvar ndim negative nonzero ones_like poly polyder polyint positive prod ptp rad2deg radians ravel real
real_if_close reciprocal rint roots round shape sign signbit sin sinc sinh size sort sort_complex spacing sqrt square
squeeze std sum tan tanh transpose trapezoid trim_zeros trunc unique unique_all unique_counts unique_inverse
unwrap vander var zeros_like common_type result_type vstack hstack dstack column_stack
"""
TWO = """
add allclose append arctan2 atan2 array_equal array_equiv convolve copysign correlate corrcoef cov divide divmod dot
equal float_power floor_divide fmax fmin fmod greater greater_equal heaviside hypot inner isclose isin
kron less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply nextafter
not_equal outer polyadd polydiv polymul polysub polyval pow power remainder searchsorted setdiff1d setxor1d subtract
true_divide union1d vdot vecdot may_share_memory shares_memory meshgrid broadcast_arrays
"""
MATRIX = """
fliplr flipud matrix_transpose rot90 trace tril triu diagonal unstack gradient diag_indices_from tril_indices_from
triu_indices_from
"""
MATRICES = "matmul tensordot"

#: All others, name by name.
NUMPY = {
    "acosh": ["np.acosh(1 + x)"],
    "arccosh": ["np.arccosh(1 + x)"],
    "all": ["np.all(x > 0.5)"],
    "any": ["np.any(x > 0.5)"],
    "amax": ["np.amax(x)", "np.amax(A, axis=0)"],
    "max": ["np.max(x)", "np.max(A, 0, keepdims=True, initial=0.0)"],
    "apply_along_axis": ["np.apply_along_axis(lambda r: r * r[0], 0, A)"],
    "apply_over_axes": ["np.apply_over_axes(np.sum, A, [0])"],
    "argpartition": ["np.argpartition(x, 1)"],
    "array_split": ["np.array_split(x, 3)"],
    "split": ["np.split(x, 2)"],
    "hsplit": ["np.hsplit(A, [1])"],
    "vsplit": ["np.vsplit(A, [1])"],
    "dsplit": ["np.dsplit(A[None], [1])"],
    "astype": ["np.astype(x, np.complex128)"],
    "average": ["np.average(x, weights=y)", "np.average(A, axis=0)"],
    "bincount": ["np.bincount(k, x)"],
    "bitwise_and": ["np.bitwise_and(x > 0.5, y > 0.5)"],
    "bitwise_or": ["np.bitwise_or(x > 0.5, y > 0.5)"],
    "bitwise_xor": ["np.bitwise_xor(x > 0.5, y > 0.5)"],
    "bitwise_not": ["np.bitwise_not(x > 0.5)"],
    "bitwise_invert": ["np.bitwise_invert(x > 0.5)"],
    "invert": ["np.invert(x > 0.5)"],
    "bitwise_count": ["np.bitwise_count(np.argsort(x))"],
    "bitwise_left_shift": ["np.bitwise_left_shift(np.argsort(x), 1)"],
    "bitwise_right_shift": ["np.bitwise_right_shift(np.argsort(x), 1)"],
    "left_shift": ["np.left_shift(np.argsort(x), 1)"],
    "right_shift": ["np.right_shift(np.argsort(x), 1)"],
    "block": ["np.block([[A, B], [B, A]])"],
    "bmat": ["np.bmat([[A, B]])"],
    "broadcast_to": ["np.broadcast_to(x, (3, 4))"],
    "can_cast": ["np.can_cast(x, np.float32)"],
    "choose": ["np.choose([0, 1, 0, 1], (x, y))"],
    "clip": ["np.clip(x, 0.4, 0.8)", "np.clip(0.5, t, 1.0) * t"],
    "compress": ["np.compress(m, x)"],
    "concat": ["np.concat([x, y])"],
    "concatenate": ["np.concatenate([A, B], 1)"],
    "copysign": ["np.copysign(x, y - 0.5)"],
    "copyto": ["np.copyto(np.zeros(4), x)"],
    "cov": ["np.cov(x, y)", "np.cov(A, ddof=0)"],
    "corrcoef": ["np.corrcoef(A)"],
    "cross": ["np.cross(u, v)"],
    "delete": ["np.delete(x, 1)"],
    "diag": ["np.diag(x)", "np.diag(A, 1)"],
    "digitize": ["np.digitize(x, g)"],
    "einsum": ["np.einsum('ij,jk->ik', A, B)", "np.einsum('ii', A)", "np.einsum('ij,j,i', A, u, v, optimize=True)"],
    "einsum_path": ["np.einsum_path('ij,jk', A, B)[1]"],
    "expand_dims": ["np.expand_dims(x, 0)"],
    "extract": ["np.extract(m, x)"],
    "fill_diagonal": ["np.fill_diagonal(A, 0.0)"],
    "full_like": ["np.full_like(x, 2.0)"],
    "gcd": ["np.gcd(n, np.argsort(x))"],
    "lcm": ["np.lcm(n, np.argsort(x))"],
    "geomspace": ["np.geomspace(t, 2.0, 4)"],
    "linspace": ["np.linspace(t, 2.0, 4)"],
    "logspace": ["np.logspace(t, 2.0, 4)"],
    "gradient": ["np.gradient(x, 0.5)", "np.gradient(A)"],
    "histogram": ["np.histogram(g, weights=x)[0]"],
    "histogram2d": ["np.histogram2d(g, g, weights=x)[0]"],
    "histogramdd": ["np.histogramdd([g, g], weights=x)[0]"],
    "insert": ["np.insert(x, 1, t)"],
    "intersect1d": ["np.intersect1d(x, np.append(x[:2], 0.1))"],
    "imag": ["np.imag((1 + 2j) * x)"],
    "angle": ["np.angle(x + 1j * y)"],
    "interp": ["np.interp(x, g, y)", "np.interp(0.5, np.sort(x), y)"],
    "ix_": ["np.ix_(x)"],
    "ldexp": ["np.ldexp(x, k)"],
    "lexsort": ["np.lexsort((x, y))"],
    "matvec": ["np.matvec(A, v)"],
    "vecmat": ["np.vecmat(v, A)"],
    "mean": ["np.mean(x)", "np.mean(A, axis=1, keepdims=True)"],
    "moveaxis": ["np.moveaxis(A, 0, 1)"],
    "nanquantile": ["np.nanquantile(x, t)"],
    "nanpercentile": ["np.nanpercentile(x, 30 * t)"],
    "quantile": ["np.quantile(x, t)"],
    "percentile": ["np.percentile(x, 30 * t)"],
    "packbits": ["np.packbits(x > 0.5)"],
    "pad": [
        "np.pad(x, 2, mode='reflect')",
        "np.pad(x, 1)",
        "np.pad(A, 1, mode='mean')",
        "np.pad(x, 3, mode='linear_ramp')",
    ],
    "partition": ["np.partition(x, 1)"],
    "permute_dims": ["np.permute_dims(A, (1, 0))"],
    "piecewise": ["np.piecewise(x, [x < 0.5, x >= 0.5], [lambda r: r**2, lambda r: 2 * r])"],
    "place": ["np.place(x, m, [1.0])"],
    "put": ["np.put(x, [0], 1.0)"],
    "putmask": ["np.putmask(x, m, 1.0)"],
    "put_along_axis": ["np.put_along_axis(x, k, 1.0, 0)"],
    "polyfit": ["np.polyfit(x, y, 2)"],
    "ravel_multi_index": ["np.ravel_multi_index((np.argsort(x),), (4,))"],
    "repeat": ["np.repeat(x, k)"],
    "reshape": ["np.reshape(x, (2, 2))"],
    "resize": ["np.resize(x, (2, 3))"],
    "roll": ["np.roll(x, 1)"],
    "rollaxis": ["np.rollaxis(A, 1)"],
    "roots": ["np.abs(np.roots(x))"],
    "save": ["np.save(DEVNULL, x)"],
    "savetxt": ["np.savetxt(DEVNULL, x)"],
    "savez": ["np.savez(DEVNULL, x)"],
    "savez_compressed": ["np.savez_compressed(DEVNULL, x)"],
    "searchsorted": ["np.searchsorted(np.sort(x), y)"],
    "select": ["np.select([x < 0.5, x < 0.8], [x, y], 0.0)"],
    "sort": ["np.sort(x)", "np.sort(A, axis=0, kind='stable')"],
    "stack": ["np.stack([x, y])"],
    "sum": ["np.sum(x)", "np.sum(A, axis=(0, 1), where=A > 0.25, initial=2.0)"],
    "swapaxes": ["np.swapaxes(A, 0, 1)"],
    "take": ["np.take(x, k)"],
    "take_along_axis": ["np.take_along_axis(x, k, 0)"],
    "tile": ["np.tile(x, (2, 2))"],
    "trapezoid": ["np.trapezoid(x, y)"],
    "unpackbits": ["np.unpackbits(np.packbits(x > 0.5))"],
    "unique_values": ["np.sort(np.unique_values(x))"],
    "empty_like": ["np.empty_like(x).shape"],
    "histogram_bin_edges": ["np.histogram_bin_edges(x, 3)"],
    "unravel_index": ["np.unravel_index(np.argsort(x), (2, 2))"],
    "where": ["np.where(m, x, y)", "np.where(x > 0.5)"],
    "row_stack": ["np.row_stack((x, y))"],
    "c_": ["np.c_[x, y]"],
    "r_": ["np.r_[x, y]"],
    "vectorize": ["np.vectorize(lambda r: r * r)(x)"],
    "arange": ["np.arange(0.0, 3 * t)"],
    "array": ["np.array(x)", "np.array([t, 1.0])"],
    "full": ["np.full(3, t)"],
    "asarray_chkfinite": ["np.asarray_chkfinite(x)"],
    "asarray": ["np.asarray(x)"],
    "asanyarray": ["np.asanyarray(x)"],
    "require": ["np.require(x)"],
    "ascontiguousarray": ["np.ascontiguousarray(x)"],
    "asfortranarray": ["np.asfortranarray(x)"],
    "asmatrix": ["np.asmatrix(A)"],
    "fromiter": ["np.fromiter(x, float)"],
    "isnat": ["np.isnat(x)"],
    "kaiser": ["np.kaiser(4, 3 * t)"],
    "array_str": ["np.array_str(x)"],
    "fromfunction": ["np.fromfunction(lambda i: i * t, (3,))"],
    "frompyfunc": ["np.frompyfunc(lambda r: r * r, 1, 1)(x)"],
    "busday_count": ["np.busday_count(x, x)"],
    "busday_offset": ["np.busday_offset(x, 1)"],
    "is_busday": ["np.is_busday(x)"],
    "datetime_as_string": ["np.datetime_as_string(x)"],
    "from_dlpack": ["np.from_dlpack(x)"],
    "frombuffer": ["np.frombuffer(x)"],
    "isfortran": ["np.isfortran(A)"],
    "iterable": ["np.iterable(x)"],
    "isdtype": ["np.isdtype(x.dtype, 'numeric')"],
    "issubdtype": ["np.issubdtype(x.dtype, np.floating)"],
    "promote_types": ["np.promote_types(x.dtype, np.float32)"],
    "nested_iters": ["np.nested_iters([A, B], [[0], [1]])"],
    "eye": ["np.eye(t)"],
    "zeros": ["np.zeros(t)"],
    "ones": ["np.ones(t)"],
    "empty": ["np.empty(t)"],
    "identity": ["np.identity(t)"],
    "tri": ["np.tri(t)"],
    "indices": ["np.indices(x)"],
    "broadcast_shapes": ["np.broadcast_shapes(x.shape, (2, 4))"],
    "diag_indices": ["np.diag_indices(t)"],
    "mask_indices": ["np.mask_indices(t, np.triu)"],
    "tril_indices": ["np.tril_indices(t)"],
    "triu_indices": ["np.triu_indices(t)"],
    "bartlett": ["np.bartlett(t)"],
    "blackman": ["np.blackman(t)"],
    "hamming": ["np.hamming(t)"],
    "hanning": ["np.hanning(t)"],
    "mgrid": ["np.mgrid[0:t:3j]"],
    "ogrid": ["np.ogrid[0:t:3j]"],
    "poly1d": ["np.poly1d(x)(0.5)"],
    "matrix": ["np.matrix(A)"],
    "ndenumerate": ["list(np.ndenumerate(x))"],
    "nditer": ["np.nditer(x)"],
    "broadcast": ["np.broadcast(x, y)"],
    "float64": ["np.float64(t)"],
    "float32": ["np.float32(t)"],
    "complex128": ["np.complex128(t)"],
    "int64": ["np.int64(t)"],
    "bool": ["np.bool(t)"],
    "memmap": ["np.memmap(x)"],
    "ndarray": ["np.ndarray((4,), buffer=x)"],
    "longdouble": ["np.longdouble(t)"],
    "object_": ["np.object_(t)"],
    "str_": ["np.str_(t)"],
    "format_float_positional": ["np.format_float_positional(t)"],
    "format_float_scientific": ["np.format_float_scientific(t)"],
    "base_repr": ["np.base_repr(t)"],
    "binary_repr": ["np.binary_repr(t)"],
}

LINALG = {
    "cholesky": ["np.linalg.cholesky(S + S.conj().T)"],
    "cond": ["np.linalg.cond(A)", "np.linalg.cond(A, 1)"],
    "cross": ["np.linalg.cross(u, v)"],
    "det": ["np.linalg.det(A)"],
    "diagonal": ["np.linalg.diagonal(A)"],
    "eig": ["np.abs(np.linalg.eig(A)[0])", "np.linalg.eig(A)[0].real"],
    "eigh": ["np.linalg.eigh(S + S.conj().T)[0]", "np.abs(np.linalg.eigh(S + S.conj().T)[1])"],
    "eigvals": ["np.linalg.eigvals(A).real"],
    "eigvalsh": ["np.linalg.eigvalsh(S + S.conj().T)"],
    "inv": ["np.linalg.inv(A)"],
    "lstsq": ["np.linalg.lstsq(A[:, :2], v)[0]"],
    "matmul": ["np.linalg.matmul(A, B)"],
    "matrix_norm": ["np.linalg.matrix_norm(A)", "np.linalg.matrix_norm(A, ord=2)"],
    "matrix_power": ["np.linalg.matrix_power(A, 3)", "np.linalg.matrix_power(A, -2)"],
    "matrix_rank": ["np.linalg.matrix_rank(A)"],
    "matrix_transpose": ["np.linalg.matrix_transpose(A)"],
    "multi_dot": ["np.linalg.multi_dot([A, B, v])"],
    "norm": ["np.linalg.norm(x)", "np.linalg.norm(A, 'nuc')", "np.linalg.norm(x, 3)", "np.linalg.norm(A, axis=0)"],
    "outer": ["np.linalg.outer(x, y)"],
    "pinv": ["np.linalg.pinv(A)", "np.linalg.pinv(A[:, :2])"],
    "qr": ["np.linalg.qr(A)", "np.linalg.qr(A, mode='r')"],
    "slogdet": ["np.linalg.slogdet(A)[1]"],
    "solve": ["np.linalg.solve(A, v)"],
    "svd": ["np.linalg.svd(A)[1]", "np.abs(np.linalg.svd(A)[0])"],
    "svdvals": ["np.linalg.svdvals(A)"],
    "tensordot": ["np.linalg.tensordot(A, B, axes=1)"],
    "tensorinv": ["np.linalg.tensorinv(A, 1)"],
    "tensorsolve": ["np.linalg.tensorsolve(A, v)"],
    "trace": ["np.linalg.trace(A)"],
    "vecdot": ["np.linalg.vecdot(x, y)"],
    "vector_norm": ["np.linalg.vector_norm(x)", "np.linalg.vector_norm(x, ord=1)"],
}

FFT_ONE = "fft ifft rfft irfft hfft ihfft fftshift ifftshift"
FFT_MORE = "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn"
FFT = {
    **{name: [f"np.fft.{name}(x)"] for name in FFT_ONE.split()},
    **{name: [f"np.fft.{name}(A)"] for name in FFT_MORE.split()},
    "fftfreq": ["np.fft.fftfreq(4, t)"],
    "rfftfreq": ["np.fft.rfftfreq(4, t)"],
}

#: What funcgrad.numpy has of its own; `at` is no name of NumPy's.
OURS = set(fnp.__all__) - {"at", "fft", "linalg"}
#: Names that are given no numbers to differentiate with respect to: what they are about.
WITHOUT_NUMBERS = {
    "files, text and buffers": "fromfile fromregex fromstring genfromtxt load loadtxt",
    "NumPy itself": "get_include get_printoptions getbufsize geterr geterrcall info printoptions seterr "
    "seterrcall set_printoptions setbufsize show_config show_runtime test errstate",
    "types and dates": "datetime_data mintypecode typename busdaycalendar dtype finfo iinfo",
    "indices and shapes": "s_ index_exp ndindex",
    "what NumPy's functions are made of": "ufunc flatiter record recarray",
    "Python's and NumPy's own numbers, of which a traced value is none": "isscalar",
}


def table() -> dict[str, list[str]]:
    """The probes of every name, by its full name."""
    found = {name: [f"np.{name}(x)"] for name in ONE.split()}
    found |= {name: [f"np.{name}(x, y)"] for name in TWO.split()}
    found |= {name: [f"np.{name}(A)"] for name in MATRIX.split()}
    found |= {name: [f"np.{name}(A, B)"] for name in MATRICES.split()}
    found |= NUMPY
    ours = {name: [line.replace(f"np.{name}", f"fnp.{name}") for line in found[name]] for name in sorted(OURS)}
    modules = {"numpy": found, "numpy.linalg": LINALG, "numpy.fft": FFT, "funcgrad.numpy": ours}
    return {f"{module}.{name}": lines for module, names in modules.items() for name, lines in names.items()}
