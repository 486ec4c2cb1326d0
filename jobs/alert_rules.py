"""When an alert fires and when it is over: pure, so that every case can be tested.

A rule fires after `fire_after` readings in a row above `fire_above` and is over after `clear_after` in a row below
`clear_below`. The gap between the two thresholds is what keeps it from flapping.
"""

from dataclasses import dataclass

from db.alerts import State


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds in the unit of the readings, here per cent."""

    name: str
    fire_above: float
    clear_below: float
    fire_after: int = 2
    clear_after: int = 2


MEMORY = Rule("memory", fire_above=80.0, clear_below=75.0)

SOURCE = Rule("source", fire_above=99.0, clear_below=50.0, fire_after=12)
"""Per cent of a source's latest requests that failed; a minute of readings, as one bad moment is no news."""


PAGES = {"memory": "system", "source": "sources", "probe": "probes"}


def page_of(rule: str) -> str:
    """The page that says more of what fires: a rule's first word is what it watches."""
    return PAGES.get(rule.split()[0], "")


class Streak:
    """Readings in a row that speak for leaving the present state."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._count = 0

    def reading(self, state: State, value: float) -> State:
        """The state after this reading; the same one until enough of them agree."""
        rule = self.rule
        if state == "ok":
            leaving, enough, other = value > rule.fire_above, rule.fire_after, "firing"
        else:
            leaving, enough, other = value < rule.clear_below, rule.clear_after, "ok"
        self._count = self._count + 1 if leaving else 0
        if self._count < enough:
            return state
        self._count = 0
        return "firing" if other == "firing" else "ok"
