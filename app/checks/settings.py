"""Settings: each that can't be used, and each that no part of Stillhouse reads."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches

from app.checks.findings import Finding
from app.settings import PREFIX, Settings, SettingsError

_CHECK = "settings"
# Of the command line and the client, and of the shell's completion.
_OTHERS = frozenset({"URL", "KEY", "TENSORBOARD", "MLFLOW", "COMPLETE"})
_TITLE = "docs/settings.md has all there are"


def known() -> frozenset[str]:
    """Returns the names of all variables that something reads."""
    own = {field.name.upper() for field in fields(Settings)}
    return frozenset(PREFIX + name for name in own | _OTHERS)


def wrong_settings(environ: Mapping[str, str]) -> list[Finding]:
    """Returns a finding for each variable whose value can't be used."""
    found = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        try:
            Settings.from_environment({name: environ[name]})
        except (SettingsError, RuntimeError) as error:  # no home of a user by that name
            found.append(Finding(_CHECK, "wrong", str(error), f"set {name} anew, or unset it"))
    return found


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yields what is wrong with the variables, or that nothing is."""
    wrong = wrong_settings(environ)
    yield from wrong
    ours = sorted(name for name in environ if name.startswith(PREFIX))
    for name in ours:
        if name not in known():
            close = get_close_matches(name, known(), 1)
            remedy = f"did you mean {close[0]}?" if close else _TITLE
            yield Finding(_CHECK, "warning", f"{name} is set, and nothing reads it", remedy)
    if not wrong:
        told = ", ".join(ours) or "none is set: all are as docs/settings.md has them"
        yield Finding(_CHECK, "ok", told)
