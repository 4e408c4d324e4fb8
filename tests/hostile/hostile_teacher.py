"""What one broken or hostile upload is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Whatever runs code from an upload makes this file in the folder that it runs in.
CANARY = "canary-that-hostile-code-leaves"

Files = dict[str, Path]  # form field (`weights`, `onnx`, `architecture`) to the file sent in it


@dataclass(frozen=True)
class HostileTeacher:
    """A teacher that must be refused, without running code and without much memory.

    Attributes:
        name: A Python identifier.
        fields: Form fields beside the files: `network`, `input_shape`.
        write: Writes its files into a folder, and says which form field each goes into.
        where: The field that the refusal names: `network`, `weights`, `onnx` or `architecture`.
        says: A regular expression that is found in the refusal's detail.
    """

    name: str
    fields: Mapping[str, str]
    write: Callable[[Path], Files]
    where: str
    says: str
