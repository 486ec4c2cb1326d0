"""Every recorded answer of the Graph API becomes records or a named reason; run with -s for the counts."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.errors import UnusableRecord
from collectors.instagram.judge import judge
from collectors.instagram.quota import Quota
from collectors.instagram.records import account_from, media_from, page_from, profile_from, token_state_from
from collectors.outcome import Alive, Outcome, Refused
from tests.collectors.instagram_replies import Script, app_usage, business_usage

MUTATIONS = 2_000
MEDIA = {"media_type", "caption", "like_count"}  # any of these makes an object with an id a medium
STATUSES = (*[200] * 16, 301, 400, 401, 403, 404, 429, 500, 502)


@pytest.fixture(scope="session")
def answers(shared_data: Path) -> dict[str, tuple[int, Any]]:
    """(status, JSON) by file; errors without a recorded status came with 400."""
    found = {}
    for file in sorted((shared_data / "instagram").glob("*.json")):
        response = json.loads(file.read_text())["response"]
        body = response["body"]
        found[file.stem] = (response["status"] or (400 if "error" in body else 200), body)
    return found


def word(outcome: Outcome[Any]) -> str:
    return "alive" if isinstance(outcome, Alive) else f"{type(outcome).__name__.lower()}:{outcome.reason}"


def asked(status: int, headers: dict[str, str], body: bytes) -> Outcome[Any]:
    """As the client reads the answer to a question about an account."""
    outcome = judge(status, headers, body)
    return profile_from(outcome.value, "meta") if isinstance(outcome, Alive) else outcome


def media_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object that looks like a medium, at whatever depth."""
    if isinstance(value, dict):
        if "id" in value and MEDIA & value.keys():
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from media_in(one)


def test_every_file_is_an_account_a_page_or_a_named_reason(answers: dict[str, tuple[int, Any]]) -> None:
    outcomes = {
        name: asked(status, {}, json.dumps(body).encode()) for name, (status, body) in answers.items()
    }
    counts = Counter(word(outcome) for outcome in outcomes.values())
    print(f"\n{len(answers)} files:", dict(counts))
    assert len(answers) == 28
    assert counts == {"alive": 4, "refused:bad_request": 3, "unknown:bad_body": 21}
    alive = {name for name, outcome in outcomes.items() if isinstance(outcome, Alive)}
    assert alive == {name for name in answers if "discovery" in name}
    for outcome in outcomes.values():
        if isinstance(outcome, Refused):
            assert "fbtrace" in outcome.detail


def test_every_medium_recorded_anywhere_becomes_a_record(answers: dict[str, tuple[int, Any]]) -> None:
    media, unusable = [], Counter[str]()
    for _, body in answers.values():
        for one in media_in(body):
            try:
                media.append(media_from(one))
            except UnusableRecord as exc:
                unusable[str(exc)] += 1
    print(f"\n{len(media)} media, unusable: {dict(unusable)}, kinds: {Counter(m.media_type for m in media)}")
    print("likes told:", sum(one.likes is not None for one in media))
    assert not unusable
    assert len(media) >= 60
    assert all("instagram.com/" in one.permalink or not one.permalink for one in media)
    assert sum(bool(one.permalink) for one in media) > 50
    without_time = [one for one in media if one.timestamp is None]
    assert len(without_time) < len(media)


def test_recorded_profiles_and_pages_keep_their_figures(answers: dict[str, tuple[int, Any]]) -> None:
    _, body = answers["pyfacebook_instagram_discovery_user_fields"]
    account = account_from(body["business_discovery"], "FacebookForDevelopers")
    assert (account.username, account.followers, account.media_count) == (
        "facebookfordevelopers",
        64_976,
        436,
    )
    assert account.follows is None
    pages = [page_from(answers[f"pyfacebook_instagram_discovery_medias_p{number}"][1]) for number in (1, 2)]
    likes = [[one.likes for one in page.value.items] for page in pages if isinstance(page, Alive)]
    assert likes == [[87, 186], [50, 86]]


def test_pages_that_carry_a_next_url_are_not_followed_by_it(answers: dict[str, tuple[int, Any]]) -> None:
    """Those of one's own media do, and the URL holds the token; only cursors are read."""
    with_next = [body for _, body in answers.values() if "next" in (body.get("paging") or {})]
    assert len(with_next) == 3
    for body in with_next:
        page = page_from({"business_discovery": {"media": body}})
        assert isinstance(page, Alive)
        assert page.value.after is None or "http" not in page.value.after


