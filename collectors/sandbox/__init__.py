"""A Reddit-shaped source inside the process: a seeded world behind Reddit's own API, invented throughout."""

from collectors.sandbox.app import sandbox_app

__all__ = ["sandbox_app"]
