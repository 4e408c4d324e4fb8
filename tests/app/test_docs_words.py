from app.docs_words import code, example, inline, prose


def test_paragraphs_are_parted_and_names_are_code() -> None:
    words = prose("One\nline of `it`.\n\nAnother.\n")
    assert words == "<p>One line of <code>it</code>.</p><p>Another.</p>"


def test_nothing_is_taken_for_a_tag() -> None:
    assert inline("`<b>` & <i>") == "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"
    assert code('"<') == "<code>&quot;&lt;</code>"
    assert "<i>" not in example({"a": "<i>"}) + example("<i>")


def test_an_example_is_shown_as_it_comes() -> None:
    assert example("id: 1\n") == '<pre tabindex="0">id: 1\n</pre>'
    assert "&quot;é&quot;: null" in example({"é": None})
