"""What PostgreSQL does, what is wrong with it, and what to do about it."""

from dashboard import choosing, said, time_axis
from dashboard.data import postgresql
from dashboard.database import (
    choice,
    connections,
    health,
    indexes,
    reports,
    slow_log,
    statements,
    workload,
)

axis = time_axis.show()
said.tell()
name = choice.database()
is_own = name == postgresql.OWN  # the others' statements are not ours to time
match choosing.view(
    ["Health", "Statements", *["Slow statements"] * is_own, "Indexes", "Connections", "Reports"], "view"
):
    case "Health":
        health.show(name, axis)
    case "Statements":
        if is_own:
            statements.show(axis)
        workload.show(name)
    case "Slow statements":
        slow_log.show(axis)
    case "Indexes":
        indexes.show(name)
    case "Reports":
        reports.show(name)
    case _:
        connections.show(name, axis)
