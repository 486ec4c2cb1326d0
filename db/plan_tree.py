"""A plan as a tree that can be drawn: each node with what it costs by itself, and the costliest marked."""

from dataclasses import dataclass
from typing import Any

import orjson

LONG_READ_COST = 1_000.0  # a table that is read whole at less than this is small
LONG_READ_SHARE = 0.3  # of the plan's cost
MANY_LOOPS = 100
SORT_BYTES = 4 * 2**20  # PostgreSQL's own work_mem
CONDITIONS = (
    "Index Cond",
    "Hash Cond",
    "Merge Cond",
    "Recheck Cond",
    "TID Cond",
    "Join Filter",
    "One-Time Filter",
    "Filter",
)
KEYS = ("Sort Key", "Group Key")


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A step of a plan; costs in PostgreSQL's own unit (a page read in order is 1).

    Attributes:
        kind: what it does, such as `Index Scan`, `Hash Left Join`, `Insert`.
        target: the table, function or CTE that it reads or writes.
        rows: that it is expected to give each time it runs.
        cost: in all, each time it runs, with its children, as EXPLAIN tells it.
        own_cost: of all times it runs, without its children; own costs of a whole tree add up to the root's cost.
        own_share: the same as a share (0 to 1) of the root's cost.
        costliest: whether no other node has a higher own cost.
        warning: what is likely wrong with it, as a sentence.
    """

    kind: str
    target: str | None
    index: str | None
    condition: str | None
    rows: int
    cost: float
    own_cost: float
    own_share: float
    children: list["PlanNode"]
    depth: int
    costliest: bool
    warning: str | None

    @property
    def walked(self) -> list["PlanNode"]:
        """The node and all below it, in the order in which they are drawn."""
        return [self, *(node for child in self.children for node in child.walked)]


@dataclass(slots=True)
class _Step:
    """A node on the way: what PostgreSQL says, what of the whole's cost falls to it, and how often it runs."""

    said: dict[str, Any]
    charged: float
    loops: float
    children: "list[_Step]"

    @property
    def own(self) -> float:
        return max(self.charged - sum(child.charged for child in self.children), 0.0)

    def walk(self) -> "list[_Step]":
        return [self, *(step for child in self.children for step in child.walk())]


def tree(plan: Any) -> PlanNode:
    """What EXPLAIN (FORMAT JSON) answered, as a tree."""
    said = (orjson.loads(plan) if isinstance(plan, str | bytes) else plan)[0]["Plan"]
    root = _charged(said, said["Total Cost"], 1.0)
    dearest = max(root.walk(), key=lambda step: step.own)
    return _node(root, None, root.charged, dearest, 0)


def _charged(said: dict[str, Any], charged: float, loops: float) -> _Step:
    """Share a node's cost out to the nodes below it.

    A child's share is its own total times how often it runs: the inner side of a nested loop for each row of the
    outer one, a subplan for each row. Where the children would have more than there is (under a LIMIT, a merge that
    ends early, or workers side by side), each gets its part of it. So no own cost is negative, and nothing is counted
    twice; the scan of a CTE costs what reading it again costs, the CTE itself stands where it is made.
    """
    below = said.get("Plans", [])
    outer_rows = max(below[0]["Plan Rows"], 1) if below else 1
    times = [_loops(said, child, outer_rows) for child in below]
    whole = said["Total Cost"]
    factor = charged / whole if whole else 0.0
    nominal = [child["Total Cost"] * each * factor for child, each in zip(below, times, strict=True)]
    fits = min(charged / sum(nominal), 1.0) if sum(nominal) else 0.0
    return _Step(
        said,
        charged,
        loops,
        [
            _charged(child, cost * fits, loops * each)
            for child, cost, each in zip(below, nominal, times, strict=True)
        ],
    )


def _loops(said: dict[str, Any], child: dict[str, Any], outer_rows: float) -> float:
    relationship = child.get("Parent Relationship")
    if relationship == "SubPlan":
        return float(max(said["Plan Rows"], 1))
    is_repeated = relationship == "Inner" and said["Node Type"] == "Nested Loop"
    return float(outer_rows) if is_repeated else 1.0


def _node(step: _Step, above: _Step | None, whole: float, dearest: _Step, depth: int) -> PlanNode:
    said = step.said
    return PlanNode(
        kind=_kind(said),
        target=said.get("Relation Name") or said.get("CTE Name") or said.get("Function Name"),
        index=said.get("Index Name"),
        condition=_condition(said),
        rows=int(said["Plan Rows"]),
        cost=said["Total Cost"],
        own_cost=step.own,
        own_share=step.own / whole if whole else 0.0,
        children=[_node(child, step, whole, dearest, depth + 1) for child in step.children],
        depth=depth,
        costliest=step is dearest,
        warning=_warning(step, whole),
    )


def _kind(said: dict[str, Any]) -> str:
    kind: str = said["Node Type"]
    if kind == "ModifyTable":
        return str(said.get("Operation", kind))
    join = said.get("Join Type", "Inner")
    if join != "Inner":
        kind = kind.replace(" Join", f" {join} Join") if " Join" in kind else f"{kind} {join} Join"
    if said.get("Strategy") == "Hashed" and kind == "Aggregate":
        kind = "Hash Aggregate"
    return f"Parallel {kind}" if said.get("Parallel Aware") else kind


def _condition(said: dict[str, Any]) -> str | None:
    found = [str(said[name]) for name in CONDITIONS if name in said]
    found += [", ".join(map(str, said[name])) for name in KEYS if name in said]
    return " and ".join(found) or None


def _warning(step: _Step, whole: float) -> str | None:
    said, rows = step.said, step.said["Plan Rows"]
    if said["Node Type"] == "Seq Scan" and "Filter" in said:
        table = said.get("Relation Name", "a table")
        if step.loops >= MANY_LOOPS and step.own > LONG_READ_COST:
            return f"Reads all of {table} again for each of some {step.loops:,.0f} rows"
        if step.own > LONG_READ_COST and step.own > LONG_READ_SHARE * whole:
            return f"Reads all of {table} to keep some {rows:,} rows"
    size = rows * said.get("Plan Width", 0)
    if said["Node Type"] == "Sort" and size > SORT_BYTES:
        return f"Sorts some {size / 2**20:,.0f} MiB, which goes to disk where work_mem is less"
    return None


def summary(plan: Any) -> str:
    """A plan's nodes with their estimated cost and rows, indented by depth."""
    return "\n".join(
        f"{'  ' * node.depth}{node.kind} {node.target or node.index or ''}".rstrip()
        + f"  (cost {node.cost:,.0f}, rows {node.rows:,})"
        for node in tree(plan).walked
    )
