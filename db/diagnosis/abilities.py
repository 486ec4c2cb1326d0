"""What a server has and lets us see; what is lacking is told with its remedy, once, and is no error."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow

from db.diagnosis.target import LOCK_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_SECONDS, Target, question

STATEMENTS = "pg_stat_statements"
HYPOTHETICAL = "hypopg"
OLDEST_STATEMENTS = (1, 9)  # the first that tells since when it counts; PostgreSQL 15 brings 1.10

UNKNOWN_THERE = (  # a service that calls itself PostgreSQL may lack a part of it; a library may not be loaded
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that would let us see or do more: what, why it matters, and the SQL or setting that brings it."""

    what: str
    sentence: str
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Instead of an answer: why there is none, and the SQL or setting that would bring it."""

    reason: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server has and lets us see.

    Attributes:
        version: of PostgreSQL, as in 150018 for 15.18.
        role: as whom we are there.
        extensions: version by name, of those created in this database.
        schemas: where each of them keeps its functions.
        available: version by name, of those that can be created.
        may_cancel: whether statements of other roles may be cancelled and connections ended; superusers' only by
            superusers.
        shared_preload_libraries: None where we may not see them.
        times_reading: whether PostgreSQL notes how long it reads and writes blocks (`track_io_timing`).
    """

    version: int
    role: str
    extensions: Mapping[str, str]
    schemas: Mapping[str, str]
    available: Mapping[str, str]
    is_superuser: bool
    may_read_all_stats: bool
    may_cancel: bool
    shared_preload_libraries: Sequence[str] | None
    times_reading: bool
    lacking: Sequence[Lack]

    def lack_of(self, what: str) -> Unanswered | None:
        """Why a question that needs it has no answer; None when it is there."""
        return next(
            (Unanswered(lack.sentence, lack.remedy) for lack in self.lacking if lack.what == what), None
        )


async def abilities(target: Target) -> Abilities:
    """What this server has and lets us see. Needs no privilege.

    Raises:
        DatabaseDown: the server is away.
    """
    async with question(target) as session:
        role = await session.row("diagnosis_abilities.role")
        extensions = await session.rows("diagnosis_abilities.extensions")
    assert role is not None
    preloaded = role["preloaded"]
    libraries = (
        None if preloaded is None else tuple(one.strip() for one in preloaded.split(",") if one.strip())
    )
    installed = [row for row in extensions if row["installed"] is not None]
    return Abilities(
        version=role["version"],
        role=role["role"],
        extensions={row["name"]: row["installed"] for row in installed},
        schemas={row["name"]: row["schema"] for row in installed},
        available={row["name"]: row["available"] for row in extensions if row["available"] is not None},
        is_superuser=role["is_superuser"],
        may_read_all_stats=role["may_read_all_stats"],
        may_cancel=role["may_cancel"],
        shared_preload_libraries=libraries,
        times_reading=role["times_reading"],
        lacking=_lacking(role, {row["name"]: row for row in extensions}, libraries),
    )


def _lacking(
    role: DictRow, extensions: Mapping[str, DictRow], libraries: Sequence[str] | None
) -> tuple[Lack, ...]:
    found = [
        _lack_of_statements(role, extensions.get(STATEMENTS), libraries),
        _lack_of_hypothetical_indexes(role, extensions.get(HYPOTHETICAL)),
    ]
    if not role["may_read_all_stats"]:
        found.append(
            Lack(
                "pg_monitor",
                f"What other roles run, and some settings, are hidden from {role['role']}.",
                f"GRANT pg_monitor TO {role['quoted_role']}",
            )
        )
    if not role["may_cancel"]:
        found.append(
            Lack(
                "pg_signal_backend",
                f"{role['role']} may cancel statements and end connections of its own only.",
                f"GRANT pg_signal_backend TO {role['quoted_role']}",
            )
        )
    if not role["times_reading"]:
        found.append(
            Lack(
                "track_io_timing",
                "How long PostgreSQL reads from disk is not known: track_io_timing is off.",
                "ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf()",
            )
        )
    return tuple(lack for lack in found if lack is not None)


