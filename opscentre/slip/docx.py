"""An apology slip as DOCX, for whoever fills it in on a screen; the same page as the PDF."""

from __future__ import annotations

import datetime as dt
import io

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from opscentre.domain.moments import local
from opscentre.domain.slip import Slip
from opscentre.slip import wording as words

#: The page of Decree 30/2020/NĐ-CP, in mm: A4 and its edges.
_PAGE, _TOP, _RIGHT, _BOTTOM, _LEFT = (210, 297), 20, 20, 20, 30
_WIDTH = _PAGE[0] - _LEFT - _RIGHT
_HALVES = (_WIDTH * 0.42, _WIDTH * 0.58)
_FONT = "Times New Roman"
_MIDDLE = WD_ALIGN_PARAGRAPH.CENTER


def docx(slip: Slip) -> bytes:
    """The file. Fields of a dossier are text in it and nothing else."""
    told = words.wording(slip)
    document = Document()
    _page(document, slip)
    _head(document.add_table(2, 2), told)
    _write(document.add_paragraph(), words.TITLE, bold=True, align=_MIDDLE, before=18, after=12)
    _dotted(document.add_paragraph(), words.ADDRESSED)
    for text in told.told:
        _body(document.add_paragraph(), text)
    _dotted(document.add_paragraph(), words.REASON, 3)
    _body(document.add_paragraph(), told.apology)
    if told.new_date:
        _body(document.add_paragraph(), f"{words.NEW_DATE}{told.new_date}.")
    else:
        _dotted(document.add_paragraph(), words.NEW_DATE)
    _body(document.add_paragraph(), words.CLOSING)
    document.paragraphs[-1].paragraph_format.space_after = Pt(18)
    _foot(document.add_table(1, 2))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _page(document: DocumentObject, slip: Slip) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(_PAGE[0]), Mm(_PAGE[1])
    section.top_margin, section.right_margin = Mm(_TOP), Mm(_RIGHT)
    section.bottom_margin, section.left_margin = Mm(_BOTTOM), Mm(_LEFT)
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(14)
    # Word takes the font of Vietnamese letters from here.
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        style.element.rPr.rFonts.set(qn(script), _FONT)
    style.paragraph_format.space_after = Pt(0)
    known = document.core_properties
    known.title, known.subject, known.author = words.TITLE.capitalize(), slip.number, slip.unit
    known.language, known.comments = "vi-VN", ""
    known.created = known.modified = local(slip.moment).astimezone(dt.UTC).replace(tzinfo=None)
    known.last_modified_by = slip.unit


def _head(table: Table, told: words.Wording) -> None:
    _widths(table, _HALVES)
    (left, right), (number, day) = (row.cells for row in table.rows)
    unit = left.paragraphs[0]
    if told.above:
        _write(left.paragraphs[0], told.above, 12, bold=told.above_bold, align=_MIDDLE)
        unit = left.add_paragraph()
    _write(unit, told.unit, 12, bold=True, align=_MIDDLE)
    _rule(left, 22)
    _write(right.paragraphs[0], words.COUNTRY, 12, bold=True, align=_MIDDLE)
    _write(right.add_paragraph(), words.MOTTO, 13, bold=True, align=_MIDDLE)
    _rule(right, 9)
    _write(number.paragraphs[0], words.REGISTERED, 13, align=_MIDDLE)
    _write(day.paragraphs[0], told.place_and_day, 13, italic=True, align=_MIDDLE)


def _foot(table: Table) -> None:
    _widths(table, (_WIDTH * 0.45, _WIDTH * 0.55))
    left, right = table.rows[0].cells
    head, *copies = words.COPIES
    _write(left.paragraphs[0], head, 12, bold=True, italic=True)
    for text in copies:
        _write(left.add_paragraph(), text, 11)
    _write(right.paragraphs[0], words.SIGNER, 14, bold=True, align=_MIDDLE)
    _write(right.add_paragraph(), words.SIGNED, 13, italic=True, align=_MIDDLE)
    right.add_paragraph().paragraph_format.space_after = Pt(60)


def _widths(table: Table, widths: tuple[float, float]) -> None:
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)


def _write(
    paragraph: Paragraph, text: str, size: float = 14, *, bold: bool = False, italic: bool = False,
    align: WD_ALIGN_PARAGRAPH | None = None, before: float = 0, after: float = 0,
) -> None:  # fmt: skip
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    if align is not None:
        paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)


def _body(paragraph: Paragraph, text: str) -> None:
    _write(paragraph, text, align=WD_ALIGN_PARAGRAPH.JUSTIFY, after=6)
    paragraph.paragraph_format.first_line_indent = Mm(10)
    paragraph.paragraph_format.line_spacing = 1.15


def _dotted(paragraph: Paragraph, label: str, lines: int = 1) -> None:
    """A label and dots to the edge: a tab with a leader, whatever is written into it."""
    _body(paragraph, label + "\t" * lines)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _rule(cell: _Cell, inset: float) -> None:
    """A line below a heading, ``inset`` mm from both sides of its cell."""
    paragraph = cell.add_paragraph()
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm(inset)
    form.space_after, form.line_spacing = Pt(6), Pt(3)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")
