"""An apology slip as PDF: one A4 page with its fonts in it, in the form of an administrative document."""

from __future__ import annotations

import io
from html import escape
from threading import Lock

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame, Paragraph, Spacer, Table

from opscentre import paths
from opscentre.domain.slip import Slip
from opscentre.slip import wording as words

#: Edges of the page that Decree 30/2020/NĐ-CP allows: 20–25 mm above and below, 30–35 left, 15–20 right.
TOP, RIGHT, BOTTOM, LEFT = 20 * mm, 20 * mm, 20 * mm, 30 * mm
_PAGE_WIDTH, _PAGE_HEIGHT = A4
WIDTH, HEIGHT = _PAGE_WIDTH - LEFT - RIGHT, _PAGE_HEIGHT - TOP - BOTTOM
#: Widths of the two halves of the head: the unit, the country.
_HALVES = (WIDTH * 0.42, WIDTH * 0.58)
_REGULAR, _BOLD, _ITALIC = "LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSerif-Italic"
_BOLD_ITALIC = "LiberationSerif-BoldItalic"
#: Its tables of fonts and its subsets are shared by a process and know no threads.
_ONE_AT_A_TIME = Lock()

_HEAD = ParagraphStyle("head", fontName=_REGULAR, fontSize=12, leading=15, alignment=TA_CENTER)
_HEAD_BOLD = ParagraphStyle("head bold", _HEAD, fontName=_BOLD)
_MOTTO = ParagraphStyle("motto", _HEAD_BOLD, fontSize=13, leading=16)
_ITALICS = ParagraphStyle("italics", _HEAD, fontName=_ITALIC, fontSize=13, leading=16)
_TITLE = ParagraphStyle("title", _HEAD_BOLD, fontSize=14, leading=18)
_BODY = ParagraphStyle(
    "body", fontName=_REGULAR, fontSize=14, leading=20, alignment=TA_JUSTIFY, firstLineIndent=10 * mm, spaceAfter=6
)
_SMALL = ParagraphStyle("small", fontName=_REGULAR, fontSize=11, leading=14)
_COPIES = ParagraphStyle("copies", _SMALL, fontName=_BOLD_ITALIC, fontSize=12, leading=16)


class _Rule(Flowable):
    """A line below a heading, centred."""

    def __init__(self, length: float, width: float) -> None:
        super().__init__()
        self.length, self.width, self.height = length, width, 6.0

    def draw(self) -> None:
        """Draw it."""
        start = (self.width - self.length) / 2
        self.canv.setLineWidth(0.6)
        self.canv.line(start, 2, start + self.length, 2)


class _Dots(Flowable):
    """A label and dots to the end of the line, and whole lines of dots below it."""

    def __init__(self, label: str, lines: int = 1) -> None:
        super().__init__()
        self.label, self.width, self.height = label, WIDTH, lines * _BODY.leading + _BODY.spaceAfter
        self._lines = lines

    def draw(self) -> None:
        """Draw it."""
        start = _BODY.firstLineIndent
        for index in range(self._lines):
            base = self.height - (index + 1) * _BODY.leading + 5
            text = self.label if index == 0 else ""
            self.canv.setFont(_REGULAR, _BODY.fontSize)
            self.canv.drawString(start, base, text)
            begin = start + pdfmetrics.stringWidth(text, _REGULAR, _BODY.fontSize)
            dot = pdfmetrics.stringWidth(".", _REGULAR, _BODY.fontSize)
            self.canv.drawString(begin, base, "." * int((WIDTH - begin) / dot))
            start = 0


def pdf(slip: Slip) -> bytes:
    """The file. Nothing in a dossier's fields is markup."""
    told = words.wording(slip)
    file = io.BytesIO()
    with _ONE_AT_A_TIME:
        _load_fonts()
        # Without a date and an identity of its own: the same slip is the same file.
        canvas = Canvas(file, pagesize=A4, invariant=1, lang="vi-VN")
        canvas.setTitle(f"{words.TITLE.capitalize()} - {slip.number}")
        canvas.setSubject(slip.number)
        canvas.setAuthor(slip.unit)
        canvas.setCreator("opscentre")
        # Whatever a source calls its procedures: it stays one page.
        page = KeepInFrame(WIDTH, HEIGHT, [_head(told), Spacer(1, 18), *_body(told), _foot()], mode="shrink")
        _, height = page.wrapOn(canvas, WIDTH, HEIGHT)
        page.drawOn(canvas, LEFT, _PAGE_HEIGHT - TOP - height)
        canvas.showPage()
        canvas.save()
    return file.getvalue()


def _load_fonts() -> None:
    for name in (_REGULAR, _BOLD, _ITALIC, _BOLD_ITALIC):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(paths.ASSETS / "fonts" / f"{name}.ttf")))


def _plain(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _head(told: words.Wording) -> Table:
    unit, country = _HALVES
    above = [_plain(told.above, _HEAD_BOLD if told.above_bold else _HEAD)] if told.above else []
    left = [*above, _plain(told.unit, _HEAD_BOLD), _Rule(unit * 0.4, unit - 12)]
    motto = pdfmetrics.stringWidth(words.MOTTO, _BOLD, _MOTTO.fontSize)
    right = [_plain(words.COUNTRY, _HEAD_BOLD), _plain(words.MOTTO, _MOTTO), _Rule(motto, country - 12)]
    below = [[_plain(words.REGISTERED, _ITALICS.clone("number", fontName=_REGULAR))],
             [_plain(told.place_and_day, _ITALICS)]]  # fmt: skip
    return Table([[left, right], below], _HALVES, style=[("VALIGN", (0, 0), (-1, -1), "TOP")])


def _body(told: words.Wording) -> list[Flowable]:
    new_date = _plain(f"{words.NEW_DATE}{told.new_date}.", _BODY) if told.new_date else _Dots(words.NEW_DATE)
    return [
        _plain(words.TITLE, _TITLE),
        Spacer(1, 18),
        _Dots(words.ADDRESSED),
        Spacer(1, 6),
        *(_plain(text, _BODY) for text in told.told),
        _Dots(words.REASON, 3),
        _plain(told.apology, _BODY),
        new_date,
        _plain(words.CLOSING, _BODY),
        Spacer(1, 12),
    ]


def _foot() -> Table:
    head, *copies = words.COPIES
    left = [_plain(head, _COPIES), *(_plain(one, _SMALL) for one in copies)]
    right = [_plain(words.SIGNER, _TITLE), _plain(words.SIGNED, _ITALICS), Spacer(1, 28 * mm)]
    return Table(
        [[left, right]],
        (WIDTH * 0.45, WIDTH * 0.55),
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)],
    )
