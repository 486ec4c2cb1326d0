"""Errors as problem+json (RFC 9457), naming the field and how to mend it."""

from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from db.errors import DatabaseDown
from db.subreddits import BadCursor

RETRY_AFTER_SECONDS = 5


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """One problem+json answer."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    return Response(
        orjson.dumps(body), status_code=status, media_type="application/problem+json", headers=headers
    )


async def _invalid(request: Request, exc: RequestValidationError) -> Response:
    errors = [
        {
            "in": str(error["loc"][0]),
            "field": _field(error),
            "message": error["msg"].removeprefix("Value error, "),
        }
        for error in exc.errors()
    ]
    detail = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
    return problem(422, "Unusable input", detail, errors=errors)


def _field(error: dict[str, Any]) -> str:
    """The place of the error, such as `communities.0.name`; what is no JSON has no fields."""
    place = [] if error["type"] == "json_invalid" else error["loc"][1:]
    return ".".join(map(str, place)) or "body"


async def _bad_cursor(request: Request, exc: BadCursor) -> Response:
    errors = [{"in": "query", "field": "cursor", "message": str(exc)}]
    return problem(400, "Unusable input", f"cursor: {exc}", errors=errors)


async def _database_down(request: Request, exc: DatabaseDown) -> Response:
    return problem(503, "Database down", f"PostgreSQL does not answer: {exc}")


async def _http_error(request: Request, exc: HTTPException) -> Response:
    answer = problem(exc.status_code, _TITLES.get(exc.status_code, "Error"), str(exc.detail))
    answer.headers.update(exc.headers or {})  # a 405 has to say which methods are allowed
    return answer


async def _crash(request: Request, exc: Exception) -> Response:
    return problem(500, "Internal error", "something failed in Subpulse; its log says what")


_TITLES = {403: "Forbidden", 404: "Not found", 405: "Method not allowed"}


def handle_problems(app: FastAPI) -> None:
    """Let every error of the application's routes be answered as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(BadCursor, _bad_cursor)  # type: ignore[arg-type]
    app.add_exception_handler(DatabaseDown, _database_down)  # type: ignore[arg-type]
    app.add_exception_handler(StarletteHTTPException, _http_error)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _crash)
