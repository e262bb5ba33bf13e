"""Components as HTML text, so that a page of thousands of elements is mounted at once. Pure.

Dash builds a page component by component and keeps account of each: 3,500 of them hold a browser up for seconds. The
wall's elements are never rendered again by anybody but the pushes, so Dash need not know of them; nor of the tables
and choices of the desk's pages, which are only read.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from html import escape
from typing import Any

from dash.development.base_component import Component

_NAMES = {"className": "class", "srcSet": "srcset", "htmlFor": "for"}
_VOID = frozenset({"img", "br", "hr", "input"})
#: Attributes whose text a person comes to see.
_SAID = frozenset({"data-title", "data-info", "data-warn", "data-alarm"})
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def to_html(component: Any, say: Callable[[str], str] = str) -> str:
    """A component of ``dash.html``, a text, a list of both, or None; ``say`` puts its texts into another language."""
    if component is None:
        return ""
    if isinstance(component, list | tuple):
        return "".join(to_html(child, say) for child in component)
    if not isinstance(component, Component):
        return escape(say(str(component)), quote=False)
    if component._namespace != "dash_html_components":
        raise TypeError(f"{component._namespace}.{component._type} has no HTML; only dash.html components have")
    tag = component._type.lower()
    props = component.to_plotly_json()["props"]
    children = props.pop("children", None)
    attributes = "".join(
        _attribute(name, say(value) if name in _SAID else value)
        for name, value in props.items()
        if value is not None and value is not False
    )
    return f"<{tag}{attributes}>" if tag in _VOID else f"<{tag}{attributes}>{to_html(children, say)}</{tag}>"


def at_once(component: Any) -> Any:
    """A page whose tables and selects carry their content as text, which ``assets/desk_tables.js`` puts in place.

    Everything else stays as it is; so does content that callbacks speak to, which is all that has an id.
    """
    if isinstance(component, list | tuple):
        return [at_once(child) for child in component]
    children = getattr(component, "children", None)
    if children is None or not isinstance(component, Component):
        return component
    found = copy.copy(component)
    if (component._type == "Select" or getattr(component, "className", "") == "scroll") and _is_only_read(children):
        found.children = None
        setattr(found, "data-markup", to_html(children))
    else:
        found.children = at_once(children)
    return found


def _is_only_read(component: Any) -> bool:
    if isinstance(component, list | tuple):
        return all(map(_is_only_read, component))
    if not isinstance(component, Component):
        return True
    if component._namespace != "dash_html_components" or getattr(component, "id", None):
        return False
    return _is_only_read(getattr(component, "children", None))


def _attribute(name: str, value: Any) -> str:
    if value is True:
        return f" {_NAMES.get(name, name)}"
    if name == "style":
        value = ";".join(f"{_property(key)}:{part}" for key, part in value.items())
    return f' {_NAMES.get(name, name)}="{escape(str(value))}"'


def _property(name: str) -> str:
    return name if name.startswith("--") else _CAPITAL.sub("-", name).lower()
