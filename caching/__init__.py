"""Answers kept: in this process's memory, and in Redis for all processes; forgotten as soon as a write says so."""
