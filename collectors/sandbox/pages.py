"""The HTML that Reddit sends where JSON was asked for."""

from urllib.parse import quote

BLOCKED = """<!doctype html>
<html>
  <head><title>Blocked</title></head>
  <body><h1>whoa there, pardner!</h1>
<p>Your request has been blocked due to a network policy.</p>
  </body>
</html>
"""
TOO_MANY = """<!doctype html>
<html>
  <head><title>Too Many Requests</title></head>
  <body><h1>whoa there, pardner!</h1>
<p>we're sorry, but you appear to be a bot and we've seen too many requests from you lately.</p>
  </body>
</html>
"""


def search_url(name: str) -> str:
    """Where Reddit sends whoever asks for a subreddit that does not exist."""
    return f"/subreddits/search.json?q={quote(name)}"


def found_elsewhere(url: str) -> str:
    """The body of a 302."""
    return f'<html>\n <head>\n  <title>302 Found</title>\n </head>\n <body><a href="{url}">here</a></body>\n</html>'
