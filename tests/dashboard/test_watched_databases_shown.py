"""The Database page of somebody else's database: one that is away, one that tells little, one with hostile names."""

import pytest

from dashboard.data.postgresql import OWN
from tests.dashboard.conftest import House, Open, said
from tests.dashboard.databases import SHOP, execute, guest_of, table, watching

VIEWS = ("Health", "Statements", "Indexes", "Connections")
AWAY = "postgresql://nobody@127.0.0.1:1/away"


@pytest.mark.parametrize("view", VIEWS)
def test_a_watched_database_that_is_away_says_so_in_its_place(
    house: House, open_page: Open, view: str
) -> None:
    with watching(house, AWAY) as shop:
        shop.db.down_reason = "connection refused"
        app = open_page("database", database=SHOP, view=view)
        assert not app.error
        assert "shop\\@example\\.org does not answer\\: connection refused" in said(app)
        assert app.selectbox(key="database").value == SHOP
        app.selectbox(key="database").select(OWN).run()
        assert "does not answer" not in said(app)


def test_the_pool_is_only_that_of_our_own_database(house: House, open_page: Open, theirs_url: str) -> None:
    with watching(house, theirs_url):
        words = said(open_page("database", database=SHOP, view="Connections"))
    assert "Subpulse's pool" not in words
    assert "Connections by state" in words


def test_what_a_role_without_rights_may_not_see_is_said_with_what_to_run(
    house: House, open_page: Open, theirs_url: str
) -> None:
    with watching(house, theirs_url) as theirs:
        url = guest_of(house, theirs, "**guest** [x](javascript:1)")
    with watching(house, url):
        app = open_page("database", database=SHOP)
        assert not app.error
        grants = [code.value for code in app.code if code.value.startswith("GRANT")]
        assert 'GRANT pg_monitor TO "**guest** [x](javascript:1)"' in grants
        assert "asked as \\*\\*guest\\*\\* \\[x\\]" in said(app)
        assert "pg\\_stat\\_statements" in said(open_page("database", database=SHOP, view="Statements"))
    execute(house, 'DROP ROLE "**guest** [x](javascript:1)"')


def test_a_hostile_name_is_shown_as_it_is(house: House, open_page: Open) -> None:
    execute(
        house,
        'CREATE TABLE "<b>x</b>" (id int PRIMARY KEY, name text)',
        'CREATE INDEX "**y**" ON "<b>x</b>" (id)',
    )
    app = open_page("database")
    assert 'subpulse_sandbox."<b>x</b>"' in [row["table"] for row in table(app, "dead")]
    told = "\n".join(str(one.value) for one in [*app.markdown, *app.caption])
    assert "\\<b\\>x\\<\\/b\\>" in told
    assert "<b>x" not in told
    assert "**y**" not in told
