"""Words the sandbox speaks: topics from `vocabulary.toml`, phrases, and how people and sites are called."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

VOCABULARY = Path(__file__).with_name("vocabulary.toml")

TITLES = (
    "What is the best {thing} for {subject} beginners?",
    "My first {thing}, feedback welcome",
    "How I managed to {act}",
    "{Thing} or {other}: which one would you choose?",
    "Has anyone here tried to {act} with a new {thing}?",
    "Unpopular opinion: the {thing} matters more than the {other}",
    "A year of {subject}: what I learned about the {thing}",
    "Finally got to {act} today!",
    "Help: my {thing} and my {other} do not get along",
    "PSA: check your {thing} before you {act}",
    "Why does nobody talk about the {thing}?",
    "Small guide: {act} without a {other}",
    "Look at this {thing} I found",
    "Is it worth it to {act} in {year}?",
    "{subject} & {thing}: a short history",
)
TEXTS = (
    "I have been into {subject} for {n} months now.",
    "The {thing} works well, but the {other} gives me trouble.",
    "My goal is to {act} before the end of the year.",
    "So far I tried {n} ways and none of them felt right.",
    "Any advice on the {thing} is welcome, links too.",
    "A friend told me to start with the {other}; I am not so sure.",
    "What would you do differently if you wanted to {act}?",
    "Edit: thank you all, the {thing} was the reason.",
)
DESCRIPTIONS = (
    "A place for {subject}: {thing}, {other} and how to {act}. Be kind.",
    "News, questions and pictures about {subject}. Beginners who want to {act} are welcome.",
    "Talk about {subject}, from your first {thing} to the perfect {other}.",
    "{subject} for people who love a good {thing}. Read the rules before you post.",
    "",  # about a third of Reddit's communities say nothing
)
COMMUNITY_TITLES = (
    "{subject} and friends",
    "The {subject} place",
    "{subject}: {thing}, {other}",
    "All about {subject}",
)
FLAIRS = ("Question", "Discussion", "Show and tell", "Help", "News", "Guide", "Weekly thread")
RULES = ("Stay on topic", "Be kind", "No spam or self-promotion", "Use the right flair")

# Two halves and a number make some twenty million people, none of whom exists.
FIRST_WORDS = (
    "amber brisk copper dapper early fabled gentle hollow idle jolly keen lunar mellow nimble odd patient "
    "quiet rusty sleepy tidal upbeat velvet wandering yonder zesty pebble maple cobalt dusky fennel"
)
SECOND_WORDS = (
    "anchor badgerly compass dumpling ember ferryman gourd hatstand inkwell jamjar kettle lantern mitten "
    "noodle otterly pancake quill raincoat saddle teapot umbrella violet walnut xylophone yarnball zeppelin"
)
FIRST_HALVES, SECOND_HALVES = tuple(FIRST_WORDS.split()), tuple(SECOND_WORDS.split())


@dataclass(frozen=True, slots=True)
class Topic:
    """One category's words; `weekend` is Saturday's and Sunday's share of a weekday's posts."""

    category: str
    subjects: tuple[str, ...]
    things: tuple[str, ...]
    acts: tuple[str, ...]
    site: str
    weekend: float


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """The taxonomy's categories, in the file's order."""
    tables = tomllib.loads(VOCABULARY.read_text(encoding="utf-8"))
    return tuple(
        Topic(
            category=category,
            subjects=tuple(table["subjects"]),
            things=tuple(table["things"]),
            acts=tuple(table["acts"]),
            site=table["site"],
            weekend=table["weekend"],
        )
        for category, table in tables.items()
    )
