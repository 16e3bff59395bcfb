"""Makes an executable task of an exploratory notebook, and compares the two."""
