"""Rewrites: a graph becomes a shorter graph of the same values."""
