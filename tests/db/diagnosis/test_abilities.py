from db.diagnosis.abilities import abilities
from db.diagnosis.target import Target


async def test_the_embedded_server_lets_us_see_everything_and_has_no_extension(ours: Target) -> None:
    found = await abilities(ours)
    assert found.version // 10000 == 18
    assert found.is_superuser
    assert found.may_read_all_stats
    assert found.may_cancel
    assert found.extensions == {"plpgsql": "1.0"}
    assert found.shared_preload_libraries == ()
    assert {lack.what for lack in found.lacking} == {"pg_stat_statements", "hypopg", "track_io_timing"}


async def test_every_postgresql_says_what_it_has(theirs: Target) -> None:
    found = await abilities(theirs)
    lacking = {lack.what for lack in found.lacking}
    assert found.version // 10000 in (15, 16, 18)
    if "hypopg" in found.extensions:
        assert not lacking
        assert found.shared_preload_libraries == ("pg_stat_statements",)
        assert found.schemas["pg_stat_statements"] == "public"
    else:
        assert lacking == {"pg_stat_statements", "hypopg", "track_io_timing"}
