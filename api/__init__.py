"""HTTP: /health, /api/…, the live stream, and the middleware that times them."""
