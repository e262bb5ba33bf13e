"""Lists and the progress table as CSV and XLSX: written as they are read, memory holding a page of them at a time."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import IO, Any, NamedTuple
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard import trace
from dashboard.desk import Desk
from dashboard.desk_pages import scope_text
from layouts.desk import frame
from layouts.desk.address import BadAddress, View
from layouts.desk.progress import COLUMNS, Row, numbers
from opscentre.access import audit
from opscentre.access.scope import OutOfReach
from opscentre.domain import sheets
from opscentre.domain.listing import LISTS, Listed, ListName
from opscentre.domain.moments import local
from opscentre.domain.sheets import Cell
from opscentre.store import queries_lists

#: Rows of a file at most. Excel opens ten times as many, people do not.
MOST = 100_000
_TYPES = {
    "csv": f"text/csv; charset={sheets.CHARSET}",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MOMENT, _NUMBER = "dd/mm/yyyy hh:mm", "#,##0"


class Sheet(NamedTuple):
    """A file's name without its ending, its lines of heading, and its rows as they come."""

    name: str
    heads: list[list[str]]
    rows: Iterable[list[Cell]]
    widths: tuple[int, ...]


def plain(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    return sheets.text_cell(cell) if isinstance(cell, str) else cell


def as_csv(sheet: Sheet) -> Iterator[bytes]:
    """Text that any Excel opens as it is; moments as 2026-11-21 09:41."""
    return sheets.as_csv(map(plain, row) for row in _lines(sheet))


def as_xlsx(sheet: Sheet) -> Iterator[bytes]:
    """A workbook of one sheet, written row by row to a temporary file; moments are dates, numbers numbers."""
    # Read where a workbook is wanted: every start of a dashboard would wait for it.
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.name[:31])
    for index, width in enumerate(sheet.widths, 1):
        page.column_dimensions[get_column_letter(index)].width = width
    page.freeze_panes = f"A{len(sheet.heads) + 1}"
    bold = Font(bold=True)
    for index, row in enumerate(_lines(sheet)):
        page.append([_cell(page, cell, bold if index < len(sheet.heads) else None) for cell in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        yield from _pieces(file)


def _cell(page: Any, value: Cell, font: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(page, value=plain(value))
    if isinstance(value, str):
        cell.data_type = "s"
    if isinstance(value, dt.datetime):
        cell.number_format = _MOMENT
    elif isinstance(value, int):
        cell.number_format = _NUMBER
    if font is not None:
        cell.font = font
    return cell


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(sheets.PIECE):
        yield piece


def _lines(sheet: Sheet) -> Iterator[list[Any]]:
    yield from sheet.heads
    yield from sheet.rows


def list_sheet(desk: Desk, view: View, name: ListName) -> Sheet:
    """A list as a sheet: its columns as on the page, codes beside names."""
    words, now = view.words, desk.clock.now()
    heads = (
        "number",
        "source",
        "unit",
        "procedure_code",
        "procedure",
        "status",
        "channel",
        "received",
        "due",
        "moment",
    )
    question = desk.question(view, name, now)

    def row(one: Listed) -> list[Cell]:
        return [
            one.number, desk.sources.get(one.source, one.source), desk.unit_name(one), one.procedure,
            desk.procedure_name(one), words.status(one.state.snapshot.status), words(f"channel.{one.channel}"),
            _moment(one.received), _moment(one.due), _moment(one.moment),
        ]  # fmt: skip

    def rows() -> Iterator[list[Cell]]:
        for given, one in enumerate(queries_lists.every(desk.engine, question, MOST + 1)):
            if given == MOST:
                yield [words("export.cut", count=words.number(MOST))]
                return
            yield row(one)

    title = f"{words(f'list.{name}')} · {scope_text(desk, view)} · {words('age.at', moment=words.moment(now))}"
    names = [words(f"export.moment.{name}") if head == "moment" else words(f"export.{head}") for head in heads]
    return Sheet(words(f"list.{name}"), [[title], names], rows(), (26, 24, 28, 24, 60, 20, 12, 17, 17, 20))


def table_sheet(desk: Desk, view: View) -> Sheet:
    """The progress table as a sheet, in the 18 columns of the form."""
    words = view.words
    sections, total, at = desk.progress(view)
    days, age = frame.period_text(view), words("age.at", moment=words.moment(at))
    title = f"{words('table.title')} · {scope_text(desk, view)} · {days} · {age}"
    groups = ["", ""]
    columns = [words("table.order"), words(f"by.{view.by}")]
    for group, names in COLUMNS:
        groups += [words(f"table.{group}"), *[""] * (len(names) - 1)]
        columns += [words("table.total_col" if name == "total" else f"table.{name}") for name in names]

    def rows() -> Iterator[list[Cell]]:
        yield _table_row("", total)
        for heading, found in sections:
            if heading and found:
                yield ["", heading]
            for place, row in enumerate(found, 1):
                yield _table_row(place, row)

    return Sheet(words("nav.table"), [[title], groups, columns], rows(), (5, 40, *[11] * 16))


def _table_row(place: Cell, row: Row) -> list[Cell]:
    return [place, row.name, *numbers(row)]


def _moment(at: int | None) -> dt.datetime | None:
    return None if at is None else local(at).replace(tzinfo=None, microsecond=0)


def routes(desk: Desk) -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """``/export/NAME.KIND`` with the query of the page it is of."""
    # Two files at a time: each reads for seconds.
    writing = asyncio.Semaphore(2)

    async def export(request: Request) -> Response:
        name, _, kind = request.path_params["file"].rpartition(".")
        if kind not in _TYPES or name not in (*LISTS, "table"):
            return Response(f"no file {name}.{kind}", 404, media_type="text/plain")
        try:
            view = desk.view(f"/list/{name}", request.url.query, request.cookies.get("lang"))
            detail = {key: str(value) for key, value in view.query().items() if key not in ("q", "after")}
            await asyncio.to_thread(
                audit.append, desk.engine, who=trace.who(), action=f"{'table' if name == 'table' else 'list'}.export",
                subject=f"{name}.{kind}", detail=detail,
            )  # fmt: skip
            async with writing:
                sheet = (
                    await asyncio.to_thread(table_sheet, desk, view)
                    if name == "table"
                    else list_sheet(desk, view, name)
                )
        except OutOfReach:
            return Response("not among the rights of this account", 403, media_type="text/plain")
        except BadAddress as wrong:
            return Response(str(wrong), 400, media_type="text/plain")
        except SQLAlchemyError:
            return Response("the database does not answer", 503, media_type="text/plain")
        day = desk.today().isoformat()
        headers = {
            "Content-Disposition": f'attachment; filename="{name}-{day}.{kind}"; '
            f"filename*=UTF-8''{quote(sheet.name)}-{day}.{kind}",
            "Cache-Control": "no-store",
        }
        written = as_csv(sheet) if kind == "csv" else as_xlsx(sheet)
        return StreamingResponse(_one_by_one(written, writing), media_type=_TYPES[kind], headers=headers)

    return [("/export/{file}", export)]


async def _one_by_one(pieces: Iterator[bytes], writing: asyncio.Semaphore) -> Any:
    async with writing:
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece
