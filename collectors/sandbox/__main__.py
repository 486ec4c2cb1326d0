"""Serve the sandbox on a port of its own: `python -m collectors.sandbox --port 8610`."""

import argparse
import socket
from contextlib import suppress

import uvicorn

from collectors.sandbox import sandbox_app, sandbox_token
from settings import Settings


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m collectors.sandbox", description=__doc__)
    seed = Settings.model_fields["sandbox_seed"].default
    parser.add_argument("--port", type=int, required=True, help="TCP port to listen on; 0 for any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--seed", type=int, default=seed, help="the world")
    parser.add_argument("--error-rate", type=float, default=0.0, help="share of answers that fail, 0 to 1")
    return parser.parse_args()


def how_to(url: str) -> str:
    """How to point a client at the sandbox."""
    return f"""Sandbox on {url} (invented data; Ctrl+C stops it)
  Subpulse:   SUBPULSE_SOURCE=reddit REDDIT_CLIENT_ID=any REDDIT_CLIENT_SECRET=any \\
              REDDIT_API_URL={url} REDDIT_TOKEN_URL={url}/api/v1/access_token
  or          SUBPULSE_SOURCE=arctic_shift ARCTIC_SHIFT_URL={url}
  Instagram:  INSTAGRAM_ACCESS_TOKEN={sandbox_token()} INSTAGRAM_USER_ID=17841400000000001 \\
              INSTAGRAM_API_URL={url}/v25.0
  asyncpraw:  asyncpraw.Reddit(client_id="any", client_secret="any", user_agent="sandbox client",
              reddit_url="{url}", oauth_url="{url}")"""


class Announced(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            print(how_to(f"http://{host}:{port}"), flush=True)


def main() -> None:
    chosen = arguments()
    app = sandbox_app(chosen.seed, chosen.error_rate)
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped in good order
        Announced(uvicorn.Config(app, chosen.host, chosen.port, log_level="warning")).run()


if __name__ == "__main__":
    main()
