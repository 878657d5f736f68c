"""Ordinary differential equations, with derivatives in the beginning, the times and the parameters.

`odeint` has JAX's name and order of arguments and takes trees; `solve_ivp` has SciPy's. Gradients are
those of the steps as they were taken, or solve the adjoint equation.
"""

from funcgrad.integrate.initial import Solution, odeint, solve_ivp

__all__ = ["Solution", "odeint", "solve_ivp"]
