"""What is documented is what there is: every setting in its README, every reason in the guide, samples that work."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from collectors import file_drop, registry
from collectors.dvcqg_rest.settings import RestSettings
from collectors.figures.settings import FigureMap, FiguresSettings
from collectors.file_drop.reader import read_rows
from collectors.file_drop.settings import DropSettings
from collectors.intake import FAULTS
from collectors.sql_view.settings import ViewSettings
from collectors.webhook.settings import WebhookSettings
from opscentre.domain import anomalies, dvcqg
from opscentre.link_settings import LinkConfig, LinksHead, Maintenance, SelfCheck
from opscentre.paths import ROOT
from opscentre.sources import read_links
from tests.collectors.parts import NOW, Bench

COLLECTORS = Path(file_drop.__file__).parent.parent
GUIDE = (ROOT / "docs" / "collectors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("dvcqg_rest", RestSettings), ("sql_view", ViewSettings), ("file_drop", DropSettings), ("links", LinkConfig),
     ("links", SelfCheck), ("links", Maintenance), ("links", LinksHead),
     ("figures", FiguresSettings), ("figures", FigureMap), ("webhook", WebhookSettings)],
)  # fmt: skip
def test_every_setting_of_a_kind_stands_in_its_readme(kind: str, settings: type[msgspec.Struct]) -> None:
    readme = (COLLECTORS / kind / "README.md").read_text(encoding="utf-8")
    assert [name for name in settings.__struct_fields__ if f"`{name}`" not in readme] == []


def test_every_kind_has_the_same_files_and_stands_in_the_guide() -> None:
    for kind in registry.KINDS:
        there = {path.name for path in (COLLECTORS / kind).iterdir()}
        assert {"__init__.py", "collector.py", "settings.py", "README.md", "samples"} <= there
        assert kind in GUIDE
        assert any((COLLECTORS / kind / "samples").iterdir())
        assert list(Path(__file__).parent.glob(f"test_{kind}*.py")), f"no tests of {kind}"


def test_every_reason_a_record_can_be_refused_or_noted_for_stands_in_the_guide() -> None:
    described = f"{dvcqg.Refusal.__doc__}{dvcqg.Note.__doc__}"
    reasons = {reason for reason in re.findall(r"``([a-z_]+)``", described) if "_" in reason} | set(FAULTS)
    reasons |= set(anomalies.KINDS)
    assert len(reasons) >= 25
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in GUIDE] == []


def test_the_samples_are_taken_without_a_word(bench: Bench) -> None:
    page = msgspec.json.decode((COLLECTORS / "dvcqg_rest" / "samples" / "page.json").read_bytes())
    rows = [record.value for record in read_rows(COLLECTORS / "file_drop" / "samples" / "dossiers.csv", {})]
    assert len(rows) == 2
    [push] = msgspec.json.decode((COLLECTORS / "webhook" / "samples" / "push.json").read_bytes())["data"]
    for row in [*page["data"], *rows, push]:
        parsed = dvcqg.parse(row, source="a", observed=NOW, units=bench.profile.units)
        assert parsed.notes == ()


def test_the_samples_of_views_and_links_are_what_they_say(bench: Bench) -> None:
    view = (COLLECTORS / "sql_view" / "samples" / "view.sql").read_text(encoding="utf-8")
    database = sqlite3.connect(":memory:")
    columns = re.findall(r"(\w+) +AS", view)
    database.execute(f"CREATE TABLE ho_so ({', '.join(columns)})")
    database.executescript(view)
    found = [column[0] for column in database.execute("SELECT * FROM v_ho_so").description]
    database.close()
    assert set(found) <= set(dvcqg.FIELDS)
    assert {"MaHoSo", "NgayCapNhat"} <= set(found)
    folder = bench.folder / "conf"
    shutil.copytree(COLLECTORS / "links" / "samples", folder)
    (folder / "sources.toml").touch()
    settings = msgspec.structs.replace(bench.settings, sources=str(folder))
    assert len(read_links(bench.profile, settings)) == 3
