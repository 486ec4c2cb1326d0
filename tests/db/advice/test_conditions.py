import pytest

from db.advice.conditions import SortKey, parts, plain, sort_key, understood


def conditions(text: str) -> list[tuple[str, str, str]]:
    return [(one.alias, one.column, one.kind) for part in parts(text) for one in understood(part)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(p.author = $1)", [("p", "author", "equal")]),
        ("($1 < p.score)", [("p", "score", "above")]),
        ("((p.score >= $1) AND (p.score <= $2))", [("p", "score", "above"), ("p", "score", "below")]),
        ("(p.id = ANY ('{a,b}'::text[]))", [("p", "id", "any")]),
        ("(p.author IS NULL)", [("p", "author", "null")]),
        ("((p.author IS NOT NULL) AND p.is_self)", [("p", "author", "not_null")]),
        ("((p.status)::text = 'a and b'::text)", [("p", "status", "equal")]),
        ('("my table"."the ""column""" = 5)', [("my table", 'the "column"', "equal")]),
        ("(p.subreddit_id = s.id)", [("p", "subreddit_id", "equal"), ("s", "id", "equal")]),
        ("(p.at > (now() - '1 day'::interval))", [("p", "at", "above")]),
        ("(p.at > our.moment($1))", [("p", "at", "above")]),
        ("(p.id = (InitPlan 1).col1)", [("p", "id", "equal")]),
        ("((p.a = 1) OR (p.b = 2))", []),
        ("(lower(p.name) = $1)", []),
        ("(p.a <> 1)", []),
        ("(p.a = p.b)", []),
        ("(p.a > random())", []),
        ("(p.a = (SubPlan 1))", []),
        ("(p.a > ANY ($1))", []),
        ("(p.a ~~ 'x%'::text)", []),
        ("(CASE WHEN ((p.a = 1) AND (p.b = 2)) THEN 1 ELSE 2 END = 3)", []),
        ("((p.a + 1) = 3)", []),
        ("", []),
        ("((((", []),
        ("'no end", []),
    ],
)
def test_conditions_are_read_as_far_as_an_index_can_serve_them(
    text: str, found: list[tuple[str, str, str]]
) -> None:
    assert conditions(text) == found


@pytest.mark.parametrize(
    ("text", "literals", "is_known"),
    [
        ("(p.a = 'it''s'::text)", ("it's",), True),
        ("(p.a = 5)", ("5",), True),
        ("(p.a = true)", ("t",), True),
        ("(p.a = ANY ('{1,2,3}'::integer[]))", ("1", "2", "3"), True),
        ("(p.a = ANY ('{\"a,b\",c}'::text[]))", None, True),
        ("(p.a = $1)", None, False),
        ("(p.a = ANY ($1))", None, False),
        ("(p.a = (now() - $1))", None, False),
        ("(p.a = s.b)", None, False),
    ],
)
def test_what_a_column_is_compared_with_is_read_where_it_is_told(
    text: str, literals: tuple[str, ...] | None, is_known: bool
) -> None:
    (part,) = parts(text)
    found = next(understood(part))
    assert (found.literals, found.is_known) == (literals, is_known)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("p.at", SortKey("p", "at")),
        ('p."timestamp" DESC', SortKey("p", "timestamp", True, True)),
        ("p.at DESC NULLS LAST", SortKey("p", "at", True, False)),
        ("p.at NULLS FIRST", SortKey("p", "at", False, True)),
        ('p.name COLLATE "C"', None),
        ("(lower(p.name))", None),
        ("(p.a + 1) DESC", None),
        ("p.a USING <~", None),
    ],
)
def test_sort_keys_are_columns_or_nothing(text: str, key: SortKey | None) -> None:
    assert sort_key(text) == key


def test_a_condition_of_a_plan_and_one_of_an_index_can_be_compared() -> None:
    (planned,) = parts("(p.state = 'alive'::text)")
    (indexed,) = parts("(state = 'alive'::text)")
    assert plain(planned, "p") == plain(indexed) == "state = 'alive' :: text"
