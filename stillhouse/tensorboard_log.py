"""Trials as runs of TensorBoard, `FOLDER/JOB/trial-00007`, beside `FOLDER/JOB/search`."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stillhouse.documents import JobStatus, Trial
from stillhouse.errors import MissingPackage
from stillhouse.trial_logs import COSTS, curve, measures

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoardLog:
    """A folder that `tensorboard --logdir` shows.

    A trial's run takes its name when it is whole. The run of a search is written anew by whoever
    follows the job last.

    Args:
        folder: Made if needed.

    Raises:
        MissingPackage: tensorboard isn't installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import torch.utils.tensorboard  # noqa: F401
        except ImportError as error:
            raise MissingPackage("a log for TensorBoard", "tensorboard") from error
        self.name = f"TensorBoard in {folder}"
        self._folder = folder
        self._search: dict[str, SummaryWriter] = {}
        self._best: dict[str, float] = {}

    def write(self, job: JobStatus, trial: Trial) -> None:
        """Writes a trial's curve, figures and hyperparameters, and its point of the search."""
        place = self._folder / job.id / f"trial-{trial.number:05}"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".writing-", dir=place.parent) as aside:
                _write_trial(Path(aside) / "run", trial)
                (Path(aside) / "run").rename(place)
        if trial.score is not None:
            self._write_point(job, trial, trial.score)

    def close(self) -> None:
        """Closes the files."""
        for writer in self._search.values():
            writer.close()

    def _write_point(self, job: JobStatus, trial: Trial, score: float) -> None:
        if job.id not in self._search:
            from torch.utils.tensorboard import SummaryWriter

            place = self._folder / job.id / "search"
            rmtree(place, ignore_errors=True)
            self._search[job.id] = SummaryWriter(str(place))
        writer = self._search[job.id]
        self._best[job.id] = max(score, self._best.get(job.id, score))
        for name, value in {"score": score, "best score": self._best[job.id]}.items():
            writer.add_scalar(f"search/{name}", value, trial.number)
        if job.teacher is not None:
            share = trial.params / job.teacher.params
            writer.add_scalar("search/params ratio", share, trial.number)
        writer.flush()


def _write_trial(place: Path, trial: Trial) -> None:
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams

    found = {name: float(getattr(trial, name)) for name in COSTS}
    told = {**found, "state": trial.state, "criterion": str(trial.document.get("criterion"))}
    with SummaryWriter(str(place)) as writer:
        for epoch, accuracy in enumerate(curve(trial), 1):
            writer.add_scalar("trial/accuracy", accuracy, epoch)
        figures = {f"trial/{name}": value for name, value in measures(trial).items()}
        for summary in hparams(told, figures):
            writer.file_writer.add_summary(summary)
        for name, value in figures.items():
            if name != "trial/accuracy" or not curve(trial):
                writer.add_scalar(name, value, 0)
