"""Read what installed distributions say about themselves. A broken one is no concern of others.

Of a distribution that is found twice, as on two paths of sys.path or as an egg-info folder beside
a dist-info folder, the first one counts: Python imports its modules from there, too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib.metadata import Distribution, DistributionFinder, distributions
from pathlib import PurePath
from typing import NamedTuple

from .names import normalize

__all__ = ["EntryPointLine", "Provider", "find_providers"]

# The name and the version specifier of a requirement (PEP 508), without extras and markers.
_REQUIREMENT = re.compile(r"\s*([\w.-]*\w)\s*(?:\[[^\]]*\])?\s*\(?([<>=!~][^;)]*)?")


class EntryPointLine(NamedTuple):
    """A line of an entry_points.txt, which may be malformed."""

    group: str
    name: str
    value: str


class Provider(NamedTuple):
    """A distribution with entry points.

    Attributes:
        name: its name.
        version: its version, or "" if that is unknown.
        requires: what it requires of this library, such as "usersmanager>=1.2", or "".
        entry_points: those of the groups that were searched for.
    """

    name: str
    version: str
    requires: str
    entry_points: tuple[EntryPointLine, ...]


def find_providers(groups: Collection[str]) -> Iterator[Provider]:
    """Yield the distributions with entry points in one of the groups, each of them once."""
    seen = set()
    for distribution in _all_distributions():
        if not _entry_points(distribution, groups):
            continue
        name = normalize(_identity(distribution)[0])
        if name not in seen:
            seen.add(name)
            yield _read(_first_of_name(name, distribution), groups)


def _all_distributions() -> Iterator[Distribution]:
    for finder in sys.meta_path:
        find = getattr(finder, "find_distributions", None)
        if find is not None:
            with suppress(Exception):
                yield from find(DistributionFinder.Context())


def _first_of_name(name: str, found: Distribution) -> Distribution:
    """Return the first valid distribution of a name: it may have other entry points than `found`.

    It is `found` itself if the search, which goes by the names of folders, finds none.
    """
    with suppress(Exception):
        for distribution in distributions(name=name):
            stated = _stated_identity(distribution)
            if stated is not None and normalize(stated[0]) == name:
                return distribution
    return found


def _read(distribution: Distribution, groups: Collection[str]) -> Provider:
    return Provider(
        *_identity(distribution),
        requires=_requirement(distribution),
        entry_points=_entry_points(distribution, groups),
    )


def _identity(distribution: Distribution) -> tuple[str, str]:
    """Return the name and version of a distribution, if need be those of its folder."""
    stated = _stated_identity(distribution)
    if stated is not None:
        return stated
    # Private, but nothing else names a distribution whose metadata is missing or unreadable.
    folder = PurePath(str(getattr(distribution, "_path", "unknown"))).stem
    name, _, version = folder.partition("-")
    return name, version


def _stated_identity(distribution: Distribution) -> tuple[str, str] | None:
    """Return the name and version in the metadata of a distribution."""
    with suppress(Exception):
        metadata = distribution.metadata
        return metadata.get_all("Name", [])[0], metadata.get_all("Version", [""])[0]
    return None


def _requirement(distribution: Distribution) -> str:
    with suppress(Exception):
        for requirement in distribution.requires or ():
            match = _REQUIREMENT.match(requirement)
            if match and normalize(match[1]) == "usersmanager":
                return f"usersmanager{match[2] or ''}".strip()
    return ""


def _entry_points(
    distribution: Distribution, groups: Collection[str]
) -> tuple[EntryPointLine, ...]:
    text = _entry_points_text(distribution)
    # Most distributions have none: this is much faster than to parse all of them.
    if not any(group in text for group in groups):
        return ()
    return tuple(line for line in _parse(text) if line.group in groups)


def _entry_points_text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        return bytes(error.object).decode("utf-8", "replace")
    except Exception:
        return ""  # Nothing says that it has to do with this library.


def _parse(text: str) -> Iterator[EntryPointLine]:
    """Yield the entry points in an entry_points.txt.

    importlib.metadata rejects the whole file if one of its lines is malformed. Here that line is
    an entry point which fails to load.
    """
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[] ")
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield EntryPointLine(group, name.strip() or line, value.strip())
