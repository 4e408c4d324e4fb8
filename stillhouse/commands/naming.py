"""What lists name by ids, by the names that their owners gave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillhouse.client import Client
from stillhouse.errors import Refused

_UPLOADS = ("tch_", "dst_")


class Names:
    """The names of uploaded teachers and datasets; each is asked for once.

    Args:
        client: Where they are.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """Returns an upload's name; its id where it is gone, and of anything else the same text."""
        if not text.startswith(_UPLOADS):
            return text
        if text not in self._known:
            self._known[text] = self._asked(text)
        return self._known[text]

    def title(self, request: Mapping[str, Any]) -> str:
        """Returns what a job's request compresses on what."""
        teacher, dataset = request.get("teacher", {}), request.get("dataset", {})
        of = (
            str(one.get("network") or one.get("name") or one.get("id"))
            for one in (teacher, dataset)
        )
        return " on ".join(map(self.of, of))

    def _asked(self, upload: str) -> str:
        try:
            return str(self._client.on_record(upload).get("name") or upload)
        except Refused:  # most likely it was deleted, which is no reason to list nothing
            return upload
