import numpy as np

from tests.workers.report_page.findings import Parsed, evaluation
from workers.evaluation import Evaluation, evaluate
from workers.report_page.classes_chart import MOST_CLASSES
from workers.report_page.confusion_chart import MOST_PAIRS, confusion_chart, worst_pairs


def _of(pairs: list[tuple[int, int]], classes: int) -> Evaluation:
    """Answers (predicted) to labels: pairs of label and prediction."""
    labels, predicted = np.array(pairs).T
    return evaluate(np.eye(classes, dtype=np.float32)[predicted], labels)


def test_each_cell_tells_its_images() -> None:
    found = _of([(0, 0), (0, 0), (0, 1), (1, 1), (2, 1), (2, 1)], 3)
    parsed = Parsed(confusion_chart(["cat", "dog", "<b>"], found) or "")
    assert len(parsed.of_class("right")) == 2  # no <b> is right
    assert len(parsed.of_class("wrong")) == 2
    assert {"2 of cat right", "1 of cat taken for dog", "2 of <b> taken for dog"} <= set(
        parsed.texts
    )
    assert "<b> is most often taken for dog: 2 times." in parsed.text


def test_the_darker_the_more() -> None:
    pairs = [(0, 0)] * 6 + [(0, 1)] * 3 + [(0, 2)] * 1 + [(1, 1), (2, 2)]
    parsed = Parsed(confusion_chart(["a", "b", "c"], _of(pairs, 3)) or "")
    often, seldom = (float(cell["fill-opacity"] or 0) for cell in parsed.of_class("wrong"))
    assert 0 < seldom < often <= 1
    first, second, third = (float(cell["fill-opacity"] or 0) for cell in parsed.of_class("right"))
    assert first == 0.6  # six of ten
    assert second == third == 1


def test_cells_too_small_for_a_number_have_none() -> None:
    few, many = (evaluation(n, n * 4, 1.0)[1] for n in (10, MOST_CLASSES))
    names = [str(n) for n in range(MOST_CLASSES)]
    assert len(Parsed(confusion_chart(names, few) or "").of_class("cell")) >= 10
    assert Parsed(confusion_chart(names, many) or "").of_class("cell") == []


def test_there_is_no_matrix_of_many_classes() -> None:
    assert confusion_chart([], evaluation(MOST_CLASSES + 1, 100, 0.9)[1]) is None


def test_two_classes_and_long_names() -> None:
    found = _of([(0, 0), (1, 0)], 2)
    parsed = Parsed(confusion_chart(["a" * 200, "b" * 200], found) or "")
    shown = [text for text in parsed.texts if text.endswith("…")]
    assert max(map(len, shown)) < 20


def test_the_worst_pairs_come_first() -> None:
    pairs = [(0, 1)] * 3 + [(1, 0)] * 5 + [(2, 2)] * 9 + [(2, 0)] * 3
    assert worst_pairs(_of(pairs, 3)) == [(1, 0, 5), (0, 1, 3), (2, 0, 3)]
    assert len(worst_pairs(evaluation(1000, 3000, 0.1)[1])) == MOST_PAIRS
    assert worst_pairs(_of([(0, 0), (1, 1)], 2)) == []


def test_no_mistake_is_told_as_such() -> None:
    parsed = Parsed(confusion_chart(["a", "b"], _of([(0, 0), (1, 1)], 2)) or "")
    assert "100.0% of 2 test images are right." in parsed.texts
    assert parsed.of_class("wrong") == []


def test_an_image_without_an_answer_is_in_no_cell() -> None:
    logits = np.array([[1, 0], [np.nan, 0]], np.float32)
    parsed = Parsed(confusion_chart(["a", "b"], evaluate(logits, np.array([0, 1]))) or "")
    assert len(parsed.of_class("right")) == 1
    assert parsed.of_class("wrong") == []
