"""Checks an uploaded dataset: a program of its own, so that a hostile file meets nothing else.

Run as `python -m app.dataset_check MAX_UNPACKED_BYTES OUTPUT < archive`; OUTPUT is the number of an
open file. It prints one line of JSON, either `{"summary": …, "samples": …}`, the samples a PNG in
base64 or null, or `{"field": …, "detail": …}`. Of a zip of images it writes an `.npz` to the
output; an `.npz` is only read. Nothing is unpickled, no file is unpacked to disk, and the process
limits its own memory and processor time.
"""

import base64
import errno
import json
import os
import resource
import sys
from typing import IO

from app.dataset_archive import open_archive
from app.dataset_arrays import check_arrays
from app.dataset_folder import convert_images
from app.dataset_limits import BROKEN_DISK, Refused
from app.dataset_samples import Samples

MEMORY_BYTES = 2 * 2**30
PROCESSOR_S = 240
_BROKEN_DISK_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def check(
    file: IO[bytes], max_unpacked_bytes: int, output: IO[bytes], samples: Samples
) -> dict[str, object]:
    """Returns the dataset's summary; writes an `.npz` to `output` if the file isn't one.

    `samples` takes some of the images.

    Raises:
        Refused: it is not a dataset; says what is wrong and what would be right.
        OSError: the output's disk is full or broken.
    """
    with open_archive(file) as archive:
        names = archive.namelist()
        if not names:
            raise Refused(
                "",
                "it is empty, but an .npz with the arrays `images` and `labels`, or a zip of images"
                " as `CLASS/FILE`, is wanted",
            )
        if any(name.endswith(".npy") and "/" not in name for name in names):
            return check_arrays(archive, max_unpacked_bytes, samples)
        return convert_images(archive, max_unpacked_bytes, output, samples)


def main() -> int:
    """Checks what standard input holds, prints what was found and returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    answer: dict[str, object]
    try:
        with os.fdopen(int(sys.argv[2]), "wb") as output:
            samples = Samples()
            summary = check(sys.stdin.buffer, int(sys.argv[1]), output, samples)
            png = base64.b64encode(samples.png()).decode() if len(samples) else None
            answer = {"summary": summary, "samples": png}
    except Refused as refusal:
        answer = {"field": refusal.field, "detail": refusal.detail}
    except MemoryError:
        answer = {"field": "", "detail": "it takes too much memory to read"}
    except OSError as error:
        if error.errno not in _BROKEN_DISK_CODES:
            raise
        sys.stderr.write(f"{error}\n")
        return BROKEN_DISK
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
