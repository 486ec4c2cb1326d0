"""What PostgreSQL does, what is wrong with it, and what to do about it."""

from dashboard import time_axis
from dashboard.database import choice, connections

axis = time_axis.show()
name = choice.database()
view = choice.view(("Connections",))
connections.show(name)
