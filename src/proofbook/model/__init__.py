"""Values only, no I/O: what a notebook, pipeline, finding, record, run and verdict are."""
