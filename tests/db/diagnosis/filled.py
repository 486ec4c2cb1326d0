"""Our own database as it is after a first hour: every community of the sandbox, and thousands of its posts."""

import time

import numpy as np

from collectors.listing import page_from, subreddit_of
from collectors.outcome import Alive
from collectors.records import Post
from collectors.sandbox.listings import post_page
from collectors.sandbox.things import community_thing
from collectors.sandbox.timeline import newest
from collectors.sandbox.world import world
from db.database import Database
from tests.stored import keep, keep_posts, sql

SEED = 20260
POSTS = 5_000


async def fill(db: Database) -> None:
    """Put them there, and let PostgreSQL look at them."""
    its, now = world(SEED), time.time()
    answers = [subreddit_of(community_thing(its, community, now)) for community in its.communities]
    await keep(db, *(answer.value for answer in answers if isinstance(answer, Alive)))
    page = page_from(post_page(its, newest(its, np.arange(len(its.communities)), now, POSTS), "", POSTS, now))
    assert isinstance(page, Alive)
    posts = [one for one in page.value.items if isinstance(one, Post)]
    assert await keep_posts(db, *posts) > POSTS / 2
    await sql(db, "ANALYZE")
