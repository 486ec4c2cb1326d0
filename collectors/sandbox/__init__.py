"""A source inside the process: a seeded world, invented throughout, behind three services' own APIs."""

from collectors.sandbox.accounts import sandbox_accounts
from collectors.sandbox.app import sandbox_app
from collectors.sandbox.instagram import sandbox_token

__all__ = ["sandbox_accounts", "sandbox_app", "sandbox_token"]
