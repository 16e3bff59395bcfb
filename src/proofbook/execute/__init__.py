"""Runs notebooks, one subprocess each, and reads what they recorded."""
