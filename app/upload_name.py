"""What an upload is called: the name that was given, or what can be made of a file's."""

import re

from app.field_errors import pointer
from app.problems import FieldError, Invalid
from app.upload import Upload

_LONGEST_NAME = 200


def name_of(upload: Upload, filename: str, suffix: str) -> str:
    """Returns the form's `name`, or the file's without folders and suffix; it may be empty then.

    Raises:
        Invalid: the name that was given can't be used.
    """
    given = upload.fields.get("name")
    if given is not None:
        if not (0 < len(given) <= _LONGEST_NAME and given.isprintable()):
            detail = f"1 to {_LONGEST_NAME} printable characters are wanted"
            raise Invalid("the name can't be used", [FieldError(pointer("name"), detail)])
        return given
    last = re.split(r"[/\\]", filename)[-1]
    shown = "".join(c for c in last if c.isprintable()).removesuffix(suffix).strip()
    return shown[:_LONGEST_NAME]
