"""The start page: the numbers of the day, and the way to the wall."""

from __future__ import annotations

from dash import dcc, html

from layouts.cards.kpis import is_known
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.text import number
from layouts.wall import PATH as WALL
from opscentre.live.wall import Wall

PATH = "/"
_ROWS = (
    ("received", "Tiếp nhận hôm nay"),
    ("finished", "Đã giải quyết hôm nay"),
    ("process", "Đang giải quyết"),
    ("overdue", "Trong đó quá hạn"),
    ("soon", "Trong đó sắp đến hạn"),
    ("paused", "Tạm dừng (chờ công dân)"),
    ("waiting", "Chờ tiếp nhận"),
)


def layout(place: Place) -> html.Main:
    """The page, mounted once."""
    return html.Main(
        className="home",
        children=[
            html.H1(place.title),
            html.P(html.Span("ĐANG KẾT NỐI", id="notice-text"), className="notice", role="status"),
            html.Table(
                html.Tbody(
                    [
                        html.Tr([html.Th(name, scope="row"), html.Td(DASH, id=f"home-{key}"), html.Td("hồ sơ")])
                        for key, name in _ROWS
                    ]
                )
            ),
            html.P(dcc.Link("Mở màn hình lớn", href=WALL, className="button")),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers; dashes while there is no data at all."""
    totals = wall.totals
    values = {
        "received": totals.received_today,
        "finished": totals.finished_on_time_today + totals.finished_overdue_today,
        "process": totals.in_process,
        "overdue": totals.in_process_overdue,
        "soon": totals.due_soon,
        "paused": totals.paused,
        "waiting": totals.waiting,
    }
    return {f"home-{key}": say(number(value) if is_known(wall, value) else DASH) for key, value in values.items()}
