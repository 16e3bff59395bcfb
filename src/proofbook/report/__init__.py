"""The page of a run: static HTML without script, made from a run, what the gate said of it, and blobs."""
