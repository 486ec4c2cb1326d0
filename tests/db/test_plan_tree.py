"""A plan as a tree: what each node costs by itself, which is the costliest, and what is likely wrong."""

from typing import Any

import orjson
import pytest

from db import plan_tree, plans
from db.database import Database
from db.plan_tree import PlanNode
from tests.stored import sql


def node(kind: str, cost: float, *below: dict[str, Any], rows: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "Node Type": kind,
        "Total Cost": cost,
        "Plan Rows": rows,
        "Plan Width": 8,
        "Plans": list(below),
        **more,
    }


def tree(root: dict[str, Any]) -> PlanNode:
    return plan_tree.tree([{"Plan": root}])


def own_costs(root: dict[str, Any]) -> dict[str, float]:
    walked = tree(root).walked
    assert sum(one.own_cost for one in walked) == pytest.approx(root["Total Cost"]), (
        "nothing twice, nothing lost"
    )
    assert sum(one.own_share for one in walked) == pytest.approx(1)
    assert [one.costliest for one in walked].count(True) == 1
    return {one.kind: pytest.approx(one.own_cost, abs=0.01) for one in walked}


PLAN = node(
    "Limit",
    1234.5,
    node("Seq Scan", 900, rows=1_000_000, **{"Relation Name": "posts"}),
    node(
        "Index Only Scan",
        0.4,
        node("CTE Scan", 0.3, rows=2, **{"CTE Name": "page"}),
        **{"Index Name": "posts_by_created", "Relation Name": "posts"},
    ),
    rows=50,
)
SUMMARY = """\
Limit  (cost 1,234, rows 50)
  Seq Scan posts  (cost 900, rows 1,000,000)
  Index Only Scan posts  (cost 0, rows 1)
    CTE Scan page  (cost 0, rows 2)"""


def test_nodes_are_indented_by_depth_with_their_target_cost_and_rows() -> None:
    assert plan_tree.summary([{"Plan": PLAN}]) == SUMMARY


def test_a_plan_as_text_is_read_too() -> None:
    assert plan_tree.summary(orjson.dumps([{"Plan": PLAN}])) == SUMMARY
    assert plan_tree.summary(orjson.dumps([{"Plan": PLAN}]).decode()) == SUMMARY


def test_what_a_node_costs_by_itself_is_without_its_children() -> None:
    found = own_costs(
        node("Sort", 130.0, node("Hash Join", 100.0, node("Seq Scan", 30.0), node("Hash", 60.0)))
    )
    assert found == {"Sort": 30, "Hash Join": 10, "Seq Scan": 30, "Hash": 60}


def test_under_a_limit_only_the_part_that_is_run_counts() -> None:
    found = own_costs(node("Limit", 5.0, node("Index Scan", 5000.0)))
    assert found == {"Limit": 0, "Index Scan": 5}


def test_the_inner_side_of_a_nested_loop_counts_for_each_row_of_the_outer() -> None:
    inner = node("Index Scan", 8.0, **{"Parent Relationship": "Inner"})
    outer = node("Seq Scan", 20.0, rows=100, **{"Parent Relationship": "Outer"})
    found = own_costs(node("Nested Loop", 825.0, outer, inner))
    assert found == {"Nested Loop": 5, "Seq Scan": 20, "Index Scan": 800}


def test_a_cte_costs_where_it_is_made_and_a_subplan_for_each_row() -> None:
    made = node("Seq Scan", 50.0, **{"Parent Relationship": "InitPlan", "Subplan Name": "CTE page"})
    scan = node("CTE Scan", 2.0, **{"CTE Name": "page"})
    assert own_costs(node("Sort", 55.0, made, scan)) == {"Seq Scan": 50, "CTE Scan": 2, "Sort": 3}
    sub = node("Index Scan", 8.0, **{"Parent Relationship": "SubPlan", "Subplan Name": "SubPlan 1"})
    found = own_costs(node("Seq Scan", 1000.0, sub, rows=100))
    assert found == {"Seq Scan": 200, "Index Scan": 800}


