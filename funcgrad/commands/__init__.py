"""The commands of `python -m funcgrad` that work on a function of the user's."""

#: What each command does.
COMMANDS = {
    "draw": "the expression graph of a function, with values and gradients",
    "film": "a page that plays both sweeps of a function: values forwards, cotangents backwards",
    "source": "the program of a function, as a module that needs NumPy alone",
    "check": "the derivatives of a function beside its differences",
}
