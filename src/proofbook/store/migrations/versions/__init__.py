"""One migration a file, named by its revision. A released one never changes."""
