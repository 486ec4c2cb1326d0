"""What a refusal or a failure means, and what to do about it, in a sentence each."""

from typing import NamedTuple


class Reason(NamedTuple):
    """`meaning` says what the source told us, `remedy` what an operator can do; both name it as {source}."""

    meaning: str
    remedy: str


OUTCOMES = {"alive": "● alive", "refused": "▨ refused", "unknown": "✕ unknown"}
NOTHING = "Nothing; it is the community's state and is asked again in a day."
BY_ITSELF = "Nothing as long as it is rare: it is tried again by itself."
OTHER = Reason("{source} gave a reason that Subpulse has no words for yet.", "See the log for its answer.")
REASONS = {
    "refused:banned": Reason("{source} has closed the community.", NOTHING),
    "refused:private": Reason("Only members may see the community.", NOTHING),
    "refused:quarantined": Reason("The community is shown only to those who opt in.", NOTHING),
    "refused:gated": Reason("A warning page stands before the community.", NOTHING),
    "refused:missing": Reason(
        "There is nothing by that name: never was, renamed or deleted.",
        "Nothing; it is asked for again in a week.",
    ),
    "refused:replaced": Reason(
        "Another community has its name now.", "Nothing; it is asked for again in a year."
    ),
    "refused:legal": Reason("The community is withheld for legal reasons where we ask from.", NOTHING),
    "refused:forbidden": Reason(
        "{source} does not let our account see this, and does not say why.",
        "If it is every request, look at the rights of the app or token.",
    ),
    "refused:bad_request": Reason(
        "{source} did not understand what we asked.", "If it goes on, its interface has changed: report it."
    ),
    "refused:unauthorized": Reason(
        "{source} refuses our credentials. The communities are not gone.",
        "Set a valid id and secret, or a new token, and start again.",
    ),
    "unknown:blocked": Reason(
        "{source} refuses our address or user agent. The communities are not gone.",
        "Name yourself in REDDIT_USER_AGENT, or ask from another address.",
    ),
    "unknown:throttled": Reason(
        "We asked more often than {source} allows.",
        "Nothing: it pauses as long as told; two Subpulses must not share one app.",
    ),
    "unknown:server_error": Reason("{source} failed to answer (5xx).", BY_ITSELF),
    "unknown:network": Reason(
        "No answer came: no connection, or it broke off.",
        "If nothing gets through, look at the network, its name server and proxy.",
    ),
    "unknown:timeout": Reason("The answer took too long.", BY_ITSELF),
    "unknown:redirected": Reason(
        "{source} sent us somewhere else.",
        "If it goes on, look at the source's URL in the settings.",
    ),
    "unknown:bad_body": Reason("An answer was empty, cut or not what was asked for.", BY_ITSELF),
    "unknown:empty": Reason(
        "A first page without posts: a quiet community and a missing one look alike.",
        "Nothing; it is asked again later.",
    ),
    "unknown:unattributed": Reason(
        "Several communities were asked for at once and one of them is refused; which, it does not say.",
        "Nothing: they are asked for one by one.",
    ),
}


def reason(outcome: str, why: str, source: str) -> Reason:
    """The sentences on one reason of one source."""
    found = REASONS.get(f"{outcome}:{why}", OTHER)
    return Reason(found.meaning.format(source=source), found.remedy.format(source=source))
