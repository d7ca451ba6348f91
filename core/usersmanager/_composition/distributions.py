"""Read the metadata of installed distributions. A broken distribution doesn't affect others.

If a distribution is found twice, on two paths of sys.path or as an egg-info directory next to a
dist-info directory, the first one counts: Python imports its modules from there, too.
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
        version: its version, or "" if unknown.
        requires: the version of this library it requires, such as "usersmanager>=1.2", or "".
        entry_points: its entry points in the requested groups.
    """

    name: str
    version: str
    requires: str
    entry_points: tuple[EntryPointLine, ...]


def find_providers(groups: Collection[str]) -> Iterator[Provider]:
    """Yield each distribution with entry points in one of the groups once."""
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
    """Return the first valid distribution of a name. Its entry points may differ from `found`.

    Return `found` itself if the search, which uses directory names, finds none.
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
    """Return the name and version of a distribution, if necessary from its directory name."""
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
    # Most distributions have none, so this is much faster than parsing every file.
    if not any(group in text for group in groups):
        return ()
    return tuple(line for line in _parse(text) if line.group in groups)


def _entry_points_text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        return bytes(error.object).decode("utf-8", "replace")
    except Exception:
        return ""  # Nothing suggests that it belongs to this library.


def _parse(text: str) -> Iterator[EntryPointLine]:
    """Yield the entry points in an entry_points.txt.

    importlib.metadata rejects the whole file if one line is malformed. Here, such a line is an
    entry point that fails to load.
    """
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[] ")
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield EntryPointLine(group, name.strip() or line, value.strip())
