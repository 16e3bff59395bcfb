"""What a person reads in a terminal: errors, progress, the table of verdicts. Rich on a terminal, plain lines elsewhere."""
