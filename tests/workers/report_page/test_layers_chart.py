from tests.workers.report_page.findings import Parsed
from workers.report_page.layers import Comparison, LayerPair
from workers.report_page.layers_chart import BARS, BARS_END, in_words, layers_chart

FOUND = Comparison(
    layers=(
        LayerPair("first", "3×3 convolution", 16, 16),
        LayerPair("<b>second</b>", "3×3 convolution", 64, 16),
        LayerPair("third", "3×3 convolution", 64, None),
        LayerPair("last", "linear", 10, 10),
    ),
    skips=((-1, 0), (0, 1)),
)


def test_bars_are_as_long_as_there_are_channels() -> None:
    parsed = Parsed(layers_chart(FOUND))
    full = [float(bar["width"] or 0) for bar in parsed.of_class("bar-teacher")]
    kept = [float(bar["width"] or 0) for bar in parsed.of_class("bar-student")]
    gone = [float(bar["width"] or 0) for bar in parsed.of_class("bar-gone")]
    room = BARS_END - BARS
    assert full == [room / 4, room, round(room * 10 / 64, 2)]
    assert kept == [room / 4, room / 4, round(room * 10 / 64, 2)]
    assert gone == [room]


def test_each_row_says_what_was_done() -> None:
    parsed = Parsed(layers_chart(FOUND))
    assert {"16", "64 → 16", "64 → removed", "10", "<b>second</b>"} <= set(parsed.texts)
    assert "third: 3×3 convolution, 64 → removed" in parsed.texts


def test_each_new_skip_has_an_arc() -> None:
    parsed = Parsed(layers_chart(FOUND))
    assert len(parsed.of_class("skip")) == 2
    assert "added skip: after the input to after first" in parsed.texts


def test_in_words() -> None:
    assert in_words(FOUND) == (
        "Of the teacher's 4 layers with weights 1 was removed and 1 kept fewer channels; "
        "2 skip connections were added."
    )
    assert in_words(Comparison(FOUND.layers[:1], FOUND.skips[:1])) == (
        "Of the teacher's 1 layers with weights 0 were removed and 0 kept fewer channels; "
        "1 skip connection was added."
    )


def test_a_layer_of_many_channels_stays_in_the_picture() -> None:
    wide = Comparison((LayerPair("a", "linear", 10**6, 1), LayerPair("b", "linear", 1, 1)), ())
    parsed = Parsed(layers_chart(wide))
    widths = [float(bar["width"] or 0) for bar in parsed.of_class("bar-teacher")]
    assert widths == [BARS_END - BARS, 2]  # the least that can be seen