def mutated(dice: random.Random, bodies: list[bytes]) -> tuple[int, dict[str, str], bytes]:
    """A recorded answer with something cut out, swapped, doubled or replaced, and any status."""
    body = bytearray(dice.choice(bodies))
    for _ in range(dice.randint(0, 3)):
        if not body:
            break
        at = dice.randrange(len(body))
        match dice.randrange(6):
            case 0:
                del body[at:]
            case 1:
                del body[at : at + dice.randint(1, 40)]
            case 2:
                body[at] = dice.randrange(256)
            case 3:
                body[at:at] = dice.choice(bodies)[: dice.randint(1, 60)]
            case 4:
                old, new = dice.choice(SWAPS)
                body = bytearray(bytes(body).replace(old, new, dice.randint(1, 3)))
            case 5:
                digits = [i for i, sign in enumerate(body) if chr(sign).isdigit()]
                for i in dice.sample(digits, min(3, len(digits))):
                    body[i] = dice.choice(b"0123456789-.e")
    usage = dice.choice(
        [
            {},
            {"X-App-Usage": "{"},
            {"X-App-Usage": app_usage(dice.randint(0, 120))},
            {"X-Business-Use-Case-Usage": business_usage(dice.randint(0, 120), dice.randint(0, 60))},
        ]
    )
    return dice.choice(STATUSES), usage, bytes(body)


def bodies_of(answers: dict[str, tuple[int, Any]]) -> list[bytes]:
    """Every recorded body, those that a client may ask for more often than the others."""
    weights = {True: 8, False: 1}
    return [
        json.dumps(body).encode()
        for name, (_, body) in answers.items()
        for _ in range(weights["discovery" in name or "error" in name])
    ]


SWAPS = [
    (b'"business_discovery"', b'"something_else"'),
    (b'"code": 100', b'"code": 190'),
    (b'"code": 100', b'"code": "100"'),
    (b'"code": 100', b'"code": 99999999999999999999'),
    (b'{"error"', b'[{"error"'),
    (b'"id": "', b'"id": null, "ID": "'),
    (b'"timestamp": "2021', b'"timestamp": "0000'),
    (b'"data": [', b'"data": [null, 1, "x", [], {}, '),
    (b'"like_count": ', b'"like_count": -'),
    (b'"like_count": ', b'"like_count": 99999999999999999999'),
    (b'"cursors": {', b'"cursors": [], "rest": {'),
    (b"+0000", b"+9900"),
    (b"instagram.com/p/", b"instagram.com:x/p/"),
    (b"e", b"\\ud83d"),
    (b" ", b"\x00"),
]


async def test_two_thousand_damaged_answers_are_all_classified(answers: dict[str, tuple[int, Any]]) -> None:
    token = {"data": {"is_valid": True, "expires_at": 1_800_000_000, "scopes": ["a"]}}
    bodies = [json.dumps(token).encode(), *bodies_of(answers)]
    dice = random.Random(20260)
    counts: Counter[str] = Counter()
    media = 0
    for _ in range(MUTATIONS):
        status, headers, body = mutated(dice, bodies)
        Quota.from_headers(headers)
        outcome = asked(status, headers, body)
        counts[word(outcome)] += 1
        if isinstance(outcome, Alive):
            media += len(outcome.value.media.items)
            assert all(one.id.isdecimal() for one in outcome.value.media.items)
        judged = judge(status, headers, body)
        if isinstance(judged, Alive):
            assert token_state_from(judged.value) is not None
    print(f"\n{counts.total()} damaged answers, {media} media in them:", dict(counts.most_common()))
    assert counts.total() == MUTATIONS
    assert set(counts) >= {"alive", "refused:bad_request", "unknown:bad_body", "unknown:server_error"}


async def test_the_client_survives_damaged_answers_too(answers: dict[str, tuple[int, Any]]) -> None:
    bodies = bodies_of(answers)
    dice = random.Random(7)
    for _ in range(200):
        status, headers, body = mutated(dice, bodies)
        client = Script([httpx.Response(status, headers=headers, content=body)]).client()
        outcome = await client.account("meta")
        assert client.tally[word(outcome)] == 1
