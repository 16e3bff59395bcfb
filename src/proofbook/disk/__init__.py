"""The only code that makes bytes durable."""
