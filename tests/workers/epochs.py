"""Which epochs are trained."""

import pytest

from workers.training import Training


def epochs_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns the list that the numbers of all epochs trained from now on are added to."""
    run, numbers = Training.run_epoch, []

    def noted(self: Training) -> None:
        run(self)
        numbers.append(self.epoch)

    monkeypatch.setattr(Training, "run_epoch", noted)
    return numbers
