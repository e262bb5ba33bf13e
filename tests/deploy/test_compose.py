"""docker-compose.yml, prepared as an installer prepares it: valid, and as closed as the documentation says."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from opscentre import paths
from opscentre.runtime import answers
from opscentre.settings import Settings
from tests.conftest import part_or_skip
from tests.parts.process import PartMissing

OURS = {"collect", "stream-1", "stream-2", "alerts", "dashboard-1", "dashboard-2"}


def prepare(tree: Path) -> str:
    done = subprocess.run(["deploy/prepare.sh"], cwd=tree, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the two commands of the documentation were given."""
    folder = tmp_path_factory.mktemp("installation")
    for name in ("docker-compose.yml", ".env.example"):
        shutil.copy(paths.ROOT / name, folder)
    ours = shutil.ignore_patterns("secrets", "sources", "profiles")
    shutil.copytree(paths.ROOT / "deploy", folder / "deploy", ignore=ours)
    for name in ("skeleton", "thai-nguyen"):
        shutil.copytree(paths.CONFIG / name, folder / "config" / name)
    shutil.copy(folder / ".env.example", folder / ".env")
    prepare(folder)
    return folder


def program() -> list[str]:
    """Compose, as a plug-in of docker or by itself."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        return ["docker", "compose"]
    raise PartMissing("no 'docker-compose' and no 'docker' on the PATH: apt-get install docker-compose")


@pytest.fixture(scope="module")
def compose(tree: Path) -> dict[str, Any]:
    """The file as compose understands it, with everything filled in."""
    command = part_or_skip("compose", program)
    done = subprocess.run([*command, "config"], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def test_nothing_is_published_but_the_way_in_and_that_on_loopback(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if service.get("ports")}
    # Grafana asks for a password of its own, and stays on loopback whatever PUBLISH says.
    assert set(published) == {"nginx", "grafana"}
    assert all("127.0.0.1" in json.dumps(port) for ports in published.values() for port in ports)
    assert compose["networks"]["inside"]["internal"] is True


def test_our_own_containers_can_write_nowhere_but_in_their_volumes(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) > OURS
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["restart"] == "unless-stopped"
    for name, service in compose["services"].items():
        assert service["deploy"]["resources"]["limits"], f"{name} has no limits"
        assert ":latest" not in service["image"], f"{name} has no fixed version"
        assert ":" in service["image"], f"{name} has no fixed version"


def test_every_part_says_whether_it_is_well_and_starts_again(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service.get("healthcheck", {}).get("test"), f"{name} has no health check"
        assert service["restart"] == "unless-stopped", f"{name} stays away once it has ended"


def test_the_documentation_runs_no_second_container_at_a_fixed_address(compose: dict[str, Any]) -> None:
    fixed = {
        name for name, service in compose["services"].items()
        if any((network or {}).get("ipv4_address") for network in service["networks"].values())
    }  # fmt: skip
    assert fixed == {"dashboard-1", "dashboard-2"}
    pages = "\n".join(path.read_text("utf-8") for path in (paths.ROOT / "docs").glob("*.md"))
    given = re.findall(r"docker compose run ((?:-\S+ (?:\S+:\S+ )?)*)(\S+)", pages)
    assert given
    assert not fixed & {service for _, service in given}
    told = re.findall(r"docker compose exec (\S+) (\S+)", pages)
    assert told
    assert all(service in OURS and program == "opscentre" for service, program in told)


def test_secrets_are_files_that_stand_nowhere_else(tree: Path, compose: dict[str, Any]) -> None:
    secrets = tree / "deploy" / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for secret in compose["secrets"].values():
        assert Path(secret["file"]).is_file()
    whole = json.dumps(compose)
    for name in ("database_password", "database_url", "redis_url"):
        assert (secrets / name).read_text("utf-8").strip() not in whole
    password = (secrets / "database_password").read_text("utf-8").strip()
    assert len(password) == 48
    assert password in (secrets / "database_url").read_text("utf-8")
    url = urlsplit((secrets / "redis_url").read_text("utf-8").strip())
    assert f"requirepass {url.password}\n" in (secrets / "redis.conf").read_text("utf-8")
    # No container has one in its environment, where whoever may look at containers reads it.
    for name in OURS:
        named = {key for key in compose["services"][name]["environment"] if "SECRET" in key or "PASSWORD" in key}
        assert all(key.endswith("_FILE") or key == "OPSCENTRE_SECRETS" for key in named), name
        assert "env_file" not in compose["services"][name]


def test_every_role_reads_the_same_files_and_the_dashboards_may_change_them(
    tree: Path, compose: dict[str, Any]
) -> None:
    profile = "/srv/opscentre/config/thai-nguyen"
    for name in OURS:
        service = compose["services"][name]
        mounted = dict(_mounted(volume) for volume in service["volumes"])
        written = name.startswith("dashboard")
        assert mounted["/etc/opscentre"] == (str(tree / "deploy" / "sources"), written)
        assert mounted[profile] == (str(tree / "deploy" / "profiles" / "thai-nguyen"), written)
        assert service["environment"].get("OPSCENTRE_ALERTS", "/etc/opscentre") == "/etc/opscentre"
        assert ("OPSCENTRE_ALERTS" in service["environment"]) == (name in ("alerts", "dashboard-1", "dashboard-2"))
    given = (tree / "deploy" / "profiles" / "thai-nguyen" / "units.csv").read_bytes()
    assert given == (paths.CONFIG / "thai-nguyen" / "units.csv").read_bytes()
    image = (paths.ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    user = re.search(r"^USER (\d+)", image, re.M)
    assert user is not None
    assert f"chown -R {user[1]}:" in (tree / "deploy" / "prepare.sh").read_text("utf-8").replace('"', "")
    if os.geteuid() == 0:
        assert (tree / "deploy" / "profiles" / "thai-nguyen" / "calendar.csv").stat().st_uid == int(user[1])


def _mounted(volume: Any) -> tuple[str, tuple[str, bool]]:
    """Where a folder is seen; where it lies, and whether it may be written. Older composes tell it as one text."""
    if isinstance(volume, dict):
        return volume["target"], (volume.get("source", ""), not volume.get("read_only", False))
    source, target, *how = volume.split(":")
    return target, (source, how != ["ro"])


def test_secrets_of_an_earlier_release_become_files(tree: Path, tmp_path: Path) -> None:
    older = shutil.copytree(tree, tmp_path / "older")
    secrets = older / "deploy" / "secrets"
    (secrets / "links_key").unlink()
    (secrets / "links.env").write_text("OPSCENTRE_SECRET_LINKS=abc=def\n", "utf-8")
    (secrets / "sources.env").write_text("# yours\nOPSCENTRE_SECRET_SO=p=q/r\nMAIL_PASSWORD=x y\n", "utf-8")
    prepare(older)
    assert (secrets / "links_key").read_text("utf-8") == "abc=def\n"
    given = {path.name: path.read_text("utf-8").strip() for path in (secrets / "sources").iterdir()}
    assert given == {"OPSCENTRE_SECRET_SO": "p=q/r", "MAIL_PASSWORD": "x y"}
    assert "made" not in prepare(older)


def test_preparing_again_changes_nothing(tree: Path) -> None:
    before = {path: path.read_bytes() for path in (tree / "deploy").rglob("*") if path.is_file()}
    environment = (tree / ".env").read_text("utf-8")
    assert "made" not in prepare(tree)
    assert {path: path.read_bytes() for path in (tree / "deploy").rglob("*") if path.is_file()} == before
    assert (tree / ".env").read_text("utf-8") == environment


def test_every_setting_that_the_file_names_is_one(compose: dict[str, Any]) -> None:
    known = {f"OPSCENTRE_{name.upper()}" for name in Settings.__struct_fields__}
    for name in OURS:
        given = {key for key in compose["services"][name]["environment"] if key.startswith("OPSCENTRE_")}
        settings = {key.removesuffix("_FILE") for key in given if not key.startswith("OPSCENTRE_SECRET_")}
        assert settings
        assert settings <= known


def test_what_prometheus_and_grafana_ask_for_is_documented_and_every_role_is_asked(compose: dict[str, Any]) -> None:
    documented = set(re.findall(r"`(opscentre_\w+)`", (paths.ROOT / "docs" / "operations.md").read_text("utf-8")))
    rules = (paths.ROOT / "deploy" / "prometheus" / "rules.yml").read_text("utf-8")
    panels = (paths.ROOT / "deploy" / "grafana" / "dashboards" / "opscentre.json").read_text("utf-8")
    asked = {name.removesuffix("_bucket") for name in re.findall(r"opscentre_\w+", rules + panels)}
    assert asked
    assert asked <= documented
    scraped = yaml.safe_load((paths.ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    entries = [entry for job in scraped["scrape_configs"] for entry in job["static_configs"]]
    targets = {target for entry in entries for target in entry["targets"]}
    listening = set()
    for name in OURS:
        environment = compose["services"][name]["environment"]
        address = next(value for key, value in environment.items() if key.endswith("_METRICS"))
        listening.add(f"{name}:{address.rpartition(':')[2]}")
    assert targets == listening


def test_prometheus_understands_its_files() -> None:
    promtool = part_or_skip("promtool", checker)
    folder = paths.ROOT / "deploy" / "prometheus"
    for check in (["config", "--syntax-only", "prometheus.yml"], ["rules", "rules.yml"]):
        done = subprocess.run([promtool, "check", *check], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def checker() -> str:
    """The program that checks Prometheus' files."""
    found = shutil.which("promtool")
    if found is None:
        raise PartMissing("no 'promtool' on the PATH: apt-get install prometheus")
    return found


def test_the_image_is_built_as_good_practice_has_it() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, paths.ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_health_check_tells_a_server_that_answers_from_one_that_does_not(free_port: int, capsys: Any) -> None:
    url = f"http://127.0.0.1:{free_port}/healthz"
    assert answers.main(url) == 1
    assert f"{url}: ConnectError" in capsys.readouterr().out
