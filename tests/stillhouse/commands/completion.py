"""What a shell is told when its user presses the tab key."""

from __future__ import annotations

from typer.testing import CliRunner

from stillhouse import cli


def completed(line: str) -> list[str]:
    """What bash is told that a line may go on with."""
    words = line.split(" ")
    asked = {
        "_STILLHOUSE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(cli.app, [], prog_name="stillhouse", env=asked)
    return done.stdout.split()
