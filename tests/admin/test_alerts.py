"""The page of the alert rules: limits, switches and recipients, with who would be told what now before each."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from alerts.files import Bounces
from alerts.kinds import KINDS
from alerts.rules import Rule
from dashboard.admin.alert_effect import Row, compared
from layouts.words_catalogue import CATALOGUE
from opscentre import alert_change, profile_change
from opscentre.access import audit
from opscentre.alert_change import (
    LEAVE_OUT_AFTER,
    Hears,
    Telling,
    recipients_of,
    rules_of,
    telling_of,
    with_recipient,
    with_telling,
    with_value,
)
from opscentre.store.alert_tables import mail_bounces
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


def test_whom_a_rule_tells_changes_and_every_other_line_stays() -> None:
    text = TEXT.replace("repeat = 16\n", 'hear = [\n  "desk", # first\n  "head",\n] # both\nrepeat = 16\n')
    made = with_telling(text, "b", Telling("critical", ("desk", "chair"), ("I", "H55.12")))
    assert made == text.replace(
        'code = "b"\nhear = [\n  "desk", # first\n  "head",\n] # both\n',
        'code = "b"\nunits = ["I", "H55.12"]\nseverity = "critical"\nhear = ["desk", "chair"] # both\n',
    )
    assert telling_of(rules_of(made)[1]) == Telling("critical", ("desk", "chair"), ("I", "H55.12"))
    assert with_telling(made, "b", telling_of(rules_of(made)[1])) == made
    # What the page takes for granted is what the rules do.
    rule = Rule(code="x", kind="overdue")
    assert Telling() == (rule.severity, rule.hear, rule.units)
    with pytest.raises(LookupError):
        with_telling(text, "nobody", Telling())


def test_the_effect_names_those_whose_lines_differ_and_counts_the_rule_that_changes() -> None:
    was = [
        Hears("A", "a@x", "u1", {"r": 2, "s": 1}),
        Hears("B", "b@x", "u2", {"s": 3}),
        Hears("C", "c@x", "", {"r": 1}),
    ]
    will = [was[0]._replace(rules={"r": 5, "s": 1}), was[1], Hears("D", "d@x", "u3", {"r": 1})]
    found = compared(was, will, "r", 7)
    assert found.rows == [Row(was[2]._replace(rules={}), 1, 0), Row(will[0], 3, 6), Row(will[2], 0, 1)]
    assert (found.open, found.recipients, found.units, found.same) == (7, (2, 2), (1, 2), 1)
    assert compared(was, was, "", None)[1:3] == ((3, 3), (2, 2))


def test_every_kind_of_rule_and_each_of_its_limits_has_words() -> None:
    limits = {key for kind in KINDS.values() for key, value in _numbers(kind.rule) if value}
    assert {"hold", "working_days", "overdue_share", "open"} <= limits
    assert {f"rules.limit.{key}" for key in limits} | {f"kind.{kind}" for kind in KINDS} <= set(CATALOGUE)


def _numbers(rule: type[Rule]) -> list[tuple[str, bool]]:
    fields = msgspec.structs.fields(rule)
    return [(one.name, any(kind in str(one.type) for kind in ("[int", "[float"))) for one in fields]


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
    assert "Xem trước: chưa ghi, chưa gửi gì" in shown.text
    assert "Bộ phận Một cửa" in shown.text
    assert path.read_text() == before
    assert post(house, "apply", **off, known=known(shown.text)).headers["location"].endswith("alerts.done.apply")
    rule = next(row for row in rules_of(path.read_text()) if row["code"] == "overdue")
    assert rule["enabled"] is False
    assert "Đang tắt" in house.ask("GET", PATH, ME).text
    [change] = profile_change.changes(house.engine, [path])
    look = post(house, "look", change=str(change.id))
    assert "Xem trước hoàn tác" in look.text
    assert "<li>enabled = false</li>" in look.text
    assert 'value="undo"' in look.text
    assert path.read_text() != before
    assert post(house, "undo", change=str(change.id)).is_redirect
    assert path.read_text() == before


def test_whom_a_rule_tells_and_how_loud_is_changed_with_its_effect_before(house: House, config: Path) -> None:
    path = config / "alerts.toml"
    before = path.read_text()
    form = house.ask("GET", f"{PATH}?rule=overdue", ME).text
    assert 'name="hear-desk" value="1" checked' in form
    assert 'name="unit-*" value="1" checked' in form
    wanted = {"of": "telling", "code": "overdue", "severity": "critical", "hear-chair": "1", "unit-H55.12": "1"}
    shown = post(house, "preview", **wanted)
    assert "<strong>2</strong><span>cảnh báo đang mở của quy tắc này" in shown.text
    assert "<strong>1</strong><span>nơi nhận lúc này" in shown.text
    assert "chutich@thainguyen.example" in shown.text
    assert 'name="hear-chair" value="1" checked' in shown.text
    assert post(house, "apply", **wanted, known=known(shown.text)).is_redirect
    rule = next(row for row in rules_of(path.read_text()) if row["code"] == "overdue")
    assert telling_of(rule) == Telling("critical", ("chair",), ("H55.12",))
    assert "Sở" in house.ask("GET", PATH, ME).text
    noted = audit.entries(house.engine, limit=1)[0]
    assert (noted.action, noted.who) == ("profile.edit", ME)
    assert "hear = " in str(noted.detail)
    change = str(profile_change.changes(house.engine, [path])[0].id)
    assert "chutich@thainguyen.example" in post(house, "look", change=change).text
    assert post(house, "undo", change=change).is_redirect
    assert path.read_text() == before


def test_a_recipient_whom_a_rule_needs_cannot_be_undone_away(house: House, config: Path) -> None:
    row = {"unit": "", "role": "clerk", "name": "Văn thư", "address": "vanthu@thainguyen.example"}
    assert post(house, "apply", **row, known=known(post(house, "preview", **row).text)).is_redirect
    wanted = {"of": "telling", "code": "overdue", "severity": "warning", "hear-clerk": "1", "unit-*": "1"}
    assert post(house, "apply", **wanted, known=known(post(house, "preview", **wanted).text)).is_redirect
    rules, people = (str(profile_change.changes(house.engine, [config / name])[0].id)
                     for name in (alert_change.ALERTS, alert_change.RECIPIENTS))  # fmt: skip
    for deed in ("look", "undo"):
        refused = post(house, deed, change=people)
        assert refused.status_code == 400
        assert "nobody has this role" in refused.text
    assert 'value="vanthu@thainguyen.example"' in house.ask("GET", f"{PATH}?unit=&role=clerk", ME).text
    for change in (rules, people):
        assert post(house, "undo", change=change).is_redirect


def test_an_address_whose_mails_came_back_is_named_and_let_in_again(house: House) -> None:
    row = {"recipient": "desk@H55.12", "unit": "H55.12", "address": "a@x.example", "permanent": True, "at": 1,
           "status": "5.1.1", "detail": "550 <unknown>"}  # fmt: skip
    with house.engine.begin() as connection:
        rows = [{**row, "id": f"b{number}", "notification": f"n{number}"} for number in range(3)]
        connection.execute(mail_bounces.insert(), rows)
    assert LEAVE_OUT_AFTER == Bounces().leave_out_after == 3
    page = house.ask("GET", PATH, ME).text
    assert "3 thư của ta bị trả lại" in page
    assert "550 &lt;unknown&gt;" in page
    assert "Không gửi nữa" in page
    assert post(house, "reachable", recipient="desk@H55.12").headers["location"].endswith("alerts.done.reachable")
    assert "Không gửi nữa" not in house.ask("GET", PATH, ME).text
    assert audit.entries(house.engine, limit=1)[0].subject == "recipient:desk@H55.12"
    assert post(house, "reachable", recipient="desk@H55.12").status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [{"of": "rule", "code": "due-soon", "key": "working_hours", "value": "many"},
     {"of": "rule", "code": "due-soon", "key": "every", "value": "0"},
     {"of": "rule", "code": "nobody", "key": "every", "value": "10"},
     {"of": "rule", "code": "due-soon", "key": "enabled", "value": "1"},
     {"of": "telling", "code": "due-soon", "severity": "loud", "hear-desk": "1", "unit-*": "1"},
     {"of": "telling", "code": "due-soon", "severity": "info", "hear-nobody": "1", "unit-*": "1"},
     {"of": "telling", "code": "due-soon", "severity": "info", "hear-desk": "1", "unit-nowhere": "1"},
     {"of": "telling", "code": "due-soon", "severity": "critical", "hear-desk": "1"},
     {"of": "telling", "code": "nobody", "severity": "info", "hear-desk": "1", "unit-*": "1"},
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
