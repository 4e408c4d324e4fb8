"""Where a coordinator's machine has datasets, and where it may put their images."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings


@dataclass(frozen=True)
class Shelf:
    """Folders of this machine.

    Attributes:
        folder: the operator's, of datasets that jobs may name; None if there is none.
        download: whether torchvision may download into it what isn't there.
        scratch: its disk takes images while a job works on them.
    """

    folder: Path | None = None
    download: bool = False
    scratch: Path = Path(tempfile.gettempdir())

    @classmethod
    def of(cls, settings: Settings) -> Shelf:
        """Returns what the settings say."""
        return cls(settings.datasets, settings.datasets_download, settings.home / "scratch")
