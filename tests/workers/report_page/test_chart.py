from tests.workers.report_page.findings import Parsed
from workers.report_page.chart import X_RANGE, Y_RANGE, Chart, picture
from workers.report_page.markup import tag
from workers.report_page.scales import Scale


def _chart() -> Chart:
    x, y = Scale(0, 10, *X_RANGE, "{:g}".format), Scale(0, 1, *Y_RANGE, "{:.1f}".format)
    return Chart("a-name", "A title", "What it shows.", x, y, "across", "up")


def test_a_chart_can_be_heard() -> None:
    parsed = Parsed(_chart().draw())
    name, told = parsed.elements[0]
    assert (name, told["role"]) == ("svg", "img")
    assert told["aria-labelledby"] == "a-name-title a-name-desc"
    ids = {told.get("id") for _, told in parsed.elements}
    assert {"a-name-title", "a-name-desc"} <= ids
    assert "A title" in parsed.text
    assert "What it shows." in parsed.text


def test_its_axes_have_names_and_ticks() -> None:
    parsed = Parsed(_chart().draw())
    assert {"across", "up", "0.0", "0.2", "1.0", "10"} <= set(parsed.texts)


def test_dots_stand_at_their_values_and_tell_them() -> None:
    parsed = Parsed(_chart().dots([(5, 1)], "trial", ["trial <0>"]))
    (dot,) = parsed.of_class("trial")
    assert float(dot["cx"] or 0) == (X_RANGE[0] + X_RANGE[1]) / 2
    assert float(dot["cy"] or 0) == Y_RANGE[1]
    assert parsed.text == "trial <0>"


def test_many_dots_are_one_shape() -> None:
    parsed = Parsed(_chart().dots([(i / 100, 0.5) for i in range(1000)], "trial", [""] * 1000))
    ((name, told),) = parsed.elements
    assert (name, told["class"]) == ("path", "trial many")
    assert (told["d"] or "").count("M") == 1000


def test_stairs_keep_a_height_until_the_next_point() -> None:
    (stairs,) = Parsed(_chart().stairs([(0, 0), (10, 1)], "best")).of_class("best")
    left, right = X_RANGE
    bottom, top = Y_RANGE
    assert stairs["d"] == f"M{left} {bottom}L{right} {bottom}L{right} {top}"


def test_what_lies_below_the_axis_is_told() -> None:
    x, y = Scale(0, 1, *X_RANGE, str), Scale(0.5, 1, *Y_RANGE, str)
    chart = Chart("a", "", "", x, y, "", "")
    assert Parsed(chart.lower([(0, 0.1), (0, 0.2), (0, 0.9)])).text == "2 lie lower"
    assert Parsed(chart.lower([(0, 0.1), (0, 0.9)])).text == "1 lies lower"
    assert chart.lower([(0, 0.9)]) == ""


def test_what_a_limit_forbids_is_shaded() -> None:
    parsed = Parsed(_chart().limit(7.5, "at most 7.5"))
    (shade,) = parsed.of_class("beyond")
    reach = float(shade["x"] or 0) + float(shade["width"] or 0)
    assert reach == X_RANGE[1]
    assert parsed.text == "at most 7.5"
    assert Parsed(_chart().limit(99, "")).of_class("beyond")[0]["width"] == "0"


def test_a_picture_shrinks_with_the_page() -> None:
    _, told = Parsed(picture("b", ("t", "d"), (20, 10.5), tag("g"))).elements[0]
    assert told["viewbox"] == "0 0 20 10.5"
    assert "width" not in told
