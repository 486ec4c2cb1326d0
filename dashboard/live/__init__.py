"""The overview's live part: one WebSocket per tab, drawn in the browser."""

from dashboard.live.live import Asked, drawn, show

__all__ = ["Asked", "drawn", "show"]
