"""Text into words: names without spaces, titles, descriptions. Nothing here knows a category."""

import re
from collections.abc import Container, Iterator

TEXT_WORD = re.compile(r"[^\W_]+(?:[&'][^\W_]+)*[+#]*")
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")

# What joins the telling words of a run-together name, as in "thetruthaboutcats"; says nothing itself.
_GLUE = """
a about actual advanced all an and are ask at bad beautiful best big by circle daily do does early
everything ex fan for free from general get global good great help home how i in irl is it just like
little lovers mad made me modern my new news no not of off official old on online only or our out over
own people perfect pics porn post pro proper pure real reddit share show shitty small so stuff sub super
swap talk team than that the them there things this to today top true ultimate under us with world you
your
"""
GLUE = frozenset(_GLUE.split())

SHORTEST_SEGMENT = 4
LONGEST_SEGMENT = 18
LEAST_COVERAGE = 0.6


def text_words(text: str) -> list[str]:
    """The words of a sentence in lower case; `C++`, `d&d` and `assassin's` are one word each."""
    return TEXT_WORD.findall(text.lower().replace("’", "'"))


def name_parts(name: str) -> list[str]:
    """A name cut at underscores, digits and capitals: `Warhammer40kPics` → warhammer, 40, k, pics."""
    return [part.lower() for part in NAME_PART.findall(name)]


def forms(phrase: str) -> tuple[str, ...]:
    """The phrase, its plural and its singular, by English rule of thumb: `puppy`, `puppies`."""
    if len(phrase) < 3 or not phrase[-1].isalpha():
        return (phrase,)
    return (phrase, *_plurals(phrase), *_singulars(phrase))


def _plurals(phrase: str) -> Iterator[str]:
    if phrase.endswith("y") and phrase[-2] not in "aeiou":
        yield phrase[:-1] + "ies"
    elif phrase.endswith(("s", "x", "z", "ch", "sh")):
        yield phrase + "es"
    else:
        yield phrase + "s"


def _singulars(phrase: str) -> Iterator[str]:
    if phrase.endswith("ies") and len(phrase) > 4:
        yield phrase[:-3] + "y"
    elif phrase.endswith("s") and not phrase.endswith(("ss", "us", "is")) and len(phrase) > 3:
        yield phrase[:-1]


def segments(name: str, vocabulary: Container[str]) -> list[str]:
    """The vocabulary's words in a run-together lower-case name: `mechanicalkeyboards` → both.

    Chooses the cut that covers most letters with fewest words. Words shorter than four letters, and all words
    of a name that is less than 60 % covered, are chance and not returned.
    """
    end = len(name)
    # best[i]: value of the best cut of name[:i], and where its last word begins (-1: a loose letter)
    best: list[tuple[float, int]] = [(0.0, -1)]
    for stop in range(1, end + 1):
        value, start_of_last = best[stop - 1][0] - 1.0, -1
        for start in range(max(0, stop - LONGEST_SEGMENT), stop - 1):
            candidate = best[start][0] + (stop - start) - 1.2
            if candidate > value:
                piece = name[start:stop]
                if piece in vocabulary or piece in GLUE:
                    value, start_of_last = candidate, start
        best.append((value, start_of_last))
    found, covered, stop = [], 0, end
    while stop:
        start = best[stop][1]
        if start >= 0:
            found.append(name[start:stop])
            covered += stop - start
        stop = start if start >= 0 else stop - 1
    if covered < end * LEAST_COVERAGE:
        return []
    return [word for word in reversed(found) if len(word) >= SHORTEST_SEGMENT or covered == end]
