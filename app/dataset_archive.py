"""Opening an uploaded zip and its members, whatever a stranger made of them."""

import tokenize
import zipfile
import zlib
from typing import IO

from app.dataset_limits import Refused

# What reading a broken archive or array raises in zipfile, zlib and numpy.
READING = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    OSError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    OverflowError,
    RecursionError,
    NotImplementedError,
)


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """Returns the zip in a file.

    Raises:
        Refused: it is none, or not a whole one.
    """
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Refused(
            "", "this is no whole .npz archive (a zip of .npy arrays), and no zip of images"
        ) from error


def open_member(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> IO[bytes]:
    """Returns a member, open for reading; it never gives more bytes than `info.file_size` says.

    Args:
        archive: where it is.
        name: the field that is to blame if it can't be read.
        info: which member.

    Raises:
        Refused: it is damaged, encrypted, or compressed in a way that is not known.
    """
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(name, "stored or deflated data is wanted, as numpy writes it")
    try:
        return archive.open(info)
    except (*READING, RuntimeError) as error:
        raise Refused(name, "it is damaged or encrypted") from error
