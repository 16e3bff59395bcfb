"""Puts runs into channels and takes them back: each is one transaction of the store."""
