"""How long a start takes: from exec of `python app.py` to the first 200 from /health.

Against a data folder that exists (a first start makes it and is not counted), bytecode compiled, PostgreSQL
stopped in between as a clean end of the process stops it. Neither process nor PostgreSQL is pinned. The slowest
counts.
"""

from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median

GOAL_SECONDS = 5.0
STARTS = 5


def run(lab: Lab) -> list[Reading]:
    with lab.subpulse() as server:
        first = server.seconds_to_start
    seconds = []
    for _ in range(2 if lab.quick else STARTS):
        with lab.subpulse() as server:
            seconds.append(server.seconds_to_start)
    return [
        Reading(
            "Start to first 200, slowest",
            max(seconds),
            "s",
            Goal(GOAL_SECONDS),
            {"median_s": median(seconds), "first_start_s": first, "starts_s": seconds},
        )
    ]
