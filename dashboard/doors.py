"""What each path asks of its caller: one table. A path that does not stand here asks for an administrator. Pure."""

from __future__ import annotations

from opscentre.access.rights import Action

#: Any one of these actions opens a door; of a public one nobody is asked who they are.
Asked = tuple[Action, ...]
PUBLIC: Asked = ()

#: Whoever sees anything at all.
_SOMEBODY = (Action.see_wall, Action.see_province, Action.see_unit)
_PAGES = (Action.see_province, Action.see_unit)
#: Paths, and beginnings of paths (those that end with a slash), and what they ask for. The longest that fits counts.
DOORS: dict[str, Asked] = {
    # Parts of any page, the same for everybody.
    "/assets/": PUBLIC,
    "/_dash-component-suites/": PUBLIC,
    "/_favicon.ico": PUBLIC,
    "/charts/": PUBLIC,
    "/manifest.webmanifest": PUBLIC,
    "/worker.js": PUBLIC,
    "/healthz": PUBLIC,
    "/readyz": PUBLIC,
    "/sign-in": PUBLIC,
    "/sign-in/": PUBLIC,
    "/sign-out": PUBLIC,
    # What a screen shows until somebody pairs it.
    "/pair": PUBLIC,
    "/screens": (Action.administer_walls,),
    "/screens/": (Action.administer_walls,),
    # The token in the address is the right to it.
    "/answer/": PUBLIC,
    # Every page is this one, and asks for its content by the callback, which looks at the address.
    "/": _PAGES,
    "/_dash-layout": _SOMEBODY,
    "/_dash-dependencies": _SOMEBODY,
    "/_dash-update-component": _SOMEBODY,
    "/_reload-hash": _SOMEBODY,
    "/stream": _SOMEBODY,
    "/account": _SOMEBODY,
    "/account/": _SOMEBODY,
    "/table": _PAGES,
    "/unit/": _PAGES,
    "/compare": _PAGES,
    "/figure/": _PAGES,
    "/list/": (Action.see_dossier,),
    "/alerts": (Action.see_dossier,),
    "/alerts/": (Action.see_dossier,),
    "/search": (Action.see_dossier,),
    "/dossier/": (Action.see_dossier,),
    "/export/": (Action.export,),
    "/slip/": (Action.see_dossier,),
    "/wall": (Action.see_wall,),
    "/wall/": (Action.see_wall,),
    "/api/page": (Action.see_wall,),
    "/api/areas": (Action.see_wall,),
    "/api/openapi.json": _SOMEBODY,
    "/api/wall": (Action.see_wall,),
    "/api/board": _PAGES,
    "/admin": (Action.administer_sources,),
    "/admin/sources": (Action.administer_sources,),
    "/walls": (Action.control_walls,),
    # A screen says what it shows.
    "/wall-report": (Action.see_wall,),
    "/admin/alerts": (Action.administer_alerts,),
    "/admin/calendar": (Action.administer_calendar,),
    "/admin/people": (Action.administer_people,),
    "/admin/quarantine": (Action.administer_sources,),
    "/admin/unmapped": (Action.administer_sources,),
    "/admin/dead-letters": (Action.administer_sources,),
    "/mails": (Action.see_mails,),
    "/mails/": (Action.see_mails,),
}
_UNKNOWN: Asked = (Action.administer_people,)


def asked_of(path: str) -> Asked:
    """What a path asks of its caller."""
    if path in DOORS:
        return DOORS[path]
    fitting = [door for door in DOORS if door != "/" and door.endswith("/") and path.startswith(door)]
    return DOORS[max(fitting, key=len)] if fitting else _UNKNOWN
