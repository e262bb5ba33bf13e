"""``/api/openapi.json``: what programs may ask of the API and what they are answered, as OpenAPI 3.1. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from opscentre import __version__
from opscentre.live.wall import Wall

PATH = "/api/openapi.json"

_REF = "#/components/schemas/{name}"
_DAY = {"type": "string", "format": "date"}
_COUNT = {"type": "integer"}
#: The groups of the progress table and what each counts.
_TABLE = {
    "received": ("total", "carried_over", "in_period", "online", "counter", "postal"),
    "finished": ("total", "early", "on_time", "overdue"),
    "in_process": ("total", "in_time", "overdue"),
    "paused": ("total", "in_time", "overdue"),
}
_PLAIN = {
    "Error": {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
        "additionalProperties": False,
    },
    "Unit": {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "name": {"type": "string"},
            "group": {"enum": ["I", "II", "III", "-"]},
            "until": {**_DAY, "description": "The unit's last day, where it is not there any more."},
            "since": {**_DAY, "description": "The unit's first day, where it is not there yet."},
        },
        "required": ["code", "name", "group"],
        "additionalProperties": False,
    },
}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _to(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}


def _answer(said: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def _refusals(**more: str) -> dict[str, Any]:
    told = {
        "401": "No token, or one that does not open this path.",
        "403": "The token's scope does not reach this.",
        "429": "Too many requests; Retry-After says how many seconds to wait.",
        **{code.removeprefix("http_"): said for code, said in more.items()},
    }
    found = {code: _answer(said, _to("Error")) for code, said in sorted(told.items())}
    found["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return found


def _schemas() -> dict[str, Any]:
    cells = {group: _object(dict.fromkeys(names, _COUNT)) for group, names in _TABLE.items()}
    board = {
        "profile": {"type": "string"},
        "from": _DAY,
        "to": _DAY,
        "as_of": {"type": "string", "format": "date-time"},
        "state": {"enum": ["live", "rebuilding", "empty", "history"]},
        "rows": {"type": "array", "items": _to("Row")},
        "total": _to("Cells"),
    }
    _, walls = msgspec.json.schema_components([Wall], ref_template=_REF)
    return {
        **walls,
        **_PLAIN,
        "Cells": _object(cells),
        "Row": _object({"unit": _to("Unit"), **cells}),
        "Board": _object(board),
    }


def _day_asked(name: str, said: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": said, "schema": _DAY}


def document() -> dict[str, Any]:
    """The whole description."""
    away = "The live board cannot be read now."
    wall = {
        "summary": "The province at this moment, as walls show it",
        "description": "Times ending in _at are real milliseconds, all others the product's own. Without the right to "
        "see dossiers the lists of dossiers are empty.",
        "responses": {"200": _answer("The wall.", _to("Wall")), **_refusals(http_503=away)},
    }
    board = {
        "summary": "The progress table (18 columns) of a period, by unit",
        "description": "For a token of some units: their rows, and the sum of these.",
        "parameters": [
            _day_asked("from", "First day; today if left out."),
            _day_asked("to", "The day after the last one; tomorrow if left out. At most ten years after 'from'."),
        ],
        "responses": {
            "200": _answer("The table.", _to("Board")),
            **_refusals(http_400="A day that is none, or a period that is empty or too long.", http_503=away),
        },
    }
    own = {
        "summary": "This description",
        "responses": {"200": _answer("OpenAPI 3.1.", {"type": "object"}), **_refusals()},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "opscentre", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": {"/api/wall": {"get": wall}, "/api/board": {"get": board}, PATH: {"get": own}},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }
