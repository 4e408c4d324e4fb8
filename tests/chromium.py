"""Debian's Chromium, in which the page is tested."""

from __future__ import annotations

import shutil

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox"]  # it has none for root; it opens nothing but the page under test
