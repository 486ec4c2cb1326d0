"""Instagram's Graph API over invented accounts: business discovery, and what there is to know about a token."""

import asyncio
import base64
import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from collectors.sandbox.accounts import FORBIDDEN, Account, accounts, followers
from collectors.sandbox.chance import base36
from collectors.sandbox.graph_errors import GraphError, graph_refusal, spoilt
from collectors.sandbox.graph_fields import BadExpression, Field, parsed_fields
from collectors.sandbox.media import media, media_values
from collectors.sandbox.trouble import Clock, RateWindow, Trouble, Window

WINDOW_SECONDS = 3_600
TROUBLES = ("1", "2", "2", "4", "32", "613", "503", "cut")
OWN_USERNAME = "sandbox.operator"
TOKEN = re.compile(r"sandbox[a-z-]*?(?:-(\d+))?")
SCOPES = ("instagram_basic", "instagram_manage_insights", "pages_read_engagement", "pages_show_list")
DEFAULT_LIMIT, MOST_LIMIT = 25, 100
CHILD_FIELDS = ("id", "media_type", "media_url", "permalink", "timestamp")
PROFILE_FIELDS = (
    "id",
    "ig_id",
    "username",
    "name",
    "biography",
    "website",
    "profile_picture_url",
    "followers_count",
    "follows_count",
    "media_count",
    "media",
)


def sandbox_token(expires_at: float | None = None) -> str:
    """A token that the sandbox's Instagram accepts until a time (epoch seconds), or for good."""
    return f"sandbox-{int(expires_at or 0)}"


def instagram_app(seed: int, error_rate: float, limit: int, clock: Clock) -> ASGIApp:
    """The Graph API, with its usage headers and its failures."""
    app: ASGIApp = Starlette(routes=Endpoints(seed, clock).routes())
    app = Trouble(app, seed + 2, error_rate, TROUBLES, spoilt, ("/debug_token",))
    return RateWindow(app, WINDOW, limit, clock, ("/debug_token",))


class Endpoints:
    """What each path answers."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.seed, self.clock = seed, clock

    def routes(self) -> list[Route]:
        return [
            Route("/debug_token", self.debug_token),
            Route("/{version}/debug_token", self.debug_token),
            Route("/{version}/{user_id}", self.user),
            Route("/{path:path}", self.nothing),
        ]

    async def user(self, request: Request) -> Response:
        query, user_id = request.query_params, request.path_params["user_id"]

        def answer() -> Response:
            try:
                self._admit(_token(request))
                if not user_id.isdecimal():
                    raise GraphError(803, f"(#803) Some of the aliases you requested do not exist: {user_id}")
                return _json(self._node(user_id, parsed_fields(query.get("fields", ""))))
            except BadExpression as exc:
                return graph_refusal(GraphError(2500, str(exc)))
            except GraphError as exc:
                return graph_refusal(exc)

        return await asyncio.to_thread(answer)  # a hundred media take a few ms

    async def debug_token(self, request: Request) -> Response:
        token = request.query_params.get("input_token", "")
        try:
            self._admit(_token(request))
        except GraphError as exc:
            return graph_refusal(exc)
        try:
            expires_at = self._admit(token)
        except GraphError as exc:
            error = {"code": exc.code, "message": exc.message, "subcode": exc.subcode}
            error = {key: value for key, value in error.items() if value is not None}
            return _json({"data": {"error": error, "is_valid": False, "scopes": []}})
        data = {
            "app_id": "100000000000001",
            "type": "USER",
            "application": "Sandbox",
            "data_access_expires_at": expires_at,
            "expires_at": expires_at,
            "is_valid": True,
            "scopes": list(SCOPES),
            "user_id": "100000000000002",
        }
        return _json({"data": data})

    async def nothing(self, request: Request) -> Response:
        return graph_refusal(GraphError(2500, "Unknown path components: " + request.url.path))

    def _admit(self, token: str) -> int:
        """When a token expires (epoch seconds), 0 for never.

        Raises:
            GraphError: no token, one of somebody else, or one that has expired.
        """
        if not token:
            raise GraphError(104, "An access token is required to request this resource.")
        known = TOKEN.fullmatch(token)
        if known is None:
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
        if 0 < int(known[1] or 0) <= self.clock():
            raise GraphError(190, "Error validating access token: Session has expired.", 463)
        return int(known[1] or 0)

    def _node(self, user_id: str, fields: tuple[Field, ...]) -> dict[str, Any]:
        """The caller's own account, with what it discovers."""
        node: dict[str, Any] = {}
        for field in fields:
            if field.name == "business_discovery":
                node[field.name] = self._discovered(field)
            elif field.name == "username":
                node[field.name] = OWN_USERNAME
            elif field.name != "id":
                raise _no_such_field(field.name, "IGUser")
        return {**node, "id": user_id}

    def _discovered(self, field: Field) -> dict[str, Any]:
        name = field.modifiers.get("username", "").lower()
        if not name:
            raise GraphError(100, "(#100) The parameter username is required")
        if name == FORBIDDEN:
            raise GraphError(10, "(#10) Application does not have permission for this action")
        account = accounts(self.seed).get(name)
        if account is None:
            raise GraphError(110, "Invalid user id", 2207013, "Cannot find User")
        return self._profile(account, field.fields)

    def _profile(self, account: Account, fields: tuple[Field, ...]) -> dict[str, Any]:
        now = self.clock()
        for field in fields:
            if field.name not in PROFILE_FIELDS:
                raise _no_such_field(field.name, "ShadowIGUser")
        values: dict[str, Any] = {
            "ig_id": account.ig_id,
            "username": account.username,
            "name": account.name,
            "biography": account.biography,
            "website": account.website,
            "profile_picture_url": f"https://media.sandbox.invalid/{account.id}.jpg?oe={int(now) + 86_400:X}",
            "followers_count": followers(account, now),
            "follows_count": account.follows,
            "id": account.id,
        }
        asked = {field.name: field for field in fields}
        if "media_count" in asked:
            values["media_count"] = len(media(account, self.seed, now))
        if "media" in asked:
            values["media"] = self._media(account, asked["media"], now)
        return _only([*asked, "id"], values)

    def _media(self, account: Account, field: Field, now: float) -> dict[str, Any]:
        published = media(account, self.seed, now)
        limit = min(max(_whole(field, "limit", DEFAULT_LIMIT), 1), MOST_LIMIT)
        numbers = published.numbers.tolist()
        start = _start(numbers, field.modifiers.get("after", ""))
        rows = zip(
            numbers[start : start + limit], published.created[start : start + limit].tolist(), strict=True
        )
        data = [
            _medium(media_values(account, self.seed, number, created, now), field.fields)
            for number, created in rows
        ]
        cursors = {"before": _cursor(numbers[start])} if start and data else {}
        if start + limit < len(numbers):
            cursors["after"] = _cursor(numbers[start + limit - 1])
        return {"data": data, **({"paging": {"cursors": cursors}} if cursors else {})}


