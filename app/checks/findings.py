"""What a check of an installation finds, and checks that end in time whatever they look at."""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong"]
TIMEOUT_S = 15.0
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was looked at.
        state: `warning` where it works and may not go on to.
        found: in words.
        remedy: what to do about it; empty where nothing is to be done.
    """

    check: str
    state: State
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """Something that is looked at; `look` may raise, which is a finding too."""

    name: str
    look: Callable[[], Finding | Iterable[Finding]]
    remedy: str = ""
    timeout_s: float = TIMEOUT_S


def carry_out(checks: Iterable[Check]) -> Iterator[Finding]:
    """Yields what the checks find, each at the latest after its time.

    A check that hangs is left behind in its thread, so who calls this ends the process in the end.
    """
    for check in checks:
        found: list[Finding] = []
        thread = threading.Thread(target=_look, args=(check, found), daemon=True)
        thread.start()
        thread.join(check.timeout_s)
        if thread.is_alive():
            told = f"no answer within {check.timeout_s:g} s"
            yield Finding(check.name, "wrong", told, check.remedy)
        else:
            yield from found


def write(findings: Iterable[Finding]) -> None:
    """Writes findings to standard output as they come, each as a line of JSON."""
    for finding in findings:
        told = asdict(finding)
        told["found"] = without_passwords(finding.found)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def without_passwords(text: str) -> str:
    """Returns a text in which no URL names a user or a password."""
    return _PASSWORD.sub("", text)


def _look(check: Check, found: list[Finding]) -> None:
    try:
        seen = check.look()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the others are looked at too
        words = " ".join(str(error).split()) or type(error).__name__
        seen = Finding(check.name, "wrong", words, check.remedy)
    found.extend([seen] if isinstance(seen, Finding) else seen)
