"""A report as Markdown. What comes from the server that is looked at is shown as it is, whatever it says."""

import re
from collections.abc import Iterable, Iterator, Sequence

from db.diagnosis.words import number, size
from db.reports import Costs, Report, StatementCost

MISSING = "—"
LONGEST_STATEMENT = 300  # signs of one in a table


def markdown(report: Report) -> str:
    """The whole report, a section each for what was found."""
    lines = [
        f"# Database {_plain(report.target)}, {report.at:%Y-%m-%d}",
        "",
        f"Made {report.at:%Y-%m-%d %H:%M} UTC.",
    ]
    if report.failure is not None:
        return "\n".join([*lines, "", f"**There is no report:** {_plain(report.failure)}", ""])
    for section in (
        _findings(report),
        _costs("What Subpulse ran", report.own),
        _costs("What others ran", report.others),
        _missing_indexes(report),
        _bloat(report),
        _stale(report),
        _unanswered(report),
    ):
        if told := list(section):
            lines += ["", *told]
    return "\n".join([*lines, ""])


def _findings(report: Report) -> Iterator[str]:
    yield "## Findings"
    yield ""
    if not report.findings:
        yield "Nothing is wrong with this database."
    for one in report.findings:
        yield f"- **{one.severity}: {_plain(one.title)}.** {_plain(one.sentence)}"
        yield from _code(one.remedy_sql)
        if one.undo_sql:
            yield "  To take it back:"
            yield from _code(one.undo_sql)


def _costs(title: str, costs: Costs | None) -> Iterator[str]:
    if costs is None:
        return
    yield f"## {title}"
    yield ""
    change = f"; to the time before: {costs.change}" if costs.change else ""
    yield (
        f"From {costs.since:%Y-%m-%d %H:%M} to {costs.until:%Y-%m-%d %H:%M} UTC: {number(costs.calls)} calls, "
        f"{costs.seconds:,.1f} s in all{change}."
    )
    if costs.statements:
        yield ""
        yield from _table(
            (
                "Statement",
                "In all (s)",
                "Share (%)",
                "To before",
                "Calls",
                "Mean (ms)",
                "To before",
                "p95 (ms)",
            ),
            (_cost(one) for one in costs.statements),
        )


def _cost(one: StatementCost) -> Sequence[str]:
    who = f" ({_plain(one.role)})" if one.role is not None else ""
    return (
        _verbatim(one.statement) + who,
        f"{one.seconds:,.2f}",
        f"{one.share_percent:.1f}",
        one.change or MISSING,
        number(one.calls),
        f"{1e3 * one.mean_seconds:,.2f}",
        one.mean_change or MISSING,
        MISSING if one.p95_seconds is None else f"{1e3 * one.p95_seconds:,.2f}",
    )


def _missing_indexes(report: Report) -> Iterator[str]:
    yield "## Missing indexes"
    yield ""
    if not report.missing_indexes:
        yield "No statement of these days lacks an index."
    for one in report.missing_indexes:
        yield f"- **{_plain(one.table)} ({_plain(', '.join(one.columns))}).** {_plain(one.reason)}"
        yield f"  It would take {size(one.size_bytes)}; the statements took {one.seconds:,.1f} s in all."
        yield from _code(one.sql)
        yield "  To take it back:"
        yield from _code(one.undo_sql)


def _bloat(report: Report) -> Iterator[str]:
    yield "## Bloat"
    yield ""
    if not report.bloat:
        yield "By estimate no table or index takes much more room than it needs."
        return
    yield from _table(
        ("Table or index", "Takes", "Not needed", "Share (%)"),
        (
            (_verbatim(one.name), size(one.bytes), size(one.wasted_bytes), f"{one.percent:.0f}")
            for one in report.bloat
        ),
    )


def _stale(report: Report) -> Iterator[str]:
    yield "## Statistics"
    yield ""
    if not report.stale:
        yield "The planner's statistics are fresh."
    for one in report.stale:
        done = "Analyzed." if one.not_analyzed is None else f"Not analyzed: {_plain(one.not_analyzed)}."
        yield f"- {_plain(one.sentence)} {done}"


def _unanswered(report: Report) -> Iterator[str]:
    if not report.unanswered:
        return
    yield "## Not known"
    yield ""
    for one in report.unanswered:
        yield f"- {_plain(one.reason)}"
        yield from _code(one.remedy)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        yield f"| {' | '.join(row)} |"


def _code(text: str | None) -> Iterator[str]:
    """A block below a list's entry, in a fence that the text does not hold."""
    if text is None:
        return
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    yield ""
    yield from (f"  {line}" for line in (f"{fence}sql", *text.splitlines(), fence))
    yield ""


def _verbatim(text: str) -> str:
    """Code within a table's cell."""
    folded = " ".join(text.split())
    short = folded if len(folded) <= LONGEST_STATEMENT else f"{folded[: LONGEST_STATEMENT - 1]}…"
    return f"`{short.replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def _plain(text: str) -> str:
    """Text whose signs mean nothing in Markdown or HTML; underscores within names do not either."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", " ".join(text.split()))
