"""Ids: a prefix that tells the kind, and 22 random base62 characters (131 bits)."""

import re
import secrets
import string

_ALPHABET = string.digits + string.ascii_letters
_LENGTH = 22

JOB = "job"
DATASET = "dst"
STUDENT = "std"
EMBEDDING = "emb"
TEACHER = "tch"
ESTIMATE = "est"
KEY = "key"

_PATTERN = re.compile(rf"(job|dst|std|emb|tch|est|key)_[0-9A-Za-z]{{{_LENGTH}}}")


def new_id(prefix: str) -> str:
    """Returns a fresh id such as `job_4fR…`."""
    return f"{prefix}_{random_name()}"


def random_name() -> str:
    """Returns 22 random base62 characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def is_id(prefix: str, text: str) -> bool:
    """Returns whether `text` has the form of an id of this kind (not whether it exists)."""
    return _PATTERN.fullmatch(text) is not None and text.startswith(f"{prefix}_")
