"""What all tests share: one thread for torch, so that tests beside others stay quick."""

from __future__ import annotations

import os

# Read when torch and NumPy are first imported, here and in the processes that tests start.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
