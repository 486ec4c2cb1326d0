"""The Instagram pages: following, figures, hostile text, and what is said while it is off."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard import charts
from dashboard.instagram import engagement_by_time
from db import instagram
from settings import Settings
from tests.dashboard.conftest import House, Open, said
from tests.factories import account, medium
from tests.stored import sql


async def add(house: House, *media: Any, **of_account: Any) -> None:
    async with house.db.transaction() as session:
        one = account(**of_account)
        await instagram.follow(session, [one.username])
        await instagram.merge(session, one, media, timedelta(hours=1))


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_an_account_is_followed_by_its_address(house: House, open_page: Open) -> None:
    app = open_page("instagram")
    app.text_input[0].input("https://www.instagram.com/Meta/ @kettles")
    app.button[0].click().run()
    assert not app.error
    assert list(app.dataframe[0].value["username"]) == ["kettles", "meta"]
    assert set(app.dataframe[0].value["state"]) == {"not read yet"}


def test_what_is_no_account_is_refused_with_a_reason(house: House, open_page: Open) -> None:
    app = open_page("instagram")
    app.text_input[0].input("meta me!ta")
    app.button[0].click().run()
    assert "is no account" in app.error[0].value.replace("\\", "")
    assert house.do(sql(house.db, "SELECT count(*) FROM instagram_accounts")) == [(0,)]


def test_figures_say_of_how_many_posts_they_are(house: House, open_page: Open) -> None:
    house.do(add(house, medium(timestamp=days_ago(2)), medium(id="2", timestamp=days_ago(3), likes=None)))
    (row,) = open_page("instagram").dataframe[0].value.to_dict("records")
    assert (row["followers"], row["engagement"], row["counted"], row["posts_a_week"]) == (1000, 10.0, 1, 0.5)
    assert row["growth"] != row["growth"] or row["growth"] is None


def test_a_refused_account_says_why_in_words(house: House, open_page: Open) -> None:
    async def refuse() -> None:
        async with house.db.transaction() as session:
            await instagram.follow(session, ["nobody"])
            await instagram.set_state(session, "nobody", "refused", "missing", timedelta(days=7))

    house.do(refuse())
    (row,) = open_page("instagram").dataframe[0].value.to_dict("records")
    assert row["state"] == "no such account, or a personal one"
    assert row["counted"] is None or row["counted"] != row["counted"], "unknown, not zero"


def test_one_account_shows_growth_kinds_and_posts_as_text(house: House, open_page: Open) -> None:
    hostile = "<script>alert(1)</script> **bold**"
    house.do(add(house, medium(timestamp=days_ago(2), caption="=cmd()"), biography=hostile))
    point = "INSERT INTO instagram_snapshots VALUES ('teapots', now() - interval '8 days', 900, 1)"
    house.do(sql(house.db, point))
    app = open_page("instagram_account", account="teapots")
    metrics = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert metrics["Followers"] == ("1,000", "+100 in 7 days")
    assert metrics["Engagement"][0] == "10.00 %"
    assert len(app.get("plotly_chart")) == 1, "growth; one post tells nothing of weekdays"
    assert list(app.dataframe[1].value["caption"]) == ["'=cmd()"]
    assert any(hostile in text.value for text in app.text)
    assert not any(hostile in str(element.value) for element in app.markdown)


def test_weekdays_are_compared_once_there_are_enough_posts(house: House, open_page: Open) -> None:
    media = [medium(id=str(n), timestamp=days_ago(2 + n / 4)) for n in range(200)]
    house.do(add(house, *media))
    assert len(open_page("instagram_account", account="teapots").get("plotly_chart")) == 1


def test_the_figures_of_a_heat_map_take_the_text_colour_of_the_theme() -> None:
    cells = [
        {"weekday": 1, "part": 2, "counted": 4, "engagement": 2.04},
        {"weekday": 7, "part": 5, "counted": 1, "engagement": 9.0},
    ]
    colours, figures = engagement_by_time(cells).data
    assert colours.z[0][2] == 2.04
    assert colours.texttemplate is None
    assert figures.textfont.color == charts.TEXT
    assert (list(figures.x), list(figures.y), list(figures.text)) == (
        ["8–12 h"],
        ["Monday"],
        ["2.0 %<br>of 4"],
    )


def test_an_account_is_unfollowed_and_forgotten(house: House, open_page: Open) -> None:
    house.do(add(house, medium()))
    app = open_page("instagram_account", account="teapots")
    app.button[0].click().run()
    assert "No such account" in said(app)
    assert house.do(sql(house.db, "SELECT count(*) FROM instagram_posts")) == [(0,)]


def test_while_it_is_off_it_says_what_to_set_and_which_rights(house: House, open_page: Open) -> None:
    house.connect(settings=Settings(reddit_client_id="id", reddit_client_secret="secret"))
    app = open_page("instagram")
    assert "INSTAGRAM_ACCESS_TOKEN" in app.code[0].value
    assert "instagram_manage_insights" in said(app)
