"""Text into words: what a name without spaces and a sentence with signs are made of."""

import pytest

from categorization.words import forms, name_parts, segments, text_words


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("NBASpurs", ["nba", "spurs"]),
        ("Warhammer40kPics", ["warhammer", "40", "k", "pics"]),
        ("black_cats", ["black", "cats"]),
        ("日本_2", ["日本", "2"]),
        ("", []),
    ],
)
def test_a_name_is_cut_at_capitals_digits_and_underscores(name, parts):
    assert name_parts(name) == parts


def test_words_keep_the_signs_that_belong_to_them():
    assert text_words("C++, D&D and the dog’s K-pop!") == ["c++", "d&d", "and", "the", "dog's", "k", "pop"]


@pytest.mark.parametrize(
    ("word", "form"),
    [("puppy", "puppies"), ("box", "boxes"), ("dog", "dogs"), ("stories", "story"), ("guns", "gun")],
)
def test_plural_and_singular_are_one_word(word, form):
    assert form in forms(word)


@pytest.mark.parametrize("word", ["chess", "c++", "tv"])
def test_a_word_is_always_a_form_of_itself(word):
    assert word in forms(word)


VOCABULARY = {"mechanical", "keyboards", "key", "cat", "cats", "truth", "road"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mechanicalkeyboards", ["mechanical", "keyboards"]),
        ("thetruthaboutcats", ["the", "truth", "about", "cats"]),
        ("mykey", ["my", "key"]),
    ],
)
def test_a_run_together_name_falls_into_its_words(name, found):
    assert segments(name, VOCABULARY) == found


@pytest.mark.parametrize("name", ["catalonia", "broadcasting", "zzz", ""])
def test_a_word_inside_another_word_is_chance(name):
    assert segments(name, VOCABULARY) == []
