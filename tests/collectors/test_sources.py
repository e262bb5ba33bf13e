"""Reading ``sources.toml`` and ``links.toml``: where they lie, and what is told of a mistake."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from collectors import registry
from collectors.base import Given
from collectors.errors import Unreachable
from collectors.placeholders import Addresses
from opscentre import profile as profiles
from opscentre import profile_check
from opscentre.link_settings import within
from opscentre.settings import Settings, SettingsError
from opscentre.sources import read_links, read_links_file, read_sources
from tests.collectors.parts import Bench

PROFILE = profiles.load("thai-nguyen")
GOOD = '[[source]]\ncode = "a"\nname = "A"\nkind = "file_drop"\n'


def write(folder: Path, sources: str = "", links: str = "") -> Settings:
    (folder / "sources.toml").write_text(sources, encoding="utf-8")
    (folder / "links.toml").write_text(links, encoding="utf-8")
    return Settings(sources=str(folder))


def test_every_source_and_link_of_the_profile_can_be_read() -> None:
    sources, links = read_sources(PROFILE, Settings()), read_links(PROFILE, Settings())
    assert len({source.code for source in sources}) == len(sources) >= 5
    assert {source.kind for source in sources} <= set(registry.KINDS)
    assert {link.kind for link in links} == {"http", "tcp", "tls", "dns"}


def test_every_source_of_the_profile_has_settings_its_collector_accepts(bench: Bench) -> None:
    names = ["simulator_http", "simulator_http2", "simulator_sql", "simulator_files"]
    values = ["http://127.0.0.1:1", "http://127.0.0.1:2", "sqlite://", "drop"]
    pairs = ", ".join(f'"{name}": "{value}"' for name, value in zip(names, values, strict=True))
    (bench.folder / "simulator.json").write_text("{" + pairs + "}")
    addresses = Addresses(bench.folder / "simulator.json", threading.Event())
    for config in read_sources(PROFILE, Settings()):
        filled = type(config)(code=config.code, name=config.name, kind=config.kind, interval=config.interval,
                              settings=addresses.fill(config.settings))  # fmt: skip
        plan = Given(
            config=filled, settings=bench.settings, profile=bench.profile, store=bench.store,
            producer=bench.producer, clock=bench.clock, environment={"OPSCENTRE_SECRET_SIMULATOR": "demo"},
            stopping=threading.Event(), where="x",
        )  # fmt: skip
        registry.make(plan).close()


def test_the_files_may_lie_in_another_folder_or_be_named_themselves(tmp_path: Path) -> None:
    links = '[[link]]\ncode = "l"\nname = "L"\nkind = "tcp"\naddress = "h:1"\n'
    links += '[self_check]\nkind = "tcp"\naddress = "gw:53"\n'
    settings = write(tmp_path, GOOD, links)
    for place in (settings, Settings(sources=str(tmp_path / "sources.toml"))):
        assert [source.code for source in read_sources(PROFILE, place)] == ["a"]
        found = read_links_file(PROFILE, place)
        assert [link.code for link in found.link] == ["l"]
        assert found.self_check is not None


def test_without_a_links_file_there_are_no_links(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(GOOD)
    assert read_links(PROFILE, Settings(sources=str(tmp_path))) == []


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (GOOD.replace('"A"', "7"), "sources.toml, source a, name: Expected `str`, got `int`; saw 7"),
        (GOOD + "intervall = 3\n", "unknown field `intervall`"),
        (GOOD + 'interval = "3"\n', "interval: Expected `float`, got `str`; saw '3'"),
        (GOOD + "interval = 0\n", "interval: saw 0.0; want seconds from 0.1"),
        (GOOD.replace('"a"', '"Sở A"'), "code: saw 'Sở A'; want 1 to 48 small letters"),
        (GOOD + GOOD, "two sources have the code 'a'"),
        ("[[source]\n", "cannot be read as TOML"),
        ('[[sources]]\ncode = "a"\n', "unknown field `sources`"),
    ],
)
def test_a_mistake_is_told_with_file_source_key_and_value(tmp_path: Path, sources: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_sources(PROFILE, write(tmp_path, sources))
    assert told in str(caught.value)
    assert "sources.toml" in str(caught.value)


def test_a_mistake_in_a_link_is_told_with_its_code(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"links.toml, link l, kind: .*saw 'udp'"):
        read_links(PROFILE, write(tmp_path, GOOD, '[[link]]\ncode = "l"\nname = "L"\nkind = "udp"\naddress = "h:1"\n'))


def test_a_file_that_was_named_and_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPSCENTRE_SOURCES: there is no"):
        read_sources(PROFILE, Settings(sources=str(tmp_path / "none.toml")))


def test_addresses_that_do_not_come_are_waited_for_and_then_told(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path / "simulator.json", threading.Event())
    with pytest.raises(Unreachable, match="start the simulated systems"):
        addresses.wait(patience=0.15)
    threading.Timer(0.1, (tmp_path / "simulator.json").write_text, ["{}"]).start()
    addresses.wait(patience=5)
    assert addresses.version()


def test_a_link_may_end_in_units_of_the_province_and_in_no_others(tmp_path: Path) -> None:
    entry = '[[link]]\ncode = "l"\nname = "L"\nkind = "tcp"\naddress = "h:1"\nunits = ["01840", "{}"]\n'
    [link] = read_links(PROFILE, write(tmp_path, GOOD, entry.format("00000..04999")))
    assert link.units == ["01840", "00000..04999"]
    found = within(link.units, PROFILE.units.by_code)
    assert "01840" in found
    assert max(found) < "05000"
    with pytest.raises(SettingsError, match=r"link l, units: saw '99998..99999'; want codes of units.csv"):
        read_links(PROFILE, write(tmp_path, GOOD, entry.format("99998..99999")))
    folder = tmp_path / "profile"
    shutil.copytree(PROFILE.folder, folder)
    shutil.copy(tmp_path / "links.toml", folder)
    told = [fault for fault in profile_check.check(folder) if fault.key == "units"]
    assert [(fault.line, fault.value) for fault in told] == [(6, "99998..99999")]
