"""A job's trials as a table of pandas, which need not be installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillhouse.documents import Trial
from stillhouse.errors import MissingPackage

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = (
    "state", "params", "macs", "bytes", "accuracy", "score", "latency_ms", "duration_s", "epochs",
    "criterion", "seed",
)  # fmt: skip


def trials_frame(trials: Sequence[Trial]) -> DataFrame:
    """Returns a row for each trial, by number; what a trial hasn't is missing in its row.

    Beside COLUMNS: `curve`, the accuracies by epoch; `reused_job` and `reused_trial`, whose result
    was taken over; `error`, why it failed.

    Raises:
        MissingPackage: pandas isn't installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPackage("trials as a table", "pandas") from error
    index = pd.Index([trial.number for trial in trials], name="trial")
    rows = [_row(trial) for trial in trials]
    names = (*COLUMNS, "curve", "reused_job", "reused_trial", "error")
    table = pd.DataFrame(rows, index=index, columns=list(names))
    whole = ("params", "macs", "bytes", "epochs", "seed", "reused_trial")
    return table.astype(dict.fromkeys(whole, "Int64"))


def _row(trial: Trial) -> dict[str, object]:
    source, error = trial.reused_from or {}, trial.error or {}
    told = {name: trial.document.get(name) for name in (*COLUMNS, "curve")}
    return {
        **told,
        "reused_job": source.get("job"),
        "reused_trial": source.get("trial"),
        "error": error.get("detail") or error.get("title"),
    }
