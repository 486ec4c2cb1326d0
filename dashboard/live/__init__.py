"""The overview's live part: one WebSocket per tab, drawn in the browser."""

from dashboard.live.live import show

__all__ = ["show"]
