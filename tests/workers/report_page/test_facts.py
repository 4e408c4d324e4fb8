from dataclasses import replace

from tests.workers.report_page.findings import Parsed, findings, story, trials
from workers.report_page.facts import facts_table, search_in_words


def _facts(**teacher: object) -> dict[str, str]:
    found = findings()
    report = {**found.report, "teacher": {**found.report["teacher"], **teacher}}
    texts = Parsed(facts_table(report, found.story)).texts
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_what_it_takes_to_do_it_again() -> None:
    told = _facts()
    assert told["job"] == "job_1"
    assert told["constraints"] == "params ≤ 68,000"
    assert told["dataset"] == ("digits: 10 classes; images: 1,257 train, 270 validation, 270 test")
    assert told["loss"] == "mse"
    assert told["precision"] == "dtype bfloat16"
    assert (told["job seed"], told["trial seed"]) == ("0", "123")
    assert told["student's epochs"] == "35"
    assert told["student's reused from"] == "none"
    assert told["versions"] == "python 3.11, torch 2.14"
    assert told["latency"] == (
        "0.0213 ms (8 of 10 runs within 0.021 ms to 0.0234 ms) in onnxruntime, batch size 1, "
        "threads 1, on CPU"
    )


def test_an_uploaded_teacher_was_not_trained_for_no_epochs() -> None:
    assert _facts()["teacher"] == "zoo/resnet20, trained for 30 epochs"
    assert _facts(network="tch_1", epochs=0)["teacher"] == "tch_1, uploaded"


def test_what_a_report_newly_says_of_a_training_is_told_by_its_name() -> None:
    found = findings(changes={"training": {"label_smoothing": 0.1, "ema": False, "stages": []}})
    text = Parsed(facts_table(found.report, found.story)).text
    assert "label smoothing0.1" in text
    assert "emano" in text
    assert "stagesnone" in text


def test_a_latency_limit_is_told() -> None:
    found = findings()
    latency = {**found.report["latency"], "limit_ms": 2.5}
    text = Parsed(facts_table({**found.report, "latency": latency}, found.story)).text
    assert "; the limit is 2.5 ms" in text
    assert "constraintsnone" in Parsed(facts_table(found.report, story(limits={}))).text


def test_how_the_search_s_trials_ended() -> None:
    first, second, third, fourth, *rest = trials(6)
    told = story(
        trials=(
            replace(first, state="failed", accuracy=None),
            replace(second, state="stopped", accuracy=None),
            replace(third, reused=True),
            fourth,
            *rest,
        )
    )
    assert search_in_words(told) == (
        "6 students were tried: 3 were trained to the end of the search's epochs, 1 were taken "
        "over from earlier jobs, 1 were stopped early as hopeless, 1 failed."
    )
