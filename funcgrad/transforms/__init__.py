"""Questions put to the frozen graph."""
