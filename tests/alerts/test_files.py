"""A gallery of what can be wrong in ``alerts.toml`` and ``recipients.csv``: each fault with its place."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from alerts.files import Alerting, Bounces, Inhibit, Mail, check, load, require_server
from alerts.kinds import KINDS
from opscentre import paths, profile
from opscentre.domain.recipients import Recipient, Recipients
from opscentre.settings import Settings, SettingsError
from tests.alerts.scene import BUILDING, PROFILE, WARD

RECIPIENTS = """unit,role,name,address,channel
*,desk,,desk.{unit}@a.example,
H55.06,head,,head@a.example,
,ops,,ops@a.example,
"""
RULE = '[[rule]]\ncode = "late"\nkind = "overdue"\nhear = ["desk"]\n'


def faults(folder: Path, rules: str = RULE, recipients: str = RECIPIENTS) -> str:
    (folder / "alerts.toml").write_text(rules, encoding="utf-8")
    (folder / "recipients.csv").write_text(recipients, encoding="utf-8")
    return "\n".join(map(str, check(folder, PROFILE.units.by_code)))


@pytest.mark.parametrize("slug", [*profile.available(), "skeleton"])
def test_the_files_that_ship_are_clean_and_use_every_kind(slug: str):
    units = PROFILE.units if slug == "skeleton" else profile.load(slug).units
    assert check(paths.CONFIG / slug, units.by_code) == []
    text = (paths.CONFIG / slug / "alerts.toml").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'kind = "{kind}"' not in text] == []


def test_every_kind_and_its_limits_are_documented():
    document = (paths.ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    missing = [
        name
        for kind, one in KINDS.items()
        for name in (f"`{kind}`", *(f"`{field.name}`" for field in msgspec.structs.fields(one.rule)))
        if name not in document
    ]
    assert missing == []
    columns = (
        *msgspec.structs.fields(Mail),
        *msgspec.structs.fields(Bounces),
        *msgspec.structs.fields(Recipient),
        *msgspec.structs.fields(Inhibit),
    )
    assert [field.name for field in columns if f"`{field.name}`" not in document] == []


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (RULE.replace("overdue", "overdew"), "line 3, kind: there is no such kind of rule, saw 'overdew'; want one of"),
        (RULE + 'working_days = 3\n', "line 5, working_days: there is no such key; take it out"),
        (RULE.replace("overdue", "overdue_by"), "line 1, working_days: is missing; write it below line 1"),
        (RULE + 'severity = "loud"\n', "line 5, severity: is not what belongs here, saw 'loud'; want one of 'info'"),
        (RULE + "hold = -1\n", "line 5, hold: is not what belongs here, saw '-1'"),
        (RULE + RULE, "line 6, code: the rule of line 1 has this code, saw 'late'"),
        (RULE.replace("desk", "boss"), "line 4, hear: nobody has this role, saw 'boss'; want a role of recipients.csv"),
        (RULE + 'units = ["H55.06", "IV"]\n', "line 5, units: there is no such unit, saw 'IV'"),
        (RULE + '[[inhibit]]\nby = "x"\nsilences = ["late"]\n', "line 6, by: no rule has this code, saw 'x'"),
        (RULE + '[[inhibit]]\nby = "late"\nsilences = ["y"]\n', "line 7, silences: no rule has this code, saw 'y'"),
        (RULE + '[mail]\nserver = "mail.a:25"\n', "line 6, server: is no mail server, saw 'mail.a:25'; want smtp://"),
        (RULE + "[mail]\ntimeout = 60\n", "lease: a message could still be on its way when another process takes it"),
        (RULE + '[mail]\nsender = "nobody"\n', "sender: is no sender, saw 'nobody'"),
        (RULE + '[mail]\nreturn_path = "x"\n', "return_path: is no address, saw 'x'; want an address like"),
        (RULE + '[bounces]\nmailbox = "imap://u@a:143/"\n', "line 6, mailbox: is no mailbox, saw 'imap://u@a:143/'"),
        ('[[rule]]\ncode = "f"\nkind = "link_flapping"\ncounts = "late"\n' + RULE, "counts: no rule of kind link_down"),
        ("[[rule]\n", "is not TOML"),
        (RULE + "[[rules]]\n", "rules: there is no such table"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_place_and_its_remedy(tmp_path: Path, rules: str, told: str):
    assert told in faults(tmp_path, rules)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("H55.99,desk,,a@a.example,", "line 5, unit: no unit has this code, saw 'H55.99'"),
        ("H55.12,desk,,not an address,", "line 5, address: is no mail address, saw 'not an address'; want NAME@DOMAIN"),
        ("H55.12,desk,,{unit}@a.example,", "line 5, address: only a row for every unit is filled in"),
        ("H55.12,desk,,http://a.example,webhook\nH55.12,desk,,b@a.example,", "line 6, role: line 5 has that role"),
        ("H55.12,desk,,ftp://a.example,webhook", "line 5, address: is no URL, saw 'ftp://a.example'"),
        ("H55.12,desk,,tgram://secret,apprise", "is no name of an environment variable"),
        ("H55.12,desk,,a@a.example,pigeon", "line 5, channel: is not what belongs here, saw 'pigeon'; want one of"),
    ],
)
def test_a_broken_recipient_is_named_with_its_place_and_its_remedy(tmp_path: Path, row: str, told: str):
    assert told in faults(tmp_path, recipients=RECIPIENTS + row + "\n")


def test_mail_goes_to_allowed_domains_only(tmp_path: Path):
    assert faults(tmp_path, RULE + '[mail]\nallowed_domains = ["A.example"]\n') == ""
    told = faults(tmp_path, RULE + '[mail]\nallowed_domains = ["b.example"]\n')
    assert "line 2, address: mail may not go to this domain" in told


def test_the_role_stops_at_the_first_fault_and_a_named_file_must_be_there(tmp_path: Path):
    assert faults(tmp_path) == ""
    found = load(PROFILE, Settings(alerts=str(tmp_path)))
    assert isinstance(found, Alerting)
    assert [rule.code for rule in found.rules] == ["late"]
    (tmp_path / "alerts.toml").write_text(RULE + "a = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 5, a: there is no such key"):
        load(PROFILE, Settings(alerts=str(tmp_path / "alerts.toml")))
    with pytest.raises(SettingsError, match="OPSCENTRE_ALERTS: there is no"):
        load(PROFILE, Settings(alerts=str(tmp_path / "nowhere.toml")))


def test_a_password_in_a_server_is_refused_and_not_repeated():
    with pytest.raises(SettingsError, match="password_env") as told:
        require_server("smtp://me:secret@mail.a:25", "OPSCENTRE_MAIL")
    assert "secret" not in str(told.value)


def test_a_role_means_the_units_own_then_every_units_then_the_provinces():
    rows = [
        Recipient(unit="*", role="desk", address="desk.{unit}@a.example"),
        Recipient(unit=WARD, role="desk", address="own@a.example"),
        Recipient(role="chair", address="chair@a.example"),
    ]
    known = Recipients(rows)
    assert [one.address for one in known.of("desk", BUILDING, PROFILE.units)] == ["desk.h55-06@a.example"]
    assert [one.address for one in known.of("desk", WARD, PROFILE.units)] == ["own@a.example"]
    assert [one.key for one in known.of("chair", BUILDING, PROFILE.units)] == ["chair@province"]
    assert known.of("head", BUILDING, PROFILE.units) == []
    for one in (*known.of("desk", BUILDING, PROFILE.units), *known.of("chair", BUILDING, PROFILE.units)):
        assert known.by_key(one.key, PROFILE.units) == one
