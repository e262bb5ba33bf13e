"""``opscentre check``: what it says of each thing that may be wrong, its exit code, and that it changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from opscentre import cli
from opscentre import profile as profiles
from opscentre.access.people import Person, Role
from opscentre.checkup import configuration, servers, sign_in
from opscentre.checkup.findings import Finding, looked, worst
from opscentre.domain.moments import parse_local
from opscentre.pipe.base import PipeError
from opscentre.settings import Settings
from opscentre.store import people
from opscentre.store.engine import connect, open_store

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def certificate(folder: Path, days: int, name: str = "ioc.example") -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW - dt.timedelta(days=400)).not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.mark.parametrize(("days", "level", "said"), [
    (90, "ok", "in 90 days"), (12, "warning", "ends on 03/12/2026, in 12 days"), (-1, "error", "has ended"),
])  # fmt: skip
def test_a_certificate_is_told_in_time(tmp_path: Path, days: int, level: str, said: str) -> None:
    cert, key = certificate(tmp_path, days)
    (found,) = configuration.certificate(
        Settings(certificate=cert, certificate_key=key, server_name="ioc.example"), NOW
    )
    assert (found.level, said in found.said, bool(found.remedy)) == (level, True, level != "ok")


def test_tls_without_a_certificate_is_told_before_it_stops_a_start() -> None:
    (found,) = configuration.certificate(Settings(tls_listen="0.0.0.0:443"), NOW)
    assert (found.level, "OPSCENTRE_TLS_LISTEN=0.0.0.0:443" in found.said) == ("error", True)
    (found,) = configuration.certificate(Settings(), NOW)
    assert found.level == "ok"


def test_another_certificates_key_and_another_name_are_told(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path / "a", 90)
    _, key = certificate(tmp_path / "b", 90)
    found = list(configuration.certificate(Settings(certificate=cert, certificate_key=key), NOW))
    assert [one.level for one in found] == ["error", "warning", "ok"]
    assert "is for ioc.example, visitors type localhost" in found[1].said


@pytest.mark.parametrize(("ahead", "level", "said"), [
    (12, "ok", "the database has the same time as we"),
    (-4_000, "warning", "the database is 4.0 s behind this machine"),
    (45_000, "error", "45.0 s ahead of"),
])  # fmt: skip
def test_a_clock_that_differs_is_told(ahead: float, level: str, said: str) -> None:
    found = servers.clock_finding("the database", ahead)
    assert (found.level, said in found.said) == (level, True)


def test_topics_are_missing_right_or_of_another_number() -> None:
    found = list(servers.topic_findings("Kafka at k", {"opscentre.dossiers": 6, "opscentre.observations": 1}, 12))
    assert [one.level for one in found] == ["error", "ok", "ok"]
    assert "set OPSCENTRE_PARTITIONS=6" in found[0].said
    assert "not there yet" in found[2].said


def test_a_file_is_open_only_where_every_folder_above_it_is(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    secret = closed / "database_url"
    secret.write_text("postgresql://u:p@h/d")
    secret.chmod(0o644)
    assert not configuration.readable_by_all(secret)
    assert not configuration.readable_by_all(tmp_path / "none")
    assert configuration.readable_by_all(Path("/bin/sh").resolve())


def test_next_years_days_off_are_asked_for_from_november_on() -> None:
    place = profiles.load("thai-nguyen")
    levels = {
        month: [one.level for one in configuration.calendar(place, parse_local(f"2026-{month:02}-15"))]
        for month in (3, 11)
    }
    assert levels == {3: ["ok", "ok"], 11: ["ok", "warning"]}


def test_what_strangers_reach_without_signing_in_and_a_house_without_an_administrator_are_told(tmp_path: Path) -> None:
    (found,) = looked("access", "door", lambda: sign_in.door(Settings(host="0.0.0.0")))
    assert (found.level, "OPSCENTRE_SIGN_IN=required" in found.said) == ("error", True)
    (found,) = sign_in.door(Settings())
    assert found.said == "127.0.0.1:8050 opens to whoever sits at this machine"
    required = Settings(data=tmp_path, sign_in="required", host="0.0.0.0")
    (found,) = sign_in.administrators(required)
    assert (found.level, found.remedy) == ("warning", "opscentre user add LOGIN --role administrator")
    assert not list(tmp_path.iterdir())
    engine = open_store(required.database_url)
    with engine.begin() as connection:
        people.add(connection, Person(login="an", name="An", role=Role.administrator), "x", 1)
        people.count_failure(connection, ["login:an"] * 100 + ["login:nobody-here"] * 100, 2)
    engine.dispose()
    first, second = sign_in.administrators(required)
    assert (first.level, first.said) == ("ok", "1 people, 1 of them administrators")
    assert (second.level, second.said[:20]) == ("warning", "an: closed after 100")


def test_a_key_that_can_be_guessed_and_a_provider_that_is_away_are_told(tmp_path: Path, free_port: int) -> None:
    assert not list(sign_in.keys({}))
    assert not list(sign_in.keys({"OPSCENTRE_SECRET_LINKS": "a" * 48}))
    (found,) = sign_in.keys({"OPSCENTRE_SECRET_LINKS": "demo"})
    assert (found.level, "has 4 characters" in found.said) == ("warning", True)
    issuer = f'issuer = "http://localhost:{free_port}"'
    rest = ('name = "x"', 'client_id = "x"', 'public_url = "https://x"', "rules = []")
    (tmp_path / "oidc.toml").write_text("\n".join(["[oidc]", issuer, *rest]))
    settings = Settings(oidc=str(tmp_path / "oidc.toml"))
    secret, away = sign_in.provider(settings, profiles.load("thai-nguyen"), {})
    assert (secret.level, "OPSCENTRE_SECRET_OIDC" in secret.said) == ("error", True)
    assert (away.level, "ConnectError" in away.said) == ("error", True)


def test_secrets_that_are_mounted_read_only_are_nobodys_to_close(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Path("/bin/sh").resolve()
    monkeypatch.setattr(configuration.os, "statvfs", lambda _: SimpleNamespace(f_flag=configuration.os.ST_RDONLY))
    assert not configuration.readable_by_all(shell)


def test_one_broken_look_is_a_finding_and_hides_no_other() -> None:
    def refuses() -> list[Finding]:
        raise PipeError("no broker there; start one")

    def breaks() -> list[Finding]:
        raise ZeroDivisionError("division by zero")

    found = [*looked("servers", "pipe", refuses), *looked("machine", "disk", breaks)]
    assert [one.said for one in found] == ["no broker there; start one", "ZeroDivisionError: division by zero"]
    assert worst(found) == "error"
    assert worst([]) == "ok"


def test_an_older_database_and_servers_that_are_away_are_told_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = connect(f"sqlite:///{tmp_path}/opscentre.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE dossiers (source TEXT)")
    engine.dispose()
    before = sorted(path.name for path in tmp_path.iterdir())
    for name, value in {"DATA": str(tmp_path), "REDIS": "redis://:hush-hush@127.0.0.1:1/0",
                        "BROKER": "kafka://127.0.0.1:1", "MAIL": "smtp://127.0.0.1:1"}.items():  # fmt: skip
        monkeypatch.setenv(f"OPSCENTRE_{name}", value)
    monkeypatch.setattr(sys, "argv", ["opscentre", "check", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().out
    assert ended.value.code == 2
    document = json.loads(said)
    found = {one["subject"]: one for one in document["findings"] if one["level"] != "ok"}
    assert {"redis", "pipe", "mail", "board"} <= found.keys()
    assert "a state from before revisions" in found["schema"]["said"]
    assert "Kafka at 127.0.0.1:1 does not answer" in found["pipe"]["said"]
    assert document["worst"] == "error"
    assert "hush-hush" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_on_a_terminal_each_finding_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["opscentre", "check", "--data", str(tmp_path / "none"), "--profile", "nowhere"])
    monkeypatch.delenv("OPSCENTRE_REDIS", raising=False)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().out
    assert ended.value.code == 2
    assert "✗ profile" in said
    assert "✓ disk" in said
    assert said.strip().endswith("1 error")
    assert not (tmp_path / "none").exists()
