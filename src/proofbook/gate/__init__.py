"""Holds a candidate against production: one comparator a kind of record, and the decision made of what they find."""
