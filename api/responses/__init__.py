"""Whole answers: kept, compressed, validated by entity tags, and answered before any routing."""
