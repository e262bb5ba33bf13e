"""The page of the alert rules: limits, switches and recipients, with who would be told what now before each."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from opscentre import alert_change, profile_change
from opscentre.alert_change import recipients_of, rules_of, with_recipient, with_value
from tests.access.house import House

PATH, ME = "/admin/alerts", "administrator"
TEXT = '# head\n[mail]\nbrand = "x"\n\n[[rule]]\ncode = "a"\nkind = "overdue"\n\n[[rule]]\ncode = "b"\nrepeat = 16\n'


def post(house: House, deed: str, **fields: str):
    return house.ask("POST", PATH, ME, data={"deed": deed, **fields})


def known(text: str) -> str:
    return text.split('name="known" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("code", "key", "value"), [("a", "enabled", "false"), ("b", "repeat", "8"), ("b", "hold", "1.5")]
)
def test_one_value_of_one_rule_changes_and_nothing_else(code: str, key: str, value: str) -> None:
    made = with_value(TEXT, code, key, value)
    wanted = tomllib.loads(TEXT)
    next(row for row in wanted["rule"] if row["code"] == code)[key] = tomllib.loads(f"x = {value}")["x"]
    assert tomllib.loads(made) == wanted
    assert made.startswith("# head\n")
    with pytest.raises(LookupError):
        with_value(TEXT, "c", key, value)


def test_a_recipient_is_added_changed_paused_and_let_hear_again() -> None:
    text = "unit,role,name,address\n# remark\n*,desk,Bàn,a@x.example\n"
    row = {"unit": "", "role": "ops", "name": "Tổ, kỹ thuật", "address": "o@x.example"}
    added = with_recipient(text, row, False)
    assert added == text + ',ops,"Tổ, kỹ thuật",o@x.example\n'
    paused = with_recipient(added, row, True)
    assert [one.paused for one in recipients_of(paused)] == [False, True]
    assert recipients_of(paused)[1].values == row
    assert with_recipient(paused, row, False) == added


def test_a_limit_is_previewed_applied_and_undone(house: House, config: Path) -> None:
    path = config / "alerts.toml"
    before = path.read_text()
    page = house.ask("GET", PATH, ME)
    assert page.status_code == 200
    assert "Tổ kỹ thuật Trung tâm điều hành" in page.text
    off = {"of": "rule", "code": "overdue", "key": "enabled", "value": "false"}
    shown = post(house, "preview", **off)
    assert shown.status_code == 200
    assert "Xem trước: ai sẽ nhận ngay bây giờ" in shown.text
    assert "Bộ phận Một cửa" in shown.text
    assert path.read_text() == before
    assert post(house, "apply", **off, known=known(shown.text)).headers["location"].endswith("alerts.done.apply")
    rule = next(row for row in rules_of(path.read_text()) if row["code"] == "overdue")
    assert rule["enabled"] is False
    assert "Đang tắt" in house.ask("GET", PATH, ME).text
    [change] = profile_change.changes(house.engine, [path])
    assert post(house, "undo", change=str(change.id)).is_redirect
    assert path.read_text() == before


@pytest.mark.parametrize(
    "wrong",
    [{"of": "rule", "code": "due-soon", "key": "working_hours", "value": "many"},
     {"of": "rule", "code": "due-soon", "key": "every", "value": "0"},
     {"of": "rule", "code": "nobody", "key": "every", "value": "10"},
     {"of": "rule", "code": "due-soon", "key": "enabled", "value": "1"},
     {"unit": "nowhere", "role": "desk", "address": "a@thainguyen.example"},
     {"unit": "H55.12", "role": "desk", "address": "a@elsewhere.example"},
     {"unit": "H55.12", "role": "desk", "address": "nobody"},
     {"unit": "", "role": "ops", "address": "kythuat.ioc@thainguyen.example", "paused": "1"}],
)  # fmt: skip
def test_what_the_alerts_could_not_use_is_refused_before_anything_is_written(
    house: House, config: Path, wrong: dict[str, str]
) -> None:
    before = [(config / name).read_text() for name in (alert_change.ALERTS, alert_change.RECIPIENTS)]
    for deed in ("preview", "apply"):
        assert post(house, deed, **wrong).status_code == 400
    assert [(config / name).read_text() for name in (alert_change.ALERTS, alert_change.RECIPIENTS)] == before
