"""Tableaux: the coefficients of explicit Runge-Kutta methods with an estimate of their error."""

from attrs import frozen


@frozen
class Tableau:
    """k₁ = f(t, y), kᵢ = f(t + cᵢh, y + h Σ aᵢⱼkⱼ); the last k is at the answer, and the next step's first."""

    #: The order of the error's estimate.
    order: int
    #: cᵢ for i > 1.
    nodes: tuple[float, ...]
    #: aᵢⱼ for i > 1; the last row makes the answer.
    matrix: tuple[tuple[float, ...], ...]
    #: The weights of the error, one a k.
    error: tuple[float, ...]


#: Bogacki and Shampine, *A 3(2) pair of Runge-Kutta formulas*, Applied Mathematics Letters 2 (1989).
RK23 = Tableau(
    order=2,
    nodes=(1 / 2, 3 / 4, 1.0),
    matrix=((1 / 2,), (0.0, 3 / 4), (2 / 9, 1 / 3, 4 / 9)),
    error=(5 / 72, -1 / 12, -1 / 9, 1 / 8),
)
#: Dormand and Prince, *A family of embedded Runge-Kutta formulae*, J. Computational and Applied Mathematics 6 (1980).
RK45 = Tableau(
    order=4,
    nodes=(1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
    matrix=(
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    error=(-71 / 57600, 0.0, 71 / 16695, -71 / 1920, 17253 / 339200, -22 / 525, 1 / 40),
)
TABLEAUX = {"RK45": RK45, "RK23": RK23}
