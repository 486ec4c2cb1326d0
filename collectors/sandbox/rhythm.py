"""How communities grow and when they post: by the hour of the day, the day of the week, and the odd busy day."""

import numpy as np

from collectors.sandbox.chance import Floats, Ints, units
from collectors.sandbox.world import World

HOUR = 3_600
DAY = 24 * HOUR
ANCHOR = 1_782_864_000.0
"""2026-07-01, when `World.subscribers` were counted"""
GREATEST_GROWTH = 1.2
"""Natural logarithm of the most a community ever grows or shrinks by."""
BUSY_SHARE, BUSY_FACTOR = 0.012, 3.0
"""The share of days on which something happens, and how much more is posted then."""
MOST_AN_HOUR = 127


def subscribers(world: World, communities: Ints, at: Floats | float) -> Floats:
    """Subscribers at a time (epoch seconds): steady growth that levels off, and a weekly ripple."""
    days = (np.asarray(at, dtype=np.float64) - ANCHOR) / DAY
    growth = world.daily_growth[communities] * days
    ripple = 0.0008 * np.sin(2 * np.pi * days / 7 + communities)
    grown = np.exp(GREATEST_GROWTH * np.tanh(growth / GREATEST_GROWTH) + ripple)
    return np.round(world.subscribers[communities] * grown)


def expected_posts(world: World, communities: Ints, hours: Ints) -> Floats:
    """Posts to expect in each hour (epoch hours), one row per community."""
    rows, columns = communities[:, None], hours[None, :]
    grown = subscribers(world, rows, columns.astype(np.float64) * HOUR) / world.subscribers[rows]
    daily = 1 + 0.7 * np.cos(2 * np.pi * (columns % 24 - world.peak_hour[rows]) / 24)
    return (
        world.posts_per_hour[rows]
        * grown
        * daily
        * _weekly(world, rows, columns)
        * _busy(world, rows, columns)
    )


def post_counts(world: World, communities: Ints, hours: Ints) -> Ints:
    """Posts in each hour, one row per community; on average what `expected_posts` says."""
    places = hours[None, :] * 4_096 + communities[:, None]
    uneven = 0.4 + 1.2 * units(places, world.seed + 1)  # mean 1
    expected = expected_posts(world, communities, hours) * uneven
    counts = np.floor(expected + units(places, world.seed + 2)).astype(np.int64)
    return np.minimum(counts, MOST_AN_HOUR)


def _weekly(world: World, rows: Ints, columns: Ints) -> Floats:
    weekday = (columns // 24 + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
    weekend = world.weekend[rows]
    return np.where(weekday >= 5, weekend, 1.0) * 7 / (5 + 2 * weekend)


def _busy(world: World, rows: Ints, columns: Ints) -> Floats:
    days = units((columns // 24) * 4_096 + rows, world.seed + 3)
    return np.where(days < BUSY_SHARE, BUSY_FACTOR, 1.0)
