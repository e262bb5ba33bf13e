"""Every route and every callback of the dashboard, and to whom it opens: written down apart from what decides it.

A new route or callback needs an entry here: the addresses that it is asked at, and the people for whom it answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.stream.changes import NOW
from layouts.wall import CHARTS
from opscentre.domain.moments import HOUR
from tests.access.house import MARKS, PEOPLE, UNITS

NOBODY: frozenset[str] = frozenset()
ALL = frozenset(PEOPLE)
DEPARTMENTS = frozenset({"department-1", "department-2"})
LEADERS = frozenset({"leader", "operator", "administrator"})
OPERATORS = frozenset({"operator", "administrator"})
WALL = LEADERS | {"viewer"}
DOSSIERS = LEADERS | DEPARTMENTS


class Door(NamedTuple):
    """One route or page."""

    #: Addresses that it is asked at.
    addresses: tuple[str, ...]
    #: Logins for whom it answers; None: for everybody, signed in or not.
    opens_to: frozenset[str] | None
    #: What is sent to it.
    body: dict[str, Any] | None = None


PUBLIC = None
ADMINISTRATOR = frozenset({"administrator"})
#: The administration pages; what their forms do, and for whom, is asked in tests/admin.
_NAMES = ("sources", "quarantine", "unmapped", "dead-letters", "calendar", "alerts", "people")
ADMINISTRATION = ("/admin", *(f"/admin/{name}" for name in _NAMES))
_PERIOD = "from=2026-11-01&to=2026-12-01"

#: ``METHOD /path`` as the application has it → how it is asked.
ROUTES: dict[str, Door] = {
    "GET /healthz": Door(("/healthz",), PUBLIC),
    "GET /readyz": Door(("/readyz",), PUBLIC),
    "GET /manifest.webmanifest": Door(("/manifest.webmanifest",), PUBLIC),
    f"GET {CHARTS}": Door((CHARTS,), PUBLIC),
    "GET /worker.js": Door(("/worker.js",), PUBLIC),
    "GET /sign-in": Door(("/sign-in",), PUBLIC),
    "POST /sign-in": Door(("/sign-in",), PUBLIC, {"login": "", "password": ""}),
    "POST /sign-out": Door((), PUBLIC),
    # What they answer is told by tests/access/test_oidc.py, with a provider.
    "GET /sign-in/oidc": Door((), PUBLIC),
    "GET /sign-in/oidc/back": Door((), PUBLIC),
    # Gives an address ten codes, then none for a while. Who may send the forms: tests/access/test_screens.py.
    "GET /pair": Door((), PUBLIC),
    "GET /screens": Door(("/screens",), OPERATORS),
    "POST /screens": Door((), OPERATORS),
    "POST /screens/revoke": Door((), OPERATORS),
    "GET /assets": Door(("/assets/desk.js",), PUBLIC),
    "GET /_dash-component-suites/{package_name}/{fingerprinted_path:path}": Door((), PUBLIC),
    "GET /_favicon.ico": Door(("/_favicon.ico",), PUBLIC),
    "GET /": Door(("/", "/table", f"/unit/{UNITS[0]}", "/figure/finished.total", "/compare"), ALL),
    "GET /_dash-layout": Door(("/_dash-layout",), ALL),
    "GET /_dash-dependencies": Door(("/_dash-dependencies",), ALL),
    "GET /_reload-hash": Door(("/_reload-hash",), ALL),
    "POST /_dash-update-component": Door((), ALL),
    "GET /stream": Door((), ALL),
    "GET /api/page": Door(("/api/page",), WALL),
    "GET /api/areas": Door(("/api/areas",), WALL),
    "GET /api/wall": Door(("/api/wall",), WALL),
    "GET /api/board": Door(("/api/board", f"/api/board?{_PERIOD}"), ALL),
    "GET /account": Door(("/account",), ALL),
    "POST /account/password": Door(("/account/password",), ALL, {"old": ""}),
    "POST /account/sessions": Door(("/account/sessions",), ALL, {"id": "none"}),
    "GET /api/openapi.json": Door(("/api/openapi.json",), ALL),
    "POST /wall-report": Door(("/wall-report",), WALL),
    "GET /mails": Door(("/mails",), OPERATORS),
    "GET /mails/{name}": Door(("/mails/0000000000000000001.eml",), OPERATORS),
    "GET /export/{file}": Door(
        tuple(
            f"/export/{name}"
            for name in ("overdue.csv", "due-soon.csv", "reception-late.csv", "paused.csv", "silent.csv", "table.csv")
        ),
        DOSSIERS,
    ),
    "GET /slip/{source}/{number:path}": Door(tuple(f"/slip/mot-cua/{mark}-overdue.docx" for mark in MARKS), DOSSIERS),
    **{f"GET {path}": Door((path,), ADMINISTRATOR) for path in ADMINISTRATION},
    **{f"POST {path}": Door((), ADMINISTRATOR) for path in ADMINISTRATION},
    # What nobody has written a door for is the administrator's.
    "GET /{path:path}": Door(("/no-such-page", "/api/no-such-thing", "/.env"), frozenset({"administrator"})),
}

#: Addresses that the callback of the pages is asked for.
PAGES: tuple[Door, ...] = (
    Door(("/", "/table", "/table?by=field", "/table?by=procedure&level=I", "/compare"), ALL),
    Door(("/figure/in_process.overdue", "/figure/share.on_time?period=year"), ALL),
    Door(tuple(f"/list/{name}" for name in ("overdue", "due-soon", "reception-late", "paused", "silent")), DOSSIERS),
    Door(("/search?q=QQ", "/search?q=26", *(f"/search?q={mark}" for mark in MARKS)), DOSSIERS),
    *(Door((f"/dossier/mot-cua/{mark}-overdue", f"/dossier/mot-cua/{mark}-paused"), DOSSIERS) for mark in MARKS),
    *(
        Door(
            (
                f"/unit/{unit}",
                f"/unit/{unit}?period=year",
                f"/table?unit={unit}",
                f"/compare?units={unit}",
                f"/figure/finished.total?unit={unit}",
            ),
            WALL | {person},
        )
        for unit, person in zip(UNITS, ("department-1", "department-2"), strict=True)
    ),
    Door((f"/list/overdue?unit={UNITS[0]}",), LEADERS | {"department-1"}),
    Door((f"/compare?units={UNITS[0]}&units={UNITS[1]}", "/compare?units=*"), WALL),
    Door(("/alerts", "/alerts/units", "/alerts?state=resolved"), DOSSIERS),
    *(Door((f"/alerts/overdue/mot-cua/{mark}-overdue",), DOSSIERS) for mark in MARKS),
    Door(("/wall", "/wall/late"), WALL),
    Door(("/walls", "/walls?wall=x"), LEADERS),
)

#: Callbacks by their outputs: what gives a page, adds a note, decides about an alert, lists and commands walls.
PAGE = "page.children"
NOTE = "..note-list.children...note-said.children...note-text.value.."
ALERT = (
    "..alert-standing.children...alert-live.children...alert-said.children...alert-ack-reason.value"
    "...alert-assign-to.value...alert-note-text.value...alert-silence-reason.value.."
)
WALLS = "walls-list.children"
COMMAND = "..walls-said.children...walls-text.value.."
#: What only shows something.
LOOKING = {PAGE, WALLS}


class Deed(NamedTuple):
    """Something that a callback writes."""

    output: str
    #: The element that is pressed, and what stands in the others.
    pressed: str
    values: dict[str, Any]
    #: The table that it writes to, and for whom.
    table: str
    done_for: frozenset[str]


def _deeds() -> Iterator[Deed]:
    for unit, mark, person in zip(UNITS, MARKS, ("department-1", "department-2"), strict=True):
        note = {"note-author": "An", "note-text": "Báo cáo"}
        for subject in (["unit", unit, "", "vi"], ["dossier", "mot-cua", f"{mark}-overdue", "vi"]):
            yield Deed(NOTE, "note-send", note | {"note-subject": subject}, "notes", LEADERS)
        alert = {"alert-subject": ["overdue", f"mot-cua/{mark}-overdue", "vi"], "alert-author": "An"}
        handles = LEADERS | {person}
        yield Deed(ALERT, "alert-note", alert | {"alert-note-text": "Đã gọi"}, "alert_actions", handles)
        yield Deed(ALERT, "alert-assign", alert | {"alert-assign-to": "Bình"}, "alert_actions", handles)
        yield Deed(ALERT, "alert-ack", alert | {"alert-ack-reason": "đã nhận"}, "alert_marks", handles)
        silence = {"alert-silence-scope": "unit", "alert-silence-until": UNTIL, "alert-silence-reason": "bảo trì"}
        yield Deed(ALERT, "alert-silence", alert | silence, "alert_marks", OPERATORS)
    clicked = {
        '{"key":["ALL"],"walls":["ALL"]}': [{"id": {"key": "", "walls": "hold"}, "property": "n_clicks", "value": 1}]
    }
    yield Deed(COMMAND, '{"key":"","walls":"hold"}', clicked | {"walls-subject": ["*", "vi"]}, "audit_log", LEADERS)


UNTIL = str(NOW + HOUR)
DEEDS = tuple(_deeds())
CALLBACKS = {PAGE, NOTE, ALERT, WALLS, COMMAND}
