"""How often the built-in words agree with people: 2,379 communities on which independent sources agree.

The labels are read where they lie, beside the repository; nobody wrote words from them.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from categorization.classify import Categorization, Classifier, Community
from categorization.taxonomy import load_taxonomy

LABELS = Path(__file__).resolve().parents[3] / "shared/data/labels/consensus.csv"

pytestmark = pytest.mark.skipif(not LABELS.exists(), reason=f"labels are absent: {LABELS}")

Pair = tuple[Categorization, str]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    with LABELS.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gold_top"]]
    communities = (Community(row["name"], row["title"], row["public_description"]) for row in rows)
    decisions = map(Classifier(load_taxonomy()).classify, communities)
    return list(zip(decisions, (row["gold_top"] for row in rows), strict=True))


def accuracy(pairs: Iterable[Pair]) -> float:
    agreed = [decision.category == gold for decision, gold in pairs]
    return sum(agreed) / len(agreed)


def f1_by_category(pairs: list[Pair]) -> dict[str, float]:
    right = Counter(gold for decision, gold in pairs if decision.category == gold)
    decided = Counter(decision.category for decision, _ in pairs)
    labelled = Counter(gold for _, gold in pairs)
    return {name: 2 * right[name] / (decided[name] + labelled[name]) for name in sorted(labelled)}


def test_words_agree_with_people_on_three_of_four_communities(pairs):
    scores = f1_by_category(pairs)
    macro_f1 = sum(scores.values()) / len(scores)
    print(f"\n{len(pairs):,} communities: accuracy {accuracy(pairs):.3f}, macro-F1 {macro_f1:.3f}")
    print("\n".join(f"  {name:22} F1 {score:.2f}" for name, score in scores.items()))
    assert len(scores) == 23
    assert accuracy(pairs) >= 0.74
    assert macro_f1 >= 0.72


def test_words_hold_without_the_example_names(pairs):
    others = [pair for pair in pairs if pair[0].method != "examples"]
    print(f"\n{len(others):,} communities that are no examples: accuracy {accuracy(others):.3f}")
    assert accuracy(others) >= 0.69


def test_the_confident_half_is_nearly_always_right(pairs):
    half = sorted(pairs, key=lambda pair: -pair[0].confidence)[: len(pairs) // 2]
    print(f"\nthe more confident half: accuracy {accuracy(half):.3f}")
    assert accuracy(half) >= 0.93


def test_the_runner_up_holds_a_good_part_of_the_misses(pairs):
    either = sum(gold in (decision.category, decision.second_best) for decision, gold in pairs) / len(pairs)
    print(f"\nfirst or second: {either:.3f}")
    assert either >= 0.82


def test_confidence_means_what_it_says(pairs):
    by_words = sorted((pair for pair in pairs if pair[0].method == "words"), key=lambda p: p[0].confidence)
    tenth = len(by_words) // 10
    for start in range(0, tenth * 10, tenth):
        group = by_words[start : start + tenth]
        said = sum(decision.confidence for decision, _ in group) / len(group)
        assert said == pytest.approx(accuracy(group), abs=0.12)
