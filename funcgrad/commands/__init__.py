"""The commands of `python -m funcgrad` that work on a function of the user's: draw, source, check."""
