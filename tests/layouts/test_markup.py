"""Pages whose tables and choices travel as text."""

from __future__ import annotations

from dash import dcc, html

from layouts.markup import at_once, to_html


def carried(component: html.Div) -> str | None:
    """The text that stands for the content of the first child of a page."""
    return at_once(component).children[0].to_plotly_json()["props"].get("data-markup")


def test_a_table_travels_as_text_and_the_page_that_was_given_stays_as_it_was() -> None:
    cell = html.Td([html.A("<b>", href="/unit?a=1&b=2"), None, "7"], className="is-main")
    page = html.Div([html.Div(html.Table(cell), className="scroll", tabIndex="0"), html.P("x")])
    found = at_once(page)
    region, text = found.children
    assert region.children is None
    assert (region.className, region.tabIndex, text.children) == ("scroll", "0", "x")
    assert carried(page) == '<table><td class="is-main"><a href="/unit?a=1&amp;b=2">&lt;b&gt;</a>7</td></table>'
    assert page.children[0].children.children is cell


def test_of_a_select_the_chosen_one_alone_is_marked() -> None:
    options = [html.Option(name, value=name, selected=name == "b") for name in "ab"]
    page = html.Div([html.Select(options, id="filter-unit", name="unit")])
    assert carried(page) == '<option value="a">a</option><option selected value="b">b</option>'
    assert at_once(page).children[0].id == "filter-unit"


def test_what_callbacks_speak_to_stays_with_dash() -> None:
    for inside in (html.Button("x", id={"walls": "hold", "key": "a"}), dcc.Input(name="q")):
        page = html.Div([html.Div([html.Table(html.Td(inside))], className="scroll")])
        assert carried(page) is None
        assert str(at_once(page)) == str(page)


def test_a_label_names_its_field_in_text_too() -> None:
    assert to_html(html.Label("Đơn vị", htmlFor="unit")) == '<label for="unit">Đơn vị</label>'
