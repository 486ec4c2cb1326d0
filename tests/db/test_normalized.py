"""Texts that differ in their values only are one statement, and no value is in its name."""

import pytest

from db.normalized import NAME_LENGTH, TEXT_LENGTH, identified, normalized
from db.statements import statements


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("SELECT  1\n AS one", "SELECT ? AS one"),
        ("SELECT a -- it's one\nFROM t /* or 'two' */ WHERE b = 'O''Hara';", "SELECT a FROM t WHERE b = ?"),
        ("SELECT E'a\\'b', $$it's$$, $x$ 'a' $x$, x'ff'", "SELECT ?, ?, ?, ?"),
        ("SELECT a1, t_2.b3 WHERE c > -5.5e3 AND d < .5", "SELECT a1, t_2.b3 WHERE c > -? AND d < ?"),
        ('SELECT "a 1" FROM "t 2"', 'SELECT "a 1" FROM "t 2"'),
        ("SELECT %(name)s, %s, $1, '%%' LIKE %(x1)s", "SELECT %(name)s, %s, $1, ? LIKE %(x1)s"),
        ("SELECT a IN (1, 2,3) AND b IN (%s, %s)", "SELECT a IN (?, ...) AND b IN (%s, ...)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO t VALUES (?, ?), ..."),
        ("SELECT f(1, 'a', %(b)s)", "SELECT f(?, ?, %(b)s)"),
        ("SELECT ARRAY[1, 2, 3], now() - interval '1 day'", "SELECT ARRAY[?, ...], now() - interval ?"),
        ("SELECT 'never ended, hunter2", "SELECT ?"),
        ("SELECT \0a, \ud800b", "SELECT a, ?b"),
    ],
)  # fmt: skip
def test_literals_white_space_and_lists_are_folded(text: str, plain: str) -> None:
    assert normalized(text) == plain
    assert normalized(plain) == plain, "what is normalized stays as it is"


def test_lists_of_any_length_are_one_statement() -> None:
    texts = {"SELECT a IN ({})".format(", ".join(map(str, range(count)))) for count in (2, 3, 500)}
    assert len({identified(text).name for text in texts}) == 1


def test_ours_go_by_their_name_and_keep_their_text() -> None:
    text = statements()["runs.recent"]
    assert identified(text) == ("runs.recent", text)


def test_long_texts_that_begin_alike_stay_apart() -> None:
    first, second = (f"SELECT {'x, ' * 5_000}{end}" for end in ("a", "b"))
    assert identified(first).name != identified(second).name
    assert len(identified(first).name) == NAME_LENGTH
    assert len(identified(first).text) == TEXT_LENGTH
    assert identified(first).text.startswith(identified(first).name[: NAME_LENGTH - 10])


def test_whatever_is_explained_is_one_statement() -> None:
    names = {identified(f"EXPLAIN (FORMAT JSON) {text}").name for text in ("SELECT a", "SELECT b")}
    assert names == {"EXPLAIN"}
