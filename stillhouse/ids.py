"""What an id is of, told by how it begins."""

from __future__ import annotations

from urllib.parse import quote

from stillhouse.errors import StillhouseError

_LISTS = {"job_": "jobs", "dst_": "datasets", "tch_": "teachers", "emb_": "embeddings"}


class UnknownKind(StillhouseError):
    """Raised when an id is of nothing that has a document and can be deleted."""

    exit_code = 2


def path_of(id_: str) -> str:
    """Returns where the server has the thing of an id; raises UnknownKind."""
    for prefix, name in _LISTS.items():
        if id_.startswith(prefix):
            return f"/v1/{name}/{quote(id_, safe='')}"
    msg = f"{id_!r} is no id of a job, a dataset, a teacher or an embedding: " + ", ".join(
        f"{prefix}…" for prefix in _LISTS
    )
    raise UnknownKind(msg)
