"""The taxonomy file: complete as shipped, and clear about what is wrong when an operator slips."""

from pathlib import Path

import pytest

from categorization.taxonomy import TAXONOMY_PATH, Taxonomy, TaxonomyError, load_taxonomy

CATEGORIES = (
    "gaming technology programming science sports music movies_tv books_writing art_design food fitness_health"
    " fashion_beauty travel_places news_politics finance_business relationships_advice humor_memes animals"
    " education_learning hobbies_diy vehicles lifestyle discussion_general"
)

ANIMALS = """
[[category]]
name = "animals"
title = "Animals"
description = "Pets and wildlife"
words = ["dog", "cat"]
examples = ["aww"]
"""

GENERAL = """
[[category]]
name = "general"
title = "General"
description = "All the rest"
words = ["ask"]
examples = ["AskReddit"]
"""

SMALL = 'fallback = "general"\n' + ANIMALS + GENERAL


@pytest.fixture
def load(tmp_path: Path):
    def load_text(text: str) -> Taxonomy:
        path = tmp_path / "taxonomy.toml"
        path.write_text(text)
        return load_taxonomy(path)

    return load_text


def test_the_shipped_file_has_the_designs_23_categories():
    taxonomy = load_taxonomy()
    assert [category.name for category in taxonomy.categories] == CATEGORIES.split()
    assert taxonomy.fallback == "discussion_general"


def test_every_shipped_category_has_enough_words_and_examples_to_decide():
    for category in load_taxonomy().categories:
        assert len(category.words) >= 60, category.name
        assert len(category.examples) >= 20, category.name
        assert "\n" not in category.description


def test_the_default_file_is_read_once():
    assert load_taxonomy() is load_taxonomy()
    assert load_taxonomy(TAXONOMY_PATH).digest == load_taxonomy().digest


def test_it_knows_which_names_are_categories(load):
    taxonomy = load(SMALL)
    assert "animals" in taxonomy
    assert "cooking" not in taxonomy


def test_words_weigh_by_the_list_they_stand_in(load):
    animals = load(
        SMALL.replace("words = [", 'strong_words = ["puppy"]\nweak_words = ["cute"]\nwords = [', 1)
    )
    words = animals.categories[0].words
    assert words["puppy"] > words["dog"] > words["cute"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            SMALL.replace('"AskReddit"', '"AWW"'),
            "category 'general' has the example 'AWW', which 'animals' has",
        ),
        (SMALL.replace("examples", "exampels", 1), "category 'animals' has an unknown key 'exampels'"),
        ("colour = 1\n" + SMALL, "the file has an unknown key 'colour'"),
        (SMALL.replace('["dog", "cat"]', "[]"), "category 'animals' has no words; add some"),
        (SMALL.replace('["dog", "cat"]', '"dog"'), "category 'animals': words must be a list of texts"),
        (SMALL.replace('["dog", "cat"]', '["dog", ""]'), "category 'animals': words must be a list of texts"),
        (SMALL.replace("words =", 'weak_words = ["dog"]\nwords =', 1), "lists 'dog' with two weights"),
        (SMALL.replace('fallback = "general"', ""), "fallback is None, which is no category; set fallback"),
        (SMALL.replace('fallback = "general"', 'fallback = "rest"'), "fallback is 'rest'"),
        (SMALL.replace('fallback = "general"', 'fallback = ["general"]'), "fallback is ['general']"),
        (SMALL.replace('title = "Animals"', ""), "category number 1 has no title"),
        (SMALL + ANIMALS, "category 'animals' stands there twice"),
        ('fallback = "general"', "has fewer than two [[category]]"),
        ('fallback = "general"' + GENERAL, "has fewer than two [[category]]"),
        ("fallback = general", "is not valid TOML"),
    ],
)
def test_a_slip_gives_one_error_that_names_file_category_and_cure(load, tmp_path, text, says):
    with pytest.raises(TaxonomyError) as error:
        load(text)
    message = str(error.value)
    assert message.startswith(str(tmp_path / "taxonomy.toml"))
    assert says in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TaxonomyError, match=r"nowhere\.toml: cannot be read"):
        load_taxonomy(tmp_path / "nowhere.toml")
