"""How a plan reads tables: from where, under which conditions, in which order wanted, how often."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.advice.conditions import Condition, SortKey, parts, plain, sort_key, understood
from db.generic_plans import Plan

SCANS = {"Seq Scan", "Index Scan", "Bitmap Heap Scan", "Index Only Scan"}
SORTS = {"Sort", "Incremental Sort"}
HANDING_ON = {"Gather", "Gather Merge", "Result", "Append", "Merge Append", "LockRows", "Subquery Scan"}
KEEPING = {"Hash", "Materialize", "Memoize", "Sort", "Gather", "Gather Merge"}
JOINS = {"Nested Loop", "Hash Join", "Merge Join"}
LOOKED_UP = {"Inner": ("Inner", "Outer"), "Left": ("Inner",), "Semi": ("Inner",), "Anti": ("Inner",)}
LOOKED_UP |= {"Right": ("Outer",), "Right Semi": ("Outer",), "Right Anti": ("Outer",)}
BEFORE_READING = ("Index Cond", "Recheck Cond")


@dataclass(frozen=True, slots=True)
class Scan:
    """One table as a plan reads it.

    Attributes:
        indexes: by which ones it is read; none where all of it is.
        served: what they are used for.
        is_served_understood: whether that is all that they are used for.
        conditions: all that a B-tree could serve, those of `served` among them.
        joined: those of the join right above, which are asked once for each of `joined_rows` rows of another table.
        is_all_understood: whether nothing else is asked of its rows.
        texts: every condition, understood or not, without the table's alias.
        order: by what its rows are sorted for a LIMIT right above.
        limit_rows: of that LIMIT.
        rows: how many it gives at a time, as PostgreSQL estimates.
        loops: how often it is read.
        cost: of all that together.
        ordered_cost: of it with sorting it.
        share: of what it would give is read, because a LIMIT ends it.
    """

    schema: str
    table: str
    alias: str
    indexes: frozenset[str]
    served: tuple[Condition, ...]
    is_served_understood: bool
    conditions: tuple[Condition, ...]
    joined: tuple[Condition, ...]
    is_all_understood: bool
    texts: frozenset[str]
    order: tuple[SortKey, ...]
    limit_rows: float | None
    joined_rows: float
    rows: float
    loops: float
    cost: float
    ordered_cost: float
    share: float


@dataclass(frozen=True, slots=True)
class _Above:
    """What the nodes above want of the one below."""

    order: tuple[SortKey, ...] = ()
    limit_rows: float | None = None
    joined: tuple[Condition, ...] = ()
    joined_rows: float = 1.0
    loops: float = 1.0
    ordered_cost: float = 0.0
    workers: int = 0

    def anew(self, loops: float | None = None) -> "_Above":
        """What is below nodes that make something else of rows; it is read as often all the same."""
        return _Above(loops=self.loops if loops is None else loops, workers=self.workers)


def total_cost(plan: Plan) -> float:
    """Of a whole statement, in PostgreSQL's units."""
    return float(plan[0]["Plan"]["Total Cost"])


def indexes_used(plan: Plan) -> set[str]:
    """The names of all indexes in a plan."""
    return {node["Index Name"] for node in _nodes(plan[0]["Plan"]) if "Index Name" in node}


def scans(plan: Plan) -> Iterator[Scan]:
    """Every reading of a table."""
    yield from _walk(plan[0]["Plan"], _Above(), total_cost(plan))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _walk(node: dict[str, Any], above: _Above, whole: float) -> Iterator[Scan]:
    if node["Node Type"] in SCANS and "Schema" in node:
        yield _scan(node, above, whole)
    for child in node.get("Plans", ()):
        yield from _walk(child, _below(node, child, above), whole)


