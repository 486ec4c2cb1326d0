"""Instagram's Graph API: profile and media of professional accounts through business_discovery."""

from collectors.instagram.client import InstagramApp, InstagramClient
from collectors.instagram.quota import Quota
from collectors.instagram.records import Account, Media, MediaPage, Profile, TokenState

__all__ = [
    "Account",
    "InstagramApp",
    "InstagramClient",
    "Media",
    "MediaPage",
    "Profile",
    "Quota",
    "TokenState",
]
