import re
from pathlib import Path
from typing import Any

import pytest

from settings import PAIRS, ROOT, Settings, SettingsError, database_name, described, load_settings

README = ROOT / "README.md"


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def error_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "http", "valid integer"),
        ("DATABASE_ACTIONS", "sometimes", "'auto', 'on' or 'off'"),
        ("DATABASE_POOL_SIZE", "3", "greater than or equal to 4"),
        ("SUBPULSE_SOURCE", "twitter", "'auto', 'reddit', 'arctic_shift' or 'sandbox'"),
        ("SANDBOX_ERROR_RATE", "1.5", "less than or equal to 1"),
        ("SANDBOX_ERROR_RATE", "nan", "less than or equal to 1"),
        ("SANDBOX_SEED", "x", "valid integer"),
        ("SANDBOX_LATENCY_MS", "-1", "greater than or equal to 0"),
        ("MEMORY_LIMIT_MB", "63", "greater than or equal to 64"),
        ("MEMORY_LIMIT_MB", "512M", "valid integer"),
        ("SLOW_QUERY_MS", "0", "greater than 0"),
        ("SELF_PROBE_SECONDS", "-1", "greater than or equal to 0"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("ARCTIC_SHIFT_URL", "archive.example.org", "not a base URL"),
        ("ARCTIC_SHIFT_URL", "https://", "not a base URL"),
        ("ARCTIC_SHIFT_URL", "https://[::1", "not a base URL"),
        ("REDDIT_API_URL", "https://example.org:port", "not a base URL"),
        ("REDDIT_TOKEN_URL", "ftp://example.org/token", "not a base URL"),
        ("INSTAGRAM_API_URL", "https://example.org/v25.0?access_token=", "not a base URL"),
        ("FASTLY_SERVICE_ID", "abc/purge_all", "letters and digits only"),
        ("CLOUDFLARE_API_URL", "api.example.org", "not a base URL"),
    ],
)
def test_a_bad_setting_is_named_with_its_value_and_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    said = error_of(monkeypatch, **{name: value})
    assert said.startswith(f"{name}={value}: ")
    assert says in said
    assert "\n" not in said


def test_several_bad_settings_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = error_of(monkeypatch, PORT="0", LOG_LEVEL="loud")
    assert re.search(r"^PORT=0: .+; LOG_LEVEL=loud: .+$", said)


def test_a_database_of_another_kind_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = error_of(monkeypatch, DATABASE_URL="mysql://me:hunter2@db/subpulse")
    assert said == "DATABASE_URL: begin it with postgresql://"


def test_a_database_url_that_cannot_be_read_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = error_of(monkeypatch, DATABASE_URL="postgresql://me:hunter2%zz@db/subpulse")
    assert said.startswith("DATABASE_URL: not a connection URL")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("urls", "says"),
    [
        ("mysql://me:hunter2@db/subpulse", "begin it with postgresql://"),
        ("postgresql://me:hunter2%zz@db/subpulse", "not a connection URL"),
        ("postgresql://db:port:5/subpulse?password=hunter2&x=hunter2", "not a connection URL"),
        ("postgresql://a:hunter2@db/x postgresql://b:hunter2@db:5432/x", "x@db stands there twice"),
    ],
)
def test_a_watched_database_that_cannot_be_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch, urls: str, says: str
) -> None:
    said = error_of(monkeypatch, WATCHED_DATABASES=f"postgresql://me:hunter2@db/fine {urls}")
    assert said.startswith("WATCHED_DATABASES: ")
    assert says in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://me:hunter2@db.example.org/shop", "shop@db.example.org"),
        ("postgresql://me:hunter2@db.example.org:5432/shop", "shop@db.example.org"),
        ("postgresql://me:hunter2@[::1]:6432/shop?password=hunter2", "shop@::1:6432"),
        ("postgres://me:hunter2@a.example.org,b.example.org/shop", "shop@a.example.org,b.example.org"),
        ("postgresql:///shop?host=/run/postgresql&password=hunter2", "shop@/run/postgresql"),
        ("postgresql://me:hunter2@", "me@localhost"),
    ],
)
def test_a_database_is_called_by_its_name_and_host(url: str, name: str) -> None:
    assert database_name(url) == name


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2@redis",
        "redis://",
        "redis://me:hunter2@redis:port",
        "unix://",
        "redis://me:hunter2@redis?socket_timeout=soon",
    ],
)
def test_what_is_no_redis_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    said = error_of(monkeypatch, REDIS_URL=url)
    assert said == "REDIS_URL: write it as redis://HOST:6379/0, rediss:// for TLS, or unix:///PATH"


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@cache:6379/1", "rediss://cache", "unix:///run/redis.sock?db=2"]
)
def test_a_redis_may_be_anywhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    settings = load_settings()
    assert settings.redis_url == url
    assert "hunter2" not in repr(settings)


def test_an_origin_is_allowed_with_or_without_a_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example.org/ https://b.example.org")
    assert load_settings().allowed_origins == ("https://a.example.org", "https://b.example.org")


def test_not_even_the_cause_of_an_error_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@db/subpulse")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in f"{caught.value.__cause__!s} {caught.value.__cause__!r}"


