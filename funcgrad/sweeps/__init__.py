"""The two sweeps: backwards is the calculus, forwards is everything else."""
