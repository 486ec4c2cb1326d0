"""Settings that are wrong whatever the load, and those that do not fit the machine or what was counted.

Nothing is said about what only a test could tell: `random_page_cost` (is it a solid-state disk?), `jit`, time-outs.
Our embedded PostgreSQL runs with small defaults on purpose, beside the process that it serves: its `shared_buffers`
count as too small only once blocks are missed in a database that is larger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from psycopg.conninfo import conninfo_to_dict

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding, Severity
from db.diagnosis.health import Counters
from db.diagnosis.target import Target, question
from db.diagnosis.words import size

SHARED_BUFFERS_SHARE = 0.25  # PostgreSQL's manual, "Resource Consumption": a reasonable start
TOO_LARGE_SHARED_BUFFERS_SHARE = 0.6  # the same: more than 40 % is unlikely to work better
OFF: Mapping[str, tuple[Severity, str]] = {
    "fsync": ("bad", "a crash of the machine can destroy the whole database"),
    "full_page_writes": ("bad", "a crash of the machine can leave pages that are half old and half new"),
    "autovacuum": ("bad", "tables grow without end, statistics go stale, and transaction ids run out"),
    "track_counts": ("bad", "autovacuum does not see what it has to do"),
    "track_activities": ("watch", "what connections do cannot be seen, here or anywhere"),
}
ON: Mapping[str, tuple[Severity, str]] = {
    "zero_damaged_pages": ("bad", "rows of a damaged page vanish without a word"),
    "ignore_checksum_failure": ("bad", "damaged pages are read as if they were sound"),
}
COMPARED = (
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "max_connections",
    "superuser_reserved_connections",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the server; `usual` is what it would be if nobody had chosen, `bytes` None where it is no size."""

    name: str
    setting: str
    usual: str | None
    pending_restart: bool
    bytes: int | None

    @property
    def is_chosen(self) -> bool:
        """Whether somebody meant it; a default is no opinion on this machine."""
        return self.setting != self.usual


@answered
async def settings(target: Target) -> list[Setting]:
    """Those that are judged."""
    async with question(target) as session:
        rows = await session.rows("diagnosis_configuration.settings", names=[*OFF, *ON, *COMPARED])
    return [Setting(**row) for row in rows]


def runs_here(target: Target) -> bool:
    """Whether the server is on this machine, by how it is reached: only then may its memory be compared."""
    parts = conninfo_to_dict(target.db.conninfo())
    hosts = str(parts.get("host") or parts.get("hostaddr") or "/").split(",")
    return all(host in ("", "localhost") or host.startswith("/") or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def judged(
    found: Sequence[Setting],
    counters: Counters | None = None,
    memory_bytes: int | None = None,
    pool_size: int | None = None,
) -> list[Finding]:
    """What is wrong with settings.

    Args:
        counters: what the database has counted; without them nothing is said about too small a cache.
        memory_bytes: of the machine or container the server runs in; None where it is not known, and then nothing is
            compared with it.
        pool_size: connections that we ourselves may open.
    """
    by_name = {one.name: one for one in found}
    findings = [one for setting in found if (one := _switched(setting)) is not None]
    findings += [_waits(setting) for setting in found if setting.pending_restart]
    if memory_bytes is not None:
        findings += _against_memory(by_name, counters, memory_bytes)
    return findings + _against_each_other(by_name, pool_size)


def _switched(one: Setting) -> Finding | None:
    """A switch that should be the other way."""
    usual = "off" if one.name in ON else "on"
    severity, why = (ON if one.name in ON else OFF).get(
        one.name, ("watch", "plans for everybody do without it")
    )
    is_switch = one.name in ON or one.name in OFF or (one.name.startswith("enable_") and one.usual == "on")
    if not is_switch or one.setting not in ("on", "off") or one.setting == usual:
        return None
    return Finding(
        severity, f"{one.name} is {one.setting}", f"{why[0].upper()}{why[1:]}.", *_change(one, usual)
    )


def _change(one: Setting, value: str) -> tuple[str, str]:
    """What sets it, and what sets it back."""
    there, back = (
        f"ALTER SYSTEM SET {one.name} = '{each}'; SELECT pg_reload_conf()" for each in (value, one.setting)
    )
    return there, back


def _waits(one: Setting) -> Finding:
    return Finding(
        "watch",
        f"{one.name} waits for a restart",
        f"It was changed and is still {one.setting}: PostgreSQL takes it up when it is started again.",
    )


def _against_memory(
    by_name: Mapping[str, Setting], counters: Counters | None, memory_bytes: int
) -> list[Finding]:
    shared, cache, work, connections = (_number(by_name, name) for name in COMPARED[:4])
    findings = []
    if shared > TOO_LARGE_SHARED_BUFFERS_SHARE * memory_bytes:
        findings.append(
            _compared(
                "shared_buffers is too large",
                f"{size(shared)} of {size(memory_bytes)} leave too little for everything else; more than "
                f"{100 * TOO_LARGE_SHARED_BUFFERS_SHARE:.0f} % is too much.",
            )
        )
    if counters is not None and counters.misses_much and counters.bytes > shared:
        enough = int(SHARED_BUFFERS_SHARE * memory_bytes)
        if shared < enough:
            findings.append(
                Finding(
                    "watch",
                    "shared_buffers is small",
                    f"The database has {size(counters.bytes)}, {100 - (counters.hit_percent or 0):.1f} % of the "
                    f"blocks asked for were not in its {size(shared)}, and the machine has {size(memory_bytes)}; "
                    f"{100 * SHARED_BUFFERS_SHARE:.0f} % of that are a good start. It takes a restart.",
                    f"ALTER SYSTEM SET shared_buffers = '{enough // 2**20}MB'",
                    f"ALTER SYSTEM SET shared_buffers = '{shared // 2**20}MB'",
                )
            )
    if cache > memory_bytes and by_name["effective_cache_size"].is_chosen:
        findings.append(
            _compared(
                "effective_cache_size is too large",
                f"Plans count on {size(cache)} of cache where the machine has {size(memory_bytes)} in all.",
            )
        )
    is_chosen = by_name["work_mem"].is_chosen or by_name["max_connections"].is_chosen
    if is_chosen and work * connections > memory_bytes - min(shared, memory_bytes):
        findings.append(
            _compared(
                "work_mem is too large",
                f"{size(work)} for a sort of each of {connections} connections are more than the "
                f"{size(memory_bytes)} there are.",
            )
        )
    return findings


def _against_each_other(by_name: Mapping[str, Setting], pool_size: int | None) -> list[Finding]:
    shared, cache, _, connections, reserved = (_number(by_name, name) for name in COMPARED)
    findings = []
    if cache < shared:
        findings.append(
            _compared(
                "effective_cache_size is too small",
                f"Plans count on {size(cache)} of cache, and shared_buffers alone has {size(shared)}.",
            )
        )
    if pool_size is not None and pool_size > connections - reserved:
        findings.append(
            _compared(
                "max_connections is too small",
                f"The server has {connections - reserved} connections to give, and each process of Subpulse may want "
                f"{pool_size}: lower DATABASE_POOL_SIZE, or raise max_connections and restart PostgreSQL.",
            )
        )
    return findings


def _compared(title: str, sentence: str) -> Finding:
    return Finding("watch", title, sentence)


def _number(by_name: Mapping[str, Setting], name: str) -> int:
    one = by_name[name]
    return int(one.setting) if one.bytes is None else one.bytes
