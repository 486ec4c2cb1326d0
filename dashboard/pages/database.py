"""What PostgreSQL does, what is wrong with it, and what to do about it."""

from dashboard import time_axis
from dashboard.data import postgresql
from dashboard.database import choice, connections, slow_log, statements

axis = time_axis.show()
name = choice.database()
views = {
    "Statements": lambda: statements.show(axis),
    "Slow statements": lambda: slow_log.show(axis),
    "Connections": lambda: connections.show(name),
}
if name != postgresql.OWN:  # whose statements are not ours to time
    del views["Slow statements"]
views[choice.view(list(views))]()