def _scan(node: dict[str, Any], above: _Above, whole: float) -> Scan:
    alias = node["Alias"]
    served = _mine(alias, *(node.get(name, "") for name in BEFORE_READING))
    filtered = _mine(alias, node.get("Filter", ""))
    cost = float(node["Total Cost"]) * above.loops
    return Scan(
        schema=node["Schema"],
        table=node["Relation Name"],
        alias=alias,
        indexes=frozenset(one["Index Name"] for one in _nodes(node) if "Index Name" in one),
        served=served,
        is_served_understood=_are_understood(*(node.get(name, "") for name in BEFORE_READING)),
        conditions=(*served, *filtered),
        joined=tuple(one for one in above.joined if one.alias == alias),
        is_all_understood=_are_understood(node.get("Filter", "")),
        texts=_texts(node),
        order=above.order if all(_is_of(key.alias, alias) for key in above.order) else (),
        limit_rows=above.limit_rows,
        joined_rows=above.joined_rows,
        rows=float(node["Plan Rows"]) * (_shares(above.workers) if node.get("Parallel Aware") else 1),
        loops=above.loops,
        cost=min(cost, whole),
        ordered_cost=min(max(above.ordered_cost * above.loops, cost), whole),
        share=min(1.0, whole / cost) if cost else 1.0,
    )


def _shares(workers: int) -> float:
    """In how many parts PostgreSQL divides what it reads in parallel: the leader has less time the more it leads."""
    return workers + max(1 - 0.3 * workers, 0) if workers else 1


def _mine(alias: str, *texts: str) -> tuple[Condition, ...]:
    found = (one for text in texts for part in parts(text) if part for one in understood(part))
    return tuple(one for one in found if one.alias == alias)


def _are_understood(*texts: str) -> bool:
    return all(any(understood(part)) for text in texts for part in parts(text) if part)


def _texts(node: dict[str, Any]) -> frozenset[str]:
    """The conditions that a partial index may be made for; what is compared with anything is not null either."""
    alias, found = node["Alias"], set()
    for name in (*BEFORE_READING, "Filter"):
        for part in parts(node.get(name, "")):
            found.add(plain(part, alias))
            found |= {f"{one.column} IS NOT NULL" for one in understood(part) if one.kind != "null"}
    return frozenset(found)


def _is_of(key_alias: str, alias: str) -> bool:
    """A partition goes by its parent's alias with a number."""
    return key_alias == alias or alias.rpartition("_")[0] == key_alias


def _below(node: dict[str, Any], child: dict[str, Any], above: _Above) -> _Above:
    kind, relation = node["Node Type"], child.get("Parent Relationship")
    if relation == "SubPlan":
        return above.anew(above.loops * max(1.0, float(node["Plan Rows"])))
    if relation == "InitPlan":
        return above.anew()
    if kind == "Limit":
        return replace(above.anew(), limit_rows=float(node["Plan Rows"]))
    if "Workers Planned" in node:
        return replace(above, workers=int(node["Workers Planned"]))
    if kind in SORTS and above.limit_rows is not None:
        return replace(above, order=_order(node["Sort Key"]), ordered_cost=float(node["Total Cost"]))
    if kind in JOINS and relation in ("Outer", "Inner"):
        return _below_join(node, child, above)
    if kind in HANDING_ON:
        return above
    return replace(above, order=(), limit_rows=None) if kind in KEEPING else above.anew()


def _order(keys: Sequence[str]) -> tuple[SortKey, ...]:
    """All of a sort's keys, or none where one is no column: an index in part of the order would not do."""
    found = [sort_key(key) for key in keys]
    known = tuple(key for key in found if key is not None)
    return known if len(known) == len(found) else ()


def _below_join(node: dict[str, Any], child: dict[str, Any], above: _Above) -> _Above:
    relation = child["Parent Relationship"]
    sibling = "Inner" if relation == "Outer" else "Outer"
    other = next(one for one in node["Plans"] if one["Parent Relationship"] == sibling)
    loops = above.loops
    if node["Node Type"] == "Nested Loop" and relation == "Inner" and child["Node Type"] != "Materialize":
        loops *= max(1.0, float(other["Plan Rows"]))
    joined: tuple[Condition, ...] = ()
    if relation in LOOKED_UP.get(node.get("Join Type", "Inner"), ()):
        texts = (node.get(name, "") for name in ("Hash Cond", "Merge Cond", "Join Filter"))
        found = (one for text in texts for part in parts(text) if part for one in understood(part))
        joined = tuple(one for one in found if one.kind == "equal" and one.others)
    if other["Plan Rows"] > 1:  # else what is joined stays in its order
        above = above.anew()
    return replace(above, joined=joined, joined_rows=max(1.0, float(other["Plan Rows"])), loops=loops)
