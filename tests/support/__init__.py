"""The support matrix: what holds of every public name of NumPy and scipy.special, measured."""
