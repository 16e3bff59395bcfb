"""Has the name of a library, and comes before it."""

VALUE = "of the project"
