"""Settings come from the environment, are all documented, and say what is wrong with a bad one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opscentre.settings import Settings, SettingsError, load

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


def test_every_setting_is_documented_and_nothing_else_is():
    documented = set(re.findall(r"^\| `OPSCENTRE_(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.M))
    there = {name.upper() for name in Settings.__struct_fields__}
    assert documented == there, (
        f"docs/settings.md: add a line '| `OPSCENTRE_NAME` | default | meaning |' for {sorted(there - documented)}, "
        f"remove those of {sorted(documented - there)}"
    )


def test_a_child_process_reads_what_its_parent_was_given(tmp_path):
    settings = Settings(data=tmp_path, port=9000, broker="kafka://k:9092", redis="redis://r/0", clock='{"real":1}')
    assert load(settings.environment()) == settings


def test_what_stands_in_a_file_is_in_no_childs_environment(tmp_path, monkeypatch):
    (tmp_path / "url").write_text("postgresql://u:hush@h/d\n", encoding="utf-8")
    monkeypatch.delenv("OPSCENTRE_DATABASE", raising=False)
    monkeypatch.setenv("OPSCENTRE_DATABASE_FILE", str(tmp_path / "url"))
    settings = load(redis="redis://r/0")
    given = settings.environment()
    assert settings.database_url == "postgresql://u:hush@h/d"
    assert "hush" not in str(given)
    assert load(given) == settings
    # Another database than the file's is the child's too.
    assert load(load(database="sqlite:///x").environment()).database == "sqlite:///x"


def test_arguments_win_over_the_environment():
    assert load({"OPSCENTRE_PORT": "9000", "OPSCENTRE_HOST": "::1"}, port=9001).port == 9001


def test_a_bad_value_is_told_with_what_was_seen():
    with pytest.raises(SettingsError, match="OPSCENTRE_PORT: .*'eighty'"):
        load({"OPSCENTRE_PORT": "eighty"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"redis": "redis://:hu/sh@h:6379/0"}, "OPSCENTRE_REDIS: no such address; want redis://"),
        ({"redis": "http://:hush@h"}, "OPSCENTRE_REDIS: no such address"),
        ({"database": "mysql://u:hush@h/x"}, "OPSCENTRE_DATABASE: saw 'mysql' at its beginning; want postgresql"),
    ],
)
def test_an_address_of_another_kind_is_told_without_its_password(given, said):
    with pytest.raises(SettingsError, match=said) as raised:
        _ = (Settings(**given).database_url, Settings(**given).redis_url)
    assert "hush" not in str(raised.value)
    assert "'hu'" not in str(raised.value)


def test_a_bad_value_is_told_and_no_other(tmp_path):
    with pytest.raises(SettingsError, match=r"OPSCENTRE_API_RATE: Expected `int` >= 0; saw '-1'") as raised:
        load({"OPSCENTRE_API_RATE": "-1", "OPSCENTRE_MAIL": "smtps://u:hush@h", "OPSCENTRE_BROKER": "kafka://u:hush@h"})
    assert "hush" not in str(raised.value)


def test_without_redis_it_says_where_one_was_looked_for(tmp_path):
    with pytest.raises(SettingsError, match="OPSCENTRE_REDIS is not set and .*redis.url does not exist"):
        _ = Settings(data=tmp_path).redis_url


def test_embedded_parts_lie_in_the_data_folder(tmp_path):
    settings = Settings(data=tmp_path)
    assert settings.broker_url == f"embedded://{tmp_path}/events.db"
    assert settings.database_url == f"sqlite:///{tmp_path}/opscentre.db"
    assert (settings.dossier_partitions, Settings(broker="kafka://k:1").dossier_partitions) == (4, 12)


def test_a_setting_may_stand_in_a_file_and_an_unusable_one_is_told(tmp_path):
    file = tmp_path / "database_url"
    file.write_text("postgresql://u:hush@h/d\n", encoding="utf-8")
    assert load({"OPSCENTRE_DATABASE_FILE": str(file)}).database_url == "postgresql://u:hush@h/d"
    assert load({"OPSCENTRE_DATABASE": "sqlite:///x", "OPSCENTRE_DATABASE_FILE": str(file)}).database == "sqlite:///x"
    with pytest.raises(SettingsError, match="OPSCENTRE_REDIS_FILE: .*none cannot be read .No such file"):
        load({"OPSCENTRE_REDIS_FILE": str(tmp_path / "none")})
    (tmp_path / "none").touch()
    with pytest.raises(SettingsError, match="OPSCENTRE_REDIS_FILE: .*none is empty"):
        load({"OPSCENTRE_REDIS_FILE": str(tmp_path / "none")})
    with pytest.raises(SettingsError) as raised:
        load({"OPSCENTRE_DATABASE_FILE": str(file), "OPSCENTRE_PORT": "eighty"})
    assert "hush" not in str(raised.value)
