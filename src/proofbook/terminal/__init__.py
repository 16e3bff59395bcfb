"""What a person reads in a terminal: errors, progress, tables. Rich on a terminal, plain lines elsewhere."""
