"""The domain and a simulation's inner loop as machine code, taken where it fits the sources."""