def _lack_of_statements(
    role: DictRow, extension: DictRow | None, libraries: Sequence[str] | None
) -> Lack | None:
    """Why pg_stat_statements does not answer; None when it does, as far as can be seen."""
    unseen = "What other clients run is not counted"
    create = f"CREATE EXTENSION {STATEMENTS}"
    if extension is None:
        return Lack(
            STATEMENTS,
            f"{unseen}: this server has no {STATEMENTS}, which is among PostgreSQL's contrib modules.",
            None,
        )
    is_created = extension["installed"] is not None
    if libraries is not None and STATEMENTS not in libraries:
        preload = f"{_preload([*libraries, STATEMENTS])}; -- then restart PostgreSQL"
        return Lack(
            STATEMENTS,
            f"{unseen}: {STATEMENTS} is not in shared_preload_libraries.",
            preload if is_created else f"{preload}, and:\n{create}",
        )
    if not is_created:
        return Lack(STATEMENTS, f"{unseen}: {STATEMENTS} is not created in this database.", create)
    if not extension["reachable"]:
        return Lack(
            STATEMENTS,
            f"{unseen}: {role['role']} may not use the schema {extension['schema']} of {STATEMENTS}.",
            f"GRANT USAGE ON SCHEMA {extension['quoted_schema']} TO {role['quoted_role']}",
        )
    if _numbers(extension["installed"]) < OLDEST_STATEMENTS:
        return Lack(
            STATEMENTS,
            f"{unseen}: {STATEMENTS} {extension['installed']} is too old.",
            f"ALTER EXTENSION {STATEMENTS} UPDATE",
        )
    return None


def _lack_of_hypothetical_indexes(role: DictRow, extension: DictRow | None) -> Lack | None:
    unknown = "Whether PostgreSQL would use an index is not known before it is made"
    if extension is None:
        return Lack(
            HYPOTHETICAL,
            f"{unknown}: this server has no hypopg, which is a package of its own, as postgresql-"
            f"{role['version'] // 10000}-hypopg on Debian.",
            None,
        )
    if extension["installed"] is None:
        return Lack(
            HYPOTHETICAL, f"{unknown}: hypopg is not created in this database.", "CREATE EXTENSION hypopg"
        )
    return None


def _preload(libraries: Sequence[str]) -> str:
    """Each in quotes of its own: PostgreSQL would take `'a, b'` for one library."""
    quoted = ", ".join("'" + library.replace("'", "''") + "'" for library in libraries)
    return f"ALTER SYSTEM SET shared_preload_libraries = {quoted}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def answered(
    ask: Callable[Concatenate[Target, P], Awaitable[R]],
) -> Callable[Concatenate[Target, P], Awaitable[R | Unanswered]]:
    """Make of a refusal, and of an answer that takes too long, a value that says so."""

    @wraps(ask)
    async def answer(target: Target, /, *args: P.args, **kwargs: P.kwargs) -> R | Unanswered:
        try:
            return await ask(target, *args, **kwargs)
        except psycopg.errors.InsufficientPrivilege as exc:
            return Unanswered(f"PostgreSQL refuses: {_first_line(exc)}.", granting(target, "pg_monitor"))
        except psycopg.errors.QueryCanceled:
            return Unanswered(f"PostgreSQL had no answer within {STATEMENT_TIMEOUT_SECONDS:.0f} s.")
        except psycopg.errors.LockNotAvailable:
            return Unanswered(
                f"What holds the answer is locked, and was not free within {LOCK_TIMEOUT_SECONDS:.0f} s."
            )
        except UNKNOWN_THERE as exc:
            return Unanswered(f"This server does not know that: {_first_line(exc)}.")

    return answer


def granting(target: Target, right: str) -> str | None:
    """What gives our role there that predefined role; None where its name is only known to the server."""
    role = conninfo_to_dict(target.db.conninfo()).get("user")
    return f"GRANT {right} TO {sql.Identifier(str(role)).as_string()}" if role else None


def _first_line(exc: psycopg.Error) -> str:
    return (exc.diag.message_primary or str(exc)).rstrip(".")
