"""What the flights notebooks share, in small modules, so that a change reruns only the notebooks that import it."""
