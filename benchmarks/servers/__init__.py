"""Servers to compare ours with, each an ASGI application for uvicorn."""
