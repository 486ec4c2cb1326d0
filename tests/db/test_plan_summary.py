import orjson

from db import telemetry
from db.database import Database
from db.measure import SlowQuery

PLAN = [
    {
        "Plan": {
            "Node Type": "Limit",
            "Total Cost": 1234.5,
            "Plan Rows": 50,
            "Plans": [
                {
                    "Node Type": "Seq Scan",
                    "Relation Name": "posts",
                    "Total Cost": 1e6,
                    "Plan Rows": 1_000_000,
                },
                {
                    "Node Type": "Index Only Scan",
                    "Index Name": "posts_by_created",
                    "Total Cost": 0.4,
                    "Plan Rows": 1,
                    "Plans": [
                        {"Node Type": "CTE Scan", "CTE Name": "page", "Total Cost": 1.0, "Plan Rows": 2}
                    ],
                },
            ],
        }
    }
]
SUMMARY = """\
Limit  (cost 1,234, rows 50)
  Seq Scan posts  (cost 1,000,000, rows 1,000,000)
  Index Only Scan posts_by_created  (cost 0, rows 1)
    CTE Scan page  (cost 1, rows 2)"""


def test_nodes_are_indented_by_depth_with_their_target_cost_and_rows() -> None:
    assert telemetry.plan_summary(PLAN) == SUMMARY


def test_a_plan_as_text_is_read_too() -> None:
    assert telemetry.plan_summary(orjson.dumps(PLAN)) == SUMMARY
    assert telemetry.plan_summary(orjson.dumps(PLAN).decode()) == SUMMARY


async def test_a_real_plan_can_be_summed_up(db: Database) -> None:
    text = "SELECT name FROM subreddits JOIN posts ON subreddit_id = subreddits.id WHERE score > %(score)s"
    plan, _ = await telemetry.explain(db, SlowQuery(0, text, "me", 1, 0, {"score": 5}))
    lines = telemetry.plan_summary(plan).splitlines()
    assert any("posts" in line and line.startswith("  ") for line in lines)
    assert not lines[0].startswith(" ")
