"""Where the kernel keeps the limits of our control group (a container's, mostly), in version 1 or 2."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Control:
    """One controller's folders: our group's first, then those above it, whose limits hold for us too."""

    version: int
    folders: tuple[Path, ...]


def control(name: str, root: Path = ROOT) -> Control | None:
    """Where the controller (memory, cpu, cpuacct) of our group is; None where there is none.

    Args:
        root: where `proc` and `sys` are, for tests.
    """
    for line in lines(root / "proc/self/cgroup"):  # `4:memory:/a` (v1) or `0::/a` (v2), which comes last
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if name in controllers.split(","):
            return _found(1, root / "sys/fs/cgroup" / name, path)
        if line.startswith("0::"):
            return _found(2, root / "sys/fs/cgroup", path)
    return None


def _found(version: int, top: Path, path: str) -> Control:
    ours = top / path.strip("/")
    folders = tuple(folder for folder in (ours, *ours.parents) if folder.is_relative_to(top))
    return Control(version, folders)


def lines(file: Path) -> list[str]:
    """A file's lines; none when it cannot be read."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def number(file: Path) -> int | None:
    """The number that is all of a file; None for `max`, no number, or no file."""
    text = "".join(lines(file)).strip()
    return int(text) if text.isdigit() else None


def table(file: Path) -> dict[str, int]:
    """A file of a name and a number per line, such as `memory.stat`."""
    pairs = (line.split() for line in lines(file))
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
