"""Backends: a staged function becomes a callable."""
