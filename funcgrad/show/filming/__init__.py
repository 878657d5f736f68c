"""Films: both sweeps of one evaluation as a page that plays by itself."""
