"""Reads notebooks and says what each cell defines, uses, mutates and touches: the one dataflow core."""
