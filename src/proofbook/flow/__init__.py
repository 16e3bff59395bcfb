"""One use case a file: what a command or a door asks for, from the first step to the last."""
