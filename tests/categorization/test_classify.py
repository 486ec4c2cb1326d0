"""How a community gets its category."""

from pathlib import Path

import pytest

from categorization.classify import Categorization, Classifier, Community
from categorization.taxonomy import load_taxonomy

TAXONOMY = """
fallback = "general"
[[category]]
name = "animals"
title = "Animals"
description = "Pets and wildlife"
strong_words = ["dog", "guinea pig", "tiger"]
words = ["pet", "cute"]
examples = ["aww"]
[[category]]
name = "sports"
title = "Sports"
description = "Teams and games"
words = ["tiger", "football", "game"]
examples = ["CFB"]
[[category]]
name = "general"
title = "General"
description = "All the rest"
words = ["ask"]
examples = ["AskReddit"]
"""


@pytest.fixture
def classifier(tmp_path: Path) -> Classifier:
    path = tmp_path / "taxonomy.toml"
    path.write_text(TAXONOMY)
    return Classifier(load_taxonomy(path))


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier(load_taxonomy())


def test_an_example_decides_whatever_the_text_says(classifier):
    decision = classifier.classify(Community("AWW", "Football", "football games"))
    assert (decision.category, decision.method) == ("animals", "examples")
    assert decision.confidence > 0.9
    assert decision.second_best is None


def test_words_decide_and_are_named_as_evidence(classifier):
    decision = classifier.classify(Community("xq", "My pets", "Guinea pigs are cute"))
    assert (decision.category, decision.method) == ("animals", "words")
    assert decision.evidence == ("guinea pig", "pet", "cute")


def test_nothing_known_falls_back_with_low_confidence(classifier):
    decision = classifier.classify(Community("xq"))
    assert decision == Categorization("general", 0.1, None, "fallback", classifier.version, ())


@pytest.mark.parametrize(
    "community", [Community(""), Community("_"), Community("x", "", "  "), Community("🐶")]
)
def test_empty_and_strange_texts_fall_back(classifier, community):
    assert classifier.classify(community).method == "fallback"


def test_the_name_counts_more_than_the_title_and_the_title_more_than_the_description(classifier):
    assert classifier.classify(Community("MyPet", "football")).category == "animals"
    assert classifier.classify(Community("xq", "football", "pet")).category == "sports"


def test_a_run_together_name_is_understood(classifier):
    assert classifier.classify(Community("bestdogsoftheworld")).evidence == ("dog",)


def test_a_word_of_two_categories_says_less_and_names_the_runner_up(classifier):
    alone = classifier.classify(Community("dogs"))
    shared = classifier.classify(Community("tigers"))
    assert (shared.category, shared.second_best) == ("animals", "sports")
    assert shared.confidence < alone.confidence


def test_a_word_repeated_in_one_text_counts_once(classifier):
    once = classifier.classify(Community("xq", description="football"))
    assert classifier.classify(Community("xq", description="football " * 20)) == once


def test_more_evidence_is_more_confidence_and_never_beyond_one(classifier):
    little = classifier.classify(Community("xq", description="a pet"))
    much = classifier.classify(Community("dogs", "Cute dogs", "dogs, guinea pigs and other cute pets"))
    assert little.confidence < much.confidence <= 1


def test_the_version_changes_with_the_taxonomy(classifier, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(TAXONOMY.replace('"cute"', '"cuddly"'))
    version = Classifier(load_taxonomy(other)).version
    assert version != classifier.version
    assert len(version) == 10


@pytest.mark.parametrize(
    ("community", "category"),
    [
        (Community("mechanicalkeyboardbuilds"), "hobbies_diy"),
        (Community("cpp_tips"), "programming"),
        (Community("ChocolateCakeRecipes"), "food"),
        (Community("SouthDakota"), "travel_places"),
        (Community("xq", "Fans of the premier league", "football news, transfers, clubs"), "sports"),
        (
            Community("xq", None, "Index funds, retirement accounts and paying off a mortgage"),
            "finance_business",
        ),
    ],
)
def test_the_shipped_taxonomy_knows_everyday_topics(shipped, community, category):
    assert shipped.classify(community).category == category


def test_every_shipped_example_belongs_to_its_own_category(shipped):
    for category in shipped.taxonomy.categories:
        for example in category.examples:
            assert shipped.classify(Community(example.upper())).category == category.name
