"""Says which artifacts nothing needs any more, and removes them: `python -m app.prune`."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from app.artifacts import Artifacts
from app.database import Database
from app.exit_code import exit_code
from app.problems import NotReady
from app.pruning import KINDS, Removable, removable
from app.settings import Settings

_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError)
_TITLES = {
    "checkpoint": "checkpoints of jobs that have ended",
    "trial weights": "weights of ended jobs' trials that became no student",
    "orphan": "files older than a day that no row names",
    "part": "files older than a day that were never finished",
}
_MIB = 2**20


def main() -> None:
    """Prints what can go, as a document if it is told `--json`; removes it if it is told `--yes`.

    Ends with a clear line if it can't.
    """
    try:
        settings = Settings.from_environment(os.environ)
        database, artifacts = Database(settings.database_url), Artifacts(settings.artifacts_url)
        database.check()
        found = removable(database, artifacts, datetime.now(UTC))
        is_meant = "--yes" in sys.argv[1:]
        if "--json" in sys.argv[1:]:
            sys.stdout.write(json.dumps(document(found, removed=is_meant)) + "\n")
        else:
            sys.stdout.write("".join(f"{line}\n" for line in told(found, removed=is_meant)))
        for one in found if is_meant else ():
            artifacts.delete(one.file.key)
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse db prune: {error}\n".replace("\n", " ").strip() + "\n")
        sys.exit(exit_code(error))
    database.close()


def told(found: Sequence[Removable], *, removed: bool) -> list[str]:
    """Returns lines that say what can go, or goes: how much and how many files of each kind."""
    if not found:
        return ["nothing to remove"]
    kinds = {kind: [one.file.bytes for one in found if one.kind == kind] for kind in KINDS}
    lines = [_line(_TITLES[kind], sizes) for kind, sizes in kinds.items() if sizes]
    lines.append(_line("removed" if removed else "in all", [one.file.bytes for one in found]))
    return lines if removed else [*lines, "nothing was removed: `stillhouse db prune --yes` does"]


def document(found: Sequence[Removable], *, removed: bool) -> dict[str, object]:
    """Returns the same for programs: bytes and number of files, of each kind and in all."""
    kinds = {kind: [one.file.bytes for one in found if one.kind == kind] for kind in KINDS}
    return {
        "removed": removed,
        "files": len(found),
        "bytes": sum(one.file.bytes for one in found),
        "kinds": {kind: {"files": len(s), "bytes": sum(s)} for kind, s in kinds.items()},
    }


def _line(title: str, sizes: Sequence[int]) -> str:
    return f"{sum(sizes) / _MIB:>12,.1f} MiB {len(sizes):>9,} files  {title}"


if __name__ == "__main__":
    main()
