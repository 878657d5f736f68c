"""The layout of layered graphs: ranks, orders, coordinates, routes."""
