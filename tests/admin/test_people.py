"""The page of the people: added, changed, disabled, their sessions ended; the last administrator stays."""

from __future__ import annotations

import pytest

from opscentre.access import audit, passwords
from opscentre.access.people import Role
from opscentre.clock import wall_ms
from opscentre.store import people, sessions
from tests.access.house import House

PATH, ME = "/admin/people", "administrator"
NEW = {"login": "Bình.TT", "name": "Trần Thị <b>Bình</b>", "role": "department", "units": "H55.12, H55.05",
       "password": "bốn con voi đi qua cầu"}  # fmt: skip


def post(house: House, deed: str, **fields: str):
    return house.ask("POST", PATH, ME, data={"deed": deed, **fields})


@pytest.mark.parametrize(
    "wrong",
    [{"login": ""}, {"login": "a b"}, {"role": "king"}, {"units": "H55.12,nowhere"}, {"units": ""},
     {"password": "short"}, {"password": "thainguyen thainguyen"}, {"login": "leader"}],
)  # fmt: skip
def test_somebody_who_cannot_be_is_refused_and_the_form_keeps_what_was_typed_but_the_password(
    house: House, wrong: dict[str, str]
) -> None:
    there = len(people.everybody(house.engine))
    refused = post(house, "add", **NEW | wrong)
    assert refused.status_code == 400
    assert NEW["name"].replace("<", "&lt;").replace(">", "&gt;") in refused.text
    assert (NEW | wrong)["password"] not in refused.text
    assert len(people.everybody(house.engine)) == there


def test_somebody_is_added_changed_disabled_and_let_in_again(house: House) -> None:
    assert post(house, "add", **NEW).headers["location"] == f"{PATH}?said=people.done.add"
    known = people.find(house.engine, "bình.tt")
    assert known is not None
    assert (known.person.role, known.person.units) == (Role.department, frozenset({"H55.12", "H55.05"}))
    assert passwords.fits(NEW["password"], known.password)
    with house.engine.begin() as connection:
        sessions.begin(connection, "bình.tt", "password", "x", "10.0.0.9", wall_ms())
    page = house.ask("GET", PATH, ME).text
    assert "10.0.0.9" in page
    assert "<b>Bình" not in page
    assert post(house, "change", login="bình.tt", role="leader", units="").is_redirect
    assert people.find(house.engine, "bình.tt").person.units is None  # type: ignore[union-attr]
    assert post(house, "disable", login="bình.tt").is_redirect
    assert sessions.of(house.engine, sessions.limits_of(house.settings), wall_ms(), "bình.tt") == []
    assert "bị khóa từ" in house.ask("GET", PATH, ME).text
    assert post(house, "enable", login="bình.tt").is_redirect
    assert post(house, "password", login="bình.tt", password="năm con voi đi qua cầu").is_redirect
    done = [(row.action, row.subject) for row in audit.entries(house.engine, limit=5)]
    verbs = ("password", "enable", "disable", "change", "add")
    assert done == [(f"person.{verb}", "person:bình.tt") for verb in verbs]
    assert NEW["password"] not in str(list(audit.everything(house.engine)))


def test_one_session_is_ended_and_the_others_stay(house: House) -> None:
    with house.engine.begin() as connection:
        for _ in range(2):
            sessions.begin(connection, "viewer", "password", "x", "10.0.0.9", wall_ms())
    limits = sessions.limits_of(house.settings)
    first, second = sessions.of(house.engine, limits, wall_ms(), "viewer")[:2]
    assert post(house, "revoke", login="viewer", session=first.id).is_redirect
    left = {one.id for one in sessions.of(house.engine, limits, wall_ms(), "viewer")}
    assert second.id in left
    assert first.id not in left
    assert post(house, "revoke", session=second.id).status_code == 400


def test_nobody_takes_their_own_rights_away(house: House) -> None:
    for fields in ({"deed": "disable"}, {"deed": "change", "role": "viewer"}):
        assert house.ask("POST", PATH, ME, data={"login": ME, **fields}).status_code == 400
    assert people.find(house.engine, ME).person.role is Role.administrator  # type: ignore[union-attr]
