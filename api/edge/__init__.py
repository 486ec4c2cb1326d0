"""Caches in front of us, told by key what to forget when something was written."""
