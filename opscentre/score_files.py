"""Reading the inputs of the score from a file: JSON ``{"2.1": [numerator, denominator]}``, or CSV of the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from opscentre.domain.indicators import Scheme
from opscentre.domain.score import BadInput, Input, Number, checked

WANTED = 'want an object like {"2.1": [950, 1000], "3.6": [40, 80]}'
_PAIR_WANTED = 'want [numerator, denominator], like "2.1": [950, 1000]'
COLUMNS = ("code", "numerator", "denominator")


def read_inputs(path: Path, scheme: Scheme) -> dict[str, Input]:
    """The inputs of a file by indicator code, checked against a scheme.

    A name ending in ``.csv`` is read as CSV with the columns code, numerator, denominator; any other as
    JSON. Raises ``BadInput``: the file, what was seen, what is wanted.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); name a file with the inputs") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    try:
        pairs = _csv_pairs(text) if path.suffix.lower() == ".csv" else _json_pairs(text)
        found: dict[str, Input] = {}
        for code, value in pairs:
            if code in found:
                raise BadInput(f'"{code}" is there twice; keep one')
            found[code] = checked(code, value, scheme)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return found


def _json_pairs(text: str) -> list[tuple[str, Input]]:
    try:
        # Pairs instead of an object, so that a code given twice is seen.
        document = json.loads(text, parse_float=Decimal, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno}); {WANTED}") from None
    except (RecursionError, ValueError):
        raise BadInput(f"not JSON of inputs: nested too deeply, or a number too long; {WANTED}") from None
    if not isinstance(document, _Pairs):
        raise BadInput(f"the document is {_kind(document)}; {WANTED}")
    return [(code, _pair(code, value)) for code, value in document]


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs."""


def _pair(code: str, value: object) -> Input:
    if not isinstance(value, list) or isinstance(value, _Pairs):
        raise BadInput(f'"{code}": saw {_kind(value)}, {_PAIR_WANTED}')
    if len(value) != 2:
        raise BadInput(f'"{code}": saw a list of {len(value)}, {_PAIR_WANTED}')
    return Input(_number(code, "numerator", value[0]), _number(code, "denominator", value[1]))


def _number(code: str, name: str, value: object) -> Number:
    # NaN and Infinity arrive as floats, everything else with a point as Decimal.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadInput(f'"{code}": {name}: saw {_kind(value)}, want a number from 0 on')
    return value


def _csv_pairs(text: str) -> list[tuple[str, Input]]:
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        seen = ",".join(reader.fieldnames or ()) or "nothing"
        raise BadInput(f"the first line is {seen}, want {','.join(COLUMNS)}")
    found = []
    for row in reader:
        place = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise BadInput(f"{place}: want {len(COLUMNS)} values ({', '.join(COLUMNS)})")
        found.append((row["code"].strip(), _csv_input(place, [row["numerator"], row["denominator"]])))
    return found


def _csv_input(place: str, parts: Sequence[str]) -> Input:
    numbers: list[Number] = []
    for name, part in zip(COLUMNS[1:], parts, strict=True):
        try:
            numbers.append(Decimal(part.strip()))
        except InvalidOperation:
            raise BadInput(f'{place}: {name}: saw "{part}", want a number from 0 on, like 950') from None
    return Input(*numbers)


def _kind(value: object) -> str:
    """A value in the words of JSON, short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f'the text "{value[:30]}"'
    return f"the number {value}"
