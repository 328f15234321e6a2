"""Risk: points cards as files, what history says of them, and fitting new ones."""
