"""What the runs amount to, seed by seed and over all seeds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.cifar.runs import EMBEDDING, METHODS, RANDOM, Key, Run

AIM = 0.5  # of random search's time


@dataclass(frozen=True)
class Race:
    """A seed's two searches.

    Attributes:
        score: the best of random search in the end.
        random_s: seconds of random search in all.
        reached_s: seconds of the embedding search until it had that score; None: never.
        share: of random search's time; if the score was never reached, of the whole embedding
            search, which is less than what would be needed.
    """

    seed: int
    score: float
    random_s: float
    reached_s: float | None
    share: float

    @classmethod
    def of(cls, embedding: Run, random: Run) -> Race:
        """Returns the race of two runs."""
        reached_s = embedding.reaching_s(random.best)
        spent_s = embedding.search_s if reached_s is None else reached_s
        share = spent_s / random.search_s
        return cls(random.seed, random.best, random.search_s, reached_s, share)


def races(runs: Mapping[Key, Run]) -> list[Race]:
    """Returns the races of all seeds that have both searches."""
    seeds = sorted({key.seed for key in runs})
    pairs = [(runs.get(Key(seed, EMBEDDING)), runs.get(Key(seed, RANDOM))) for seed in seeds]
    return [Race.of(mine, other) for mine, other in pairs if mine and other]


def aim_of(found: Sequence[Race]) -> dict[str, object]:
    """Returns whether the embedding search needs at most half of random search's time.

    It holds if every seed's score was reached and the mean share is no more than a half.
    """
    reached = sum(race.reached_s is not None for race in found)
    shares = [race.share for race in found]
    return {
        "share": figure(shares),
        "median": round(statistics.median(shares), 4) if shares else None,
        "reached": reached,
        "within_half": sum(race.reached_s is not None and race.share <= AIM for race in found),
        "of": len(found),
        "holds": bool(shares) and reached == len(found) and statistics.mean(shares) <= AIM,
    }


def figure(values: Sequence[float]) -> dict[str, float]:
    """Returns how many values there are, their mean and its standard error, as far as they have."""
    found: dict[str, float] = {"n": len(values)}
    if values:
        found["mean"] = round(statistics.fmean(values), 4)
    if len(values) > 1:
        found["se"] = round(statistics.stdev(values) / len(values) ** 0.5, 4)
    return found


def of_method(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    """Returns a method's figures, each as mean, standard error and n over seeds."""
    figures: dict[str, list[float]] = {
        "trials": [len(run.trials) for run in runs],
        "stopped": [sum(trial.state == "stopped" for trial in run.trials) for run in runs],
        "search_score": [run.best for run in runs],
        "best_s": [run.progress()[-1][0] - run.searching_s for run in runs],
        "final_score": [run.final.score for run in runs],
        "final_accuracy": [run.final.accuracy for run in runs],
        "test_accuracy": [run.final.test_accuracy for run in runs],
        "params_ratio": [run.final.params_ratio for run in runs],
        "macs_ratio": [run.final.macs_ratio for run in runs],
        "final_epochs": [run.final_epochs for run in runs],
        "preparing_s": [run.searching_s for run in runs],
        "search_s": [run.search_s for run in runs],
        "final_training_s": [run.testing_s - run.finishing_s for run in runs],
        "wall_s": [run.wall_s for run in runs],
        "around_s": [run.around_s for run in runs],
    }
    return {name: figure(values) for name, values in figures.items()}


def result(runs: Mapping[Key, Run]) -> dict[str, object]:
    """Returns the comparison's part of the `RESULT` line."""
    found = races(runs)
    return {
        "methods": {
            method: of_method(mine)
            for method in METHODS
            if (mine := [run for run in runs.values() if run.method == method])
        },
        "races": [asdict(race) for race in found],
        "aim": aim_of(found),
        "teacher": {
            name: figure([run.teacher[name] for run in runs.values()])
            for name in ("validation", "test")
        },
        "precisions": sorted({_precision(run) for run in runs.values()}),
        "code": sorted({run.code for run in runs.values()}),
    }


def text(runs: Mapping[Key, Run]) -> str:
    """Returns the comparison in words and a table."""
    names = ("trials", "search_score", "final_score", "test_accuracy", "params_ratio", "wall_s")
    lines = [" ".join(f"{name:>20}" for name in ("", *names))]
    for method in METHODS:
        mine = [run for run in runs.values() if run.method == method]
        if mine:
            figures = of_method(mine)
            lines.append(" ".join([f"{method:>20}", *(_cell(figures[name]) for name in names)]))
    for race in races(runs):
        never = race.reached_s is None
        reached = "never reached" if never else f"reached after {race.reached_s:.0f} s"
        lines.append(
            f"seed {race.seed}: random search's best, {race.score:.4f} in {race.random_s:.0f} s,"
            f" was {reached}: {race.share:.2f} of the time"
        )
    return "\n".join(lines)


def _cell(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.4g}" + (f" ± {found['se']:.2g}" if "se" in found else "")


def _precision(run: Run) -> str:
    told = run.teacher["precision"]
    return f"{told['dtype']}/{told['layout']}, {told['teacher_threads']} threads"