def _token(request: Request) -> str:
    """The caller's token, from the query or the header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return request.query_params.get("access_token") or (token if scheme.lower() == "bearer" else "")


def _medium(values: dict[str, Any], fields: tuple[Field, ...]) -> dict[str, Any]:
    children = next((field for field in fields if field.name == "children"), None)
    for field in fields:
        if field.name not in values:
            raise _no_such_field(field.name, "ShadowIGMedia")
    if children is not None and values["children"]:
        names = [field.name for field in children.fields]
        for name in names:
            if name not in CHILD_FIELDS:
                raise _no_such_field(name, "ShadowIGMedia")
        values = {**values, "children": {"data": [_only([*names, "id"], one) for one in values["children"]]}}
    return _only([*(field.name for field in fields), "id"], values)


def _only(names: list[str], values: dict[str, Any]) -> dict[str, Any]:
    """What was asked for and is there; nothing else, and nothing empty."""
    return {name: values[name] for name in dict.fromkeys(names) if values.get(name) not in (None, "")}


def _start(numbers: list[int], after: str) -> int:
    """The place after the medium that a cursor names."""
    if not after:
        return 0
    try:
        last = int(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode("ascii"), 36)
    except ValueError as exc:
        raise GraphError(100, "(#100) param after must be a valid cursor") from exc
    return next((place for place, number in enumerate(numbers) if number < last), len(numbers))


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(base36(number).encode()).decode().rstrip("=")


def _whole(field: Field, name: str, otherwise: int) -> int:
    text = field.modifiers.get(name, "")
    if text and not text.isdecimal():
        raise GraphError(100, f"(#100) Param {name} must be an integer")
    return int(text) if text else otherwise


def _no_such_field(name: str, node: str) -> GraphError:
    return GraphError(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")


def _json(value: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(value), media_type="application/json; charset=UTF-8")


def _usage(used: int, limit: int, reset: int) -> dict[str, str]:
    """Percent of what is allowed, as whole numbers; minutes until it may go on."""
    share = 100 * used // limit
    shares = {"call_count": share, "total_cputime": share // 4, "total_time": share // 3}
    business = {
        "type": "instagram",
        **shares,
        "estimated_time_to_regain_access": -(-reset // 60) if used > limit else 0,
    }
    return {
        "X-App-Usage": orjson.dumps(shares).decode(),
        "X-Business-Use-Case-Usage": orjson.dumps({"100000000000003": [business]}).decode(),
    }


def _used_up(used: int, limit: int, reset: int) -> Response:
    answer = graph_refusal(GraphError(4, "(#4) Application request limit reached"))
    answer.headers.update(_usage(used, limit, reset))
    return answer


WINDOW = Window(WINDOW_SECONDS, _usage, _used_up)
