"""The frozen graph: types, nodes, operations, and where NumPy's names lead."""
