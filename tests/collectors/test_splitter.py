"""Finding the records in JSON bytes: every shape, every way of being broken, any cutting into chunks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.splitter import LONGEST_RECORD, Piece, UnreadableFile, split


def dossier(number: int, **more: object) -> dict[str, object]:
    steps = [{"MaHoSo": f"H{number}", "ThoiDiemXuLy": "20261120093011", "TrangThai": "2"}] * 2
    record = {"MaHoSo": f"H{number}", "DanhSachTienDo": steps, "GhiChu": 'a "b" }], {\\', "TrangThaiHoSo": "2"}
    return {**record, **more}


DOSSIERS = [dossier(n) for n in range(1, 6)]
SHAPES: dict[str, Callable[[list[dict[str, object]]], str]] = {
    "an envelope": lambda rows: json.dumps({"isUpdating": False, "data": rows}),
    "an envelope with data first": lambda rows: json.dumps({"data": rows, "isUpdating": "1", "more": {"a": [1, {}]}}),
    "an envelope with a name": lambda rows: json.dumps({"DongBoHoSoMC": {"a": 1, "data": rows, "b": [2]}, "c": {}}),
    "an indented envelope": lambda rows: json.dumps({"note": {"data": 1}, "data": rows}, indent=2, ensure_ascii=False),
    "a list": json.dumps,
    "an indented list": lambda rows: json.dumps(rows, indent=1),
    "a list, a record a line": lambda rows: "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
    "a record a line": lambda rows: "\n".join(map(json.dumps, rows)) + "\n",
    "a record a line, Windows": lambda rows: "\r\n\r\n".join(map(json.dumps, rows)),
    "records one after another": lambda rows: "".join(json.dumps(row, indent=2) for row in rows),
    "an envelope a line": lambda rows: "\n".join(json.dumps({"data": [row]}) for row in rows),
}


def chunked(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def pieces(text: str | bytes, size: int = 1 << 18) -> list[Piece]:
    data = text.encode() if isinstance(text, str) else text
    return list(split(chunked(data, size)))


def numbers(found: list[Piece]) -> list[str]:
    """The MaHoSo of each piece, or the fault it has."""
    seen = []
    for piece in found:
        try:
            seen.append(piece.fault or str(json.loads(piece.raw)["MaHoSo"]))
        except ValueError:
            seen.append("broken inside")
    return seen


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_shape_gives_its_records_in_order(shape: str, mark: bytes) -> None:
    data = mark + SHAPES[shape](DOSSIERS).encode()
    found = pieces(data)
    assert [json.loads(piece.raw) for piece in found] == DOSSIERS
    assert [piece.number for piece in found] == [1, 2, 3, 4, 5]
    assert all(data[piece.offset : piece.offset + len(piece.raw)] == piece.raw for piece in found)


def test_an_envelope_may_hold_one_record_or_none() -> None:
    assert numbers(pieces(json.dumps({"data": dossier(1), "x": 1}))) == ["H1"]
    assert pieces('{"data": []}') == []
    assert pieces(" [ ] ") == []


RECORD = json.dumps(dossier(2))
BROKEN = {
    "a value missing": RECORD.replace('"2"}', "}"),
    "a comma too many": RECORD.replace("}", ",}", 1),
    "an unknown word": RECORD.replace('"H2"', "H2", 1),
    "a quote missing": RECORD.replace('"H2"', '"H2', 1),
    "a quote missing at the end": RECORD[:-2] + "}",
    "the closing brace missing": RECORD[:-1],
    "a bracket missing": RECORD.replace("]", "", 1),
    "the wrong bracket": RECORD.replace("]", "}", 1),
    "a line break within a string": RECORD.replace("GhiChu", "Ghi\nChu"),
    "garbage": "%$ what is this",
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("form", ["[{}, {}, {}, {}]", '{{"isUpdating": true, "data": [{}, {}, {}, {}], "more": [1]}}'])
@pytest.mark.parametrize("size", [7, 1 << 18])
def test_a_broken_record_costs_no_other_one(how: str, form: str, size: int) -> None:
    good = [json.dumps(dossier(n)) for n in (1, 3, 4)]
    found = numbers(pieces(form.format(good[0], BROKEN[how], *good[1:]), size))
    assert [seen for seen in found if seen.startswith("H")] == ["H1", "H3", "H4"]
    assert len(found) == 4


@pytest.mark.parametrize("how", [name for name, text in BROKEN.items() if "\n" not in text])
def test_a_broken_line_costs_no_other_one(how: str) -> None:
    lines = [json.dumps(dossier(1)), BROKEN[how], json.dumps(dossier(3))]
    found = numbers(pieces("\n".join(lines)))
    assert [found[0], found[2]] == ["H1", "H3"]
    assert len(found) == 3
    if BROKEN[how].startswith("{"):
        assert numbers(pieces("\n".join([BROKEN[how], lines[0], lines[2]])))[1:] == ["H1", "H3"]


@pytest.mark.parametrize("shape", ["an envelope", "a list", "an indented list", "a record a line"])
def test_of_a_truncated_file_the_records_before_the_cut_are_found_and_the_cut_is_told(shape: str) -> None:
    whole = SHAPES[shape](DOSSIERS).encode()
    third = whole.index(b'"H3"')
    for cut in (third + 2, third + 40, third + 150):
        found = pieces(whole[:cut])
        assert numbers(found) == ["H1", "H2", "truncated_file"]
        assert found[-1].offset <= third
    assert numbers(pieces(json.dumps(DOSSIERS)[:-1]))[-1] == "truncated_file"
    assert numbers(pieces(json.dumps({"data": DOSSIERS})[:-1]))[-1] == "truncated_file"


def test_elements_that_are_no_objects_are_records_too() -> None:
    found = pieces('[1, null, "text, ]", [2, 3], {"MaHoSo": 1}]')
    assert [piece.raw for piece in found] == [b"1", b"null", b'"text, ]"', b"[2, 3]", b'{"MaHoSo": 1}']


def test_a_record_without_end_is_given_up_and_the_next_one_is_found() -> None:
    endless = '{"MaHoSo": "H2", "GhiChu": "' + "x" * (LONGEST_RECORD + 10) + '"'
    rows = [json.dumps(dossier(1)), endless, json.dumps(dossier(3))]
    assert numbers(pieces("[" + ", ".join(rows) + "]")) == ["H1", "too_long", "H3"]
    assert numbers(pieces("\n".join(rows))) == ["H1", "too_long", "H3"]


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "empty"), (b" \n\t", "empty"), (b"\xef\xbb\xbf", "empty"), (b"PK\x03\x04", "Excel"),
     (b"\x1f\x8b\x08", "gzip"), ("{}".encode("utf-16"), "UTF-16"), (b"<html>", "HTML"),
     (b"MaHoSo;TrangThaiHoSo\n", "data"), (b"\x00\x01\x02", "data")],
)  # fmt: skip
def test_what_is_no_json_at_all_is_told_so(data: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        pieces(data)


def test_a_text_that_only_begins_like_json_ends_in_one_fault() -> None:
    assert numbers(pieces("[2026-11-20 08:00] service started\n[2026-11-20 08:01] ready\n" * 50)) == ["bad_json"]
    noise = random.Random(7).randbytes(50_000).replace(b"{", b"(")
    assert numbers(pieces(b"{" + noise)) == ["bad_json"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=8).filter(lambda key: key != "data"), VALUES, max_size=4), max_size=6),
    st.sampled_from(sorted(SHAPES)),
    st.integers(1, 40),
)
def test_any_chunking_gives_the_same_records(rows: list[dict[str, object]], shape: str, size: int) -> None:
    data = SHAPES[shape](rows).encode().strip() or b"[]"
    found = pieces(data, size)
    assert [msgspec.json.decode(piece.raw) for piece in found] == rows
    assert found == pieces(data)


@settings(deadline=None, max_examples=300)
@given(st.data(), st.sampled_from(sorted(SHAPES)), st.integers(1, 60))
def test_damaged_bytes_end_in_pieces_whatever_they_are(data: st.DataObject, shape: str, size: int) -> None:
    whole = bytearray(SHAPES[shape](DOSSIERS[:3]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        patch = data.draw(st.binary(max_size=3) | st.sampled_from([b"{", b"}", b'"']))
        whole[at : at + data.draw(st.integers(0, 5))] = patch
    try:
        found = pieces(bytes(whole), size)
    except UnreadableFile:
        found = []
    assert [piece.number for piece in found] == list(range(1, len(found) + 1))
    assert len(found) <= 12
