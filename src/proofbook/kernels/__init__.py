"""Kernels: started ahead of need where they can be, each for one notebook, none outlives its driver."""
