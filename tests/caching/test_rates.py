from caching.cache import Cache
from caching.rates import LONGEST_SECONDS, Rates
from tests.caching.computation import Computation
from tests.caching.conftest import Clock


async def ask(cache: Cache, times: int) -> None:
    for _ in range(times):
        await cache.namespaces["pages"].get("k", Computation())


async def test_counters_become_rates_from_the_second_reading_on(clock: Clock) -> None:
    cache = Cache(timer=clock)
    cache.add("pages", ttl_seconds=300, tags=("subreddits",))
    rates = Rates(cache, clock)
    await ask(cache, 5)
    assert rates.take() == {"pages": {"items": 1, "bytes": 7}}
    clock.now += 10
    await ask(cache, 20)
    cache.invalidate("subreddits")
    await ask(cache, 1)
    found = rates.take()["pages"]
    assert (found["hits"], found["misses"], found["forgotten"], found["items"]) == (2.0, 0.1, 0.1, 1)


async def test_over_a_long_gap_there_is_no_rate(clock: Clock) -> None:
    cache = Cache(timer=clock)
    cache.add("pages", ttl_seconds=300, tags=())
    rates = Rates(cache, clock)
    rates.take()
    clock.now += LONGEST_SECONDS + 1
    assert set(rates.take()["pages"]) == {"items", "bytes"}
