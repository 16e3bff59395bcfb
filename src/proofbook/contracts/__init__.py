"""Data contracts: what a file must hold before a task reads it, and what is done where it does not."""
