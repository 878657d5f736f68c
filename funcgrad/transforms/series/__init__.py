"""Series: derivatives of high order, by truncated power series over the graph."""