def test_workers_side_by_side_never_cost_more_than_the_whole() -> None:
    found = own_costs(
        node(
            "Gather",
            60.0,
            node(
                "Append", 50.0, node("Seq Scan", 45.0, **{"Parallel Aware": True}), node("Index Scan", 45.0)
            ),
        )
    )
    assert found == {"Gather": 10, "Append": 0, "Parallel Seq Scan": 25, "Index Scan": 25}


def test_a_plan_that_costs_nothing_has_no_shares() -> None:
    walked = tree(node("Result", 0.0, node("Result", 0.0))).walked
    assert [one.own_share for one in walked] == [0, 0]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"Node Type": "ModifyTable", "Operation": "Insert"}, "Insert"),
        ({"Node Type": "Hash Join", "Join Type": "Left"}, "Hash Left Join"),
        ({"Node Type": "Nested Loop", "Join Type": "Anti"}, "Nested Loop Anti Join"),
        ({"Node Type": "Nested Loop", "Join Type": "Inner"}, "Nested Loop"),
        ({"Node Type": "Aggregate", "Strategy": "Hashed"}, "Hash Aggregate"),
    ],
)
def test_kinds_are_told_as_postgresql_writes_them_for_people(said: dict[str, Any], kind: str) -> None:
    assert tree({"Total Cost": 1, "Plan Rows": 1, **said}).kind == kind


def test_a_table_that_is_read_whole_for_few_rows_is_warned_of() -> None:
    scan = node("Seq Scan", 9_000.0, rows=12, **{"Relation Name": "posts", "Filter": "(score > ?)"})
    (found,) = tree(node("Sort", 9_100.0, scan)).children
    assert (found.warning, found.condition) == ("Reads all of posts to keep some 12 rows", "(score > ?)")
    small = node("Seq Scan", 9.0, rows=12, **{"Relation Name": "posts", "Filter": "(score > ?)"})
    assert tree(small).warning is None
    assert tree(node("Seq Scan", 9_000.0, **{"Relation Name": "posts"})).warning is None, (
        "all of it is wanted"
    )


def test_a_table_that_is_read_again_for_each_row_is_warned_of() -> None:
    inner = node(
        "Seq Scan", 20.0, **{"Relation Name": "posts", "Filter": "(a = b)", "Parent Relationship": "Inner"}
    )
    outer = node("Seq Scan", 20.0, rows=5_000, **{"Parent Relationship": "Outer"})
    _, found = tree(node("Nested Loop", 100_100.0, outer, inner)).children
    assert found.warning == "Reads all of posts again for each of some 5,000 rows"


def test_a_sort_that_goes_to_disk_is_warned_of() -> None:
    found = tree(node("Sort", 500.0, rows=2_000_000, **{"Sort Key": ["score DESC", "id"]}))
    assert found.warning == "Sorts some 15 MiB, which goes to disk where work_mem is less"
    assert found.condition == "score DESC, id"


async def test_a_real_plan_becomes_a_tree(db: Database) -> None:
    text = "SELECT name FROM subreddits JOIN posts ON subreddit_id = subreddits.id WHERE score > %(score)s"
    plan, _ = await plans.explain(db, text, {"score": 5})
    root = plan_tree.tree(plan)
    walked = root.walked
    assert {"posts", "subreddits"} <= {one.target for one in walked}
    assert sum(one.own_cost for one in walked) == pytest.approx(root.cost)
    assert (root.depth, max(one.depth for one in walked)) == (0, 2)


async def test_every_plan_of_a_cte_with_partitions_adds_up(db: Database) -> None:
    await sql(db, "ANALYZE")
    for text in (
        "WITH page AS MATERIALIZED (SELECT * FROM job_runs) "
        "SELECT job, (SELECT count(*) FROM posts) FROM page LIMIT 3",
        "SELECT * FROM slow_queries ORDER BY at DESC LIMIT 10",
        "SELECT name, (SELECT max(score) FROM posts WHERE subreddit_id = s.id) FROM subreddits AS s",
    ):
        plan, missing = await plans.explain(db, text)
        assert missing is None
        root = plan_tree.tree(plan)
        assert sum(one.own_cost for one in root.walked) == pytest.approx(root.cost)