def test_secrets_are_not_in_what_a_log_or_a_debugger_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/subpulse")
    monkeypatch.setenv("REDDIT_CLIENT_ID", "public")
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("ALERT_URLS", "json://me:hunter2@hook.example.org")
    monkeypatch.setenv("WATCHED_DATABASES", "postgresql://me:hunter2@db/subpulse")
    settings = load_settings()
    assert settings.reddit_client_secret == "hunter2"
    assert "hunter2" not in f"{settings!r} {settings!s}"
    assert "public" in repr(settings)


def test_auto_takes_reddit_once_it_has_both_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().source == "sandbox"
    monkeypatch.setenv("REDDIT_CLIENT_ID", "id")
    assert load_settings().source == "sandbox"
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "")
    assert load_settings().source == "sandbox", "blank is unset"
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "secret")
    assert load_settings().source == "reddit"
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    assert load_settings().source == "sandbox"


def test_reddit_without_credentials_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said = error_of(monkeypatch, SUBPULSE_SOURCE="reddit", REDDIT_CLIENT_ID="id")
    assert "SUBPULSE_SOURCE=reddit needs REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET" in said


def test_a_base_url_may_end_in_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCTIC_SHIFT_URL", "https://archive.example.org/")
    monkeypatch.setenv("INSTAGRAM_API_URL", "http://127.0.0.1:8080/v25.0/")
    settings = load_settings()
    assert settings.arctic_shift_url == "https://archive.example.org"
    assert settings.instagram_api_url == "http://127.0.0.1:8080/v25.0"


@pytest.mark.parametrize(
    ("whose", "there", "lacking"),
    [(whose, pair[first], pair[1 - first]) for whose, pair in PAIRS.items() for first in (0, 1)],
)
def test_half_of_a_pair_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, whose: str, there: str, lacking: str
) -> None:
    said = error_of(monkeypatch, **{there: "hunter2"})
    assert said == f"{there} needs {lacking} beside it; unset both to leave {whose} out"
    monkeypatch.setenv(lacking, "1")
    load_settings()


def test_several_caches_are_named_with_spaces_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_PURGE_URLS", " http://one:6081/  http://two:6081 ")
    assert load_settings().edge_purge_urls == ("http://one:6081", "http://two:6081")
    assert "not a base URL" in error_of(monkeypatch, EDGE_PURGE_URLS="http://one:6081 two:6081")


def test_a_token_loses_the_line_break_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTAGRAM_ACCESS_TOKEN", "hunter2\r\n")
    monkeypatch.setenv("INSTAGRAM_USER_ID", " 17 ")
    settings = load_settings()
    assert (settings.instagram_access_token, settings.instagram_user_id) == ("hunter2", "17")


@pytest.mark.parametrize("token", ["hunter2\nhunter2", "hünter2"])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    said = error_of(monkeypatch, INSTAGRAM_ACCESS_TOKEN=token, INSTAGRAM_USER_ID="17")
    assert said.startswith("INSTAGRAM_ACCESS_TOKEN: only printable ASCII")
    assert "nter2" not in said


def test_objectives_are_by_route_with_one_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().objectives.of("/api/stats") == 89
    assert load_settings().objectives.of("/api/anything") == load_settings().objectives.rest == 300
    monkeypatch.setenv("OBJECTIVES", " /health=2.5  *=150 ")
    objectives = load_settings().objectives
    assert (objectives.of("/health"), objectives.of("/api/stats")) == (2.5, 150)
    assert str(objectives) == "/health=2.5 *=150"
    monkeypatch.setenv("OBJECTIVES", "")
    assert load_settings().objectives.rest == 300


@pytest.mark.parametrize(
    "entry", ["/health", "/health=ten", "health=10", "/health=0", "/health=nan", "/health=inf", "=3"]
)
def test_an_objective_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    said = error_of(monkeypatch, OBJECTIVES=f"*=300 {entry}")
    assert said.startswith("OBJECTIVES=")
    assert f"'{entry}' is not ROUTE=MILLISECONDS, as in /health=10" in said
    assert "'*=300'" not in said


def test_every_objective_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = error_of(monkeypatch, OBJECTIVES="/a=1 /b=x /a=2")
    assert "'/b=x' is not" in said
    assert "'/a=2' comes after /a=1" in said


def test_lists_are_separated_by_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_URLS", " json://one  mailto://two ")
    settings = load_settings()
    assert settings.alert_urls == ("json://one", "mailto://two")
    assert settings.allowed_origins == ()


def test_the_data_folder_is_absolute_and_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "~/pulse")
    assert load_settings().data_dir == Path.home() / "pulse"
    monkeypatch.setenv("DATA_DIR", "here")
    assert load_settings().data_dir == Path.cwd() / "here"


def test_settings_do_not_change_once_read() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("actions", "address", "may"),
    [
        ("auto", "127.0.0.1", True),
        ("auto", "::1", True),
        ("auto", "0.0.0.0", False),
        ("auto", "192.0.2.7", False),
        ("on", "0.0.0.0", True),
        ("off", "127.0.0.1", False),
    ],
)
def test_viewers_act_only_where_they_may(actions: Any, address: str, may: bool) -> None:
    assert Settings(database_actions=actions, bind_address=address).viewers_may_act is may


def test_every_setting_is_described() -> None:
    assert len(described()) == len(Settings.model_fields)
    assert all(meaning for _, _, meaning in described())


def test_the_readme_lists_every_setting_with_its_default() -> None:
    table = README.read_text().partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    listed = re.findall(r"^\| `(\w+)` \| (?:`(.*)`|) ?\| (.+) \|$", table, re.MULTILINE)
    assert [tuple(row) for row in listed] == described()
