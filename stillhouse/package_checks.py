"""Whether what Stillhouse needs is installed, in the versions that it was tested with."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stillhouse.doctor import Finding

_SIDE = "this machine"
_INSTALL = "pip install 'stillhouse' again, with --constraint constraints.txt"


def look_at_packages(installed: Callable[[str], str] = metadata.version) -> Iterator[Finding]:
    """Yields a finding for Python, one for all packages, and one for each that is wrong.

    Args:
        installed: Returns a package's version; raises PackageNotFoundError.
    """
    about = metadata.metadata("stillhouse")
    yield _python(about["Requires-Python"])
    needed = [Requirement(line) for line in metadata.requires("stillhouse") or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = 0
    for one in needed:
        try:
            version = installed(one.name)
        except metadata.PackageNotFoundError:
            wrong += 1
            yield Finding(_SIDE, "packages", "wrong", f"{one.name} isn't installed", _INSTALL)
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong += 1
            told = f"{one.name} is {version}; Stillhouse was tested with {one.specifier}"
            yield Finding(_SIDE, "packages", "warning", told, _INSTALL)
    if not wrong:
        told = f"stillhouse {about['Version']}; all packages are in their tested ranges"
        yield Finding(_SIDE, "packages", "ok", told)


def _python(wanted: str) -> Finding:
    version = platform.python_version()
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding(_SIDE, "Python", "ok", version)
    told = f"{version}; Stillhouse was tested with {wanted}"
    return Finding(_SIDE, "Python", "warning", told, "make an environment with another Python")
