"""How the answers of one route may be kept, said beside the route: `@cacheable(seconds=300, tags=("posts",))`."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

Handler = TypeVar("Handler", bound=Callable[..., Any])
SURROGATE_PREFIX = "subpulse"


@dataclass(frozen=True, slots=True)
class OwnTags:
    """Tags that an answer has for itself, beside those of its route.

    Attributes:
        of: the tags of an answer, from its path and body.
        prefix: what those begin with that name one thing.
        each: the tag that stands for all of these, which every answer carries too.
    """

    of: Callable[[str, bytes], tuple[str, ...]]
    prefix: str
    each: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds.

    Attributes:
        seconds: how long we keep an answer at most; 0 for not at all.
        tags: what it is made of. Once one of these is written it is forgotten, here and at the edge.
        own_tags: what each answer is made of, where that is known only from the answer.
        max_age: how long a browser may keep it; None when nobody else may and the route's own word stands.
        shared_max_age: how long a shared cache may that nobody tells of writes; one that is told may for `seconds`.
        stale: how long it may go on with an old answer while it asks for the new one.
        state: what else the answer depends on; looked at with each request, so it has to be quick.
    """

    seconds: float = 0.0
    tags: tuple[str, ...] = ()
    own_tags: OwnTags | None = None
    max_age: int | None = None
    shared_max_age: int = 2
    stale: int = 30
    state: Callable[[], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What shared caches in front of us are told: of writes at all, and Cloudflare's way to name what to forget."""

    is_told: bool = False
    is_cloudflare: bool = False


def said(policy: Policy, edge: Edge, own: tuple[str, ...] = ()) -> list[tuple[bytes, bytes]]:
    """The headers by which others know how long to keep an answer, and by which names they are told to forget it.

    Args:
        own: the answer's own tags.
    """
    if policy.max_age is None:
        return []
    shared = int(policy.seconds) if edge.is_told else policy.shared_max_age
    lifetime = f"public, max-age={policy.max_age}, s-maxage={shared}, stale-while-revalidate={policy.stale}"
    keys = surrogate_keys((*policy.tags, *own))
    headers = [(b"cache-control", lifetime.encode()), (b"surrogate-key", " ".join(keys).encode())]
    if edge.is_cloudflare:
        headers.append((b"cache-tag", ",".join(keys).encode()))
    return headers


def surrogate_keys(tags: Iterable[str]) -> list[str]:
    """By which names an edge knows what carries these tags; the first one stands for all that is ours."""
    return [SURROGATE_PREFIX, *map(surrogate_key, tags)]


def surrogate_key(tag: str) -> str:
    """The name of a tag at an edge, which may have other people's tags as well; a header holds ASCII only."""
    return f"{SURROGATE_PREFIX}-{quote(tag, safe=':')}"


def cacheable(
    *,
    seconds: float = 0.0,
    tags: tuple[str, ...] = (),
    own_tags: OwnTags | None = None,
    max_age: int | None = None,
    state: Callable[[], Hashable] | None = None,
) -> Callable[[Handler], Handler]:
    """Mark a GET handler that answers whole bodies, the same to everyone; without `seconds` they are only compressed
    and validated by entity tag. What bears no mark, such as a stream, is passed on untouched."""
    policy = Policy(seconds=seconds, tags=tags, own_tags=own_tags, max_age=max_age, state=state)

    def mark(handler: Handler) -> Handler:
        handler.__dict__["policy"] = policy
        return handler

    return mark


def policy_of(handler: Callable[..., Any]) -> Policy | None:
    """What was declared beside it."""
    found: Policy | None = getattr(handler, "policy", None)
    return found
