"""What can be wrong with a whole dump; what is wrong with one line of it is a `Reject`."""

from collectors.errors import CollectorError


class UnusableDump(CollectorError):
    """The file is no dump that Subpulse reads."""


class DamagedDump(CollectorError):
    """The archive is cut or damaged; what was read before that place counts."""


class Stopped(CollectorError):
    """Reading was stopped before the end."""
