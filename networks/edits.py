"""The operations that turn the teacher's architecture into one student's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from networks.errors import EditError


@dataclass(frozen=True)
class Edits:
    """Layer removals, layer shrinkage and skip connections, by the names the space gives them.

    Attributes:
        removed: Names of removals.
        widths: Channel group to the number of units kept; only groups that shrink.
        skips: Pairs of layer names (`start`, `end`): `start` is added to the output of `end`.
    """

    removed: tuple[str, ...]
    widths: Mapping[str, int]
    skips: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """As JSON values: `{"removed": […], "widths": {…}, "skips": [[…, …], …]}`."""
        return {
            "removed": list(self.removed),
            "widths": dict(self.widths),
            "skips": [list(skip) for skip in self.skips],
        }

    @classmethod
    def from_json(cls, value: object) -> Edits:
        """Reads what `to_json` gave.

        Raises:
            EditError: If the value has another form.
        """
        match value:
            case {"removed": list(removed), "widths": dict(widths), "skips": list(skips)}:
                return cls(
                    removed=tuple(_name(name) for name in removed),
                    widths={_name(name): _width(width) for name, width in widths.items()},
                    skips=tuple(_skip(skip) for skip in skips),
                )
        raise EditError(f"edits must be an object of removed, widths and skips, not {value!r}")


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise EditError(f"edits name layers by strings, not {value!r}")
    return value


def _width(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise EditError(f"a width must be a positive integer, not {value!r}")
    return value


def _skip(value: object) -> tuple[str, str]:
    match value:
        case [str(start), str(end)]:
            return start, end
    raise EditError(f"a skip connection must be a pair of layer names, not {value!r}")
