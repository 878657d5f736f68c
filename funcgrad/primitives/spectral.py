"""Discrete Fourier transforms along one axis, of complex and of real numbers.

With ω = e^(-2πi/n) and a scale s, 1, 1/√n or 1/n by `norm`; Frigo and Johnson, *The Design and Implementation of FFTW3*
(2005), has the algorithms and the half spectrum of real numbers.
"""

from typing import Any, Literal

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Linear

#: Which direction of a transform is scaled by 1/n: "backward" the inverse one, "forward" the other; both by 1/√n.
Norm = Literal["backward", "ortho", "forward"]
#: The norm under which the opposite transform has the same scale.
SWAPPED: dict[str, Any] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


@frozen(eq=False, repr=False)
class Fourier(Linear):
    """zₖ = s Σⱼ ωʲᵏ xⱼ, or ω⁻ʲᵏ if `inverse`.  Transpose: itself, for ωʲᵏ is symmetric in j and k.

    A primitive for speed: n log n operations.
    """

    #: The axis, not negative.
    axis: int
    #: Whether it is the inverse transform.
    inverse: bool
    #: Which direction is scaled.
    norm: Norm

    def run(self, x: Any) -> Any:
        if self.inverse:
            return np.fft.ifft(x, axis=self.axis, norm=self.norm)
        return np.fft.fft(x, axis=self.axis, norm=self.norm)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.result_type(x.dtype, 1j))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return self(zbar)

    def batch(self, *args: Any) -> Any:
        return Fourier(self.axis + 1, self.inverse, self.norm)(*args)


@frozen(eq=False, repr=False)
class RealFourier(Linear):
    """zₖ = s Σⱼ ωʲᵏ xⱼ of n real numbers, for the k ≤ n/2 that determine the others: zₙ₋ₖ is the conjugate of zₖ.

    Re Σₖ z̄ₖ zₖ = Σⱼ x̄ⱼ xⱼ with x̄ⱼ = s Re Σₖ ωʲᵏ z̄ₖ. The inverse transform sums over all k < n, those between 0
    and n/2 and their conjugates. So x̄ is that, at the same scale, of the conjugate of z̄, halved between 0 and n/2.
    A primitive for speed: half the work of the complex transform, backwards too.
    """

    #: The axis, not negative.
    axis: int
    #: Which direction is scaled.
    norm: Norm

    def run(self, x: Any) -> Any:
        return np.fft.rfft(x, axis=self.axis, norm=self.norm)

    def infer(self, x: Any) -> Any:
        return Type(x.with_lengths({self.axis: x.shape[self.axis] // 2 + 1}).shape, np.result_type(x.dtype, 1j))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        n = x.shape[self.axis]
        halved = np.conjugate(zbar) * between(0.5, n, zbar, self.axis)
        return InverseRealFourier(self.axis, n, SWAPPED[self.norm])(halved)

    def batch(self, *args: Any) -> Any:
        return RealFourier(self.axis + 1, self.norm)(*args)


@frozen(eq=False, repr=False)
class InverseRealFourier(Linear):
    """zⱼ = s Re Σₖ cₖ ω⁻ʲᵏ xₖ: n real numbers from their spectrum for k ≤ n/2, with cₖ = 1 at 0 and n/2, 2 between.

    x̄ₖ = s cₖ Σⱼ ω⁻ʲᵏ z̄ⱼ, the conjugate of `RealFourier` at the same scale, doubled between 0 and n/2. It is real at
    both ends, where the imaginary part of x has no part in z.
    """

    #: The axis, not negative.
    axis: int
    #: n, the length of the answer; that of x is n // 2 + 1.
    length: int
    #: Which direction is scaled.
    norm: Norm

    def run(self, x: Any) -> Any:
        return np.fft.irfft(x, self.length, axis=self.axis, norm=self.norm)

    def infer(self, x: Any) -> Any:
        real = np.zeros(0, x.dtype).real.dtype
        return Type(x.with_lengths({self.axis: self.length}).shape, np.result_type(real, 1.0))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        spectrum = np.conjugate(RealFourier(self.axis, SWAPPED[self.norm])(zbar))
        return spectrum * between(2, self.length, zbar, self.axis)

    def batch(self, *args: Any) -> Any:
        return InverseRealFourier(self.axis + 1, self.length, self.norm)(*args)


def between(factor: float, n: int, like: Any, axis: int) -> Any:
    """`factor` for 0 < k < n/2, and 1 at 0 and n/2, along `axis` of an array, at its precision."""
    weights = np.full(n // 2 + 1, factor, np.zeros(0, like.dtype).real.dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights.reshape((-1, *(1,) * (like.ndim - axis - 1)))
