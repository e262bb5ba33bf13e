"""Map packs: what is taken from an operator's GeoJSON, what is refused and in which words, what a map then draws."""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opscentre import maps
from opscentre import profile as profiles
from opscentre.boundaries import Reading
from opscentre.domain.geometry import signed_area
from opscentre.domain.power_diagram import CAPTION
from opscentre.domain.units import Unit, Units
from opscentre.maps import MapError, Scope

JULY, JUNE = dt.date(2025, 7, 1), dt.date(2025, 6, 30)
TODAY = dt.date(2026, 11, 21)
UNITS = Units(
    [
        Unit("H55.12", "Sở Công Thương", "department", "I"),
        Unit("00101", "Xã Một", "commune", "III", valid_from=JULY, latitude=21.05, longitude=105.05, area_km2=100),
        Unit("00102", "Xã Hai", "commune", "III", valid_from=JULY, latitude=21.05, longitude=105.15, area_km2=100),
        Unit("00103", "Phường Ba", "ward", "III", valid_from=JULY, latitude=21.15, longitude=105.05),
        Unit("00104", "Xã Bốn", "commune", "III", valid_from=JULY, latitude=21.15, longitude=105.15, area_km2=120),
        Unit("901", "Huyện Tây", "district", "III", valid_to=JUNE),
        Unit("902", "Huyện Đông", "district", "III", valid_to=JUNE),
    ]
)
WANTED = maps.scope(UNITS, TODAY)


def square(x: float, y: float, size: float = 0.1) -> list[list[float]]:
    """A closed ring, counter-clockwise."""
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def feature(code: object, *rings: list[list[float]], **properties: object) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": geometry}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


FIT = collection(
    feature("00104", square(105.1, 21.1)),
    feature("00101", square(105.0, 21.0)),
    feature("00102", square(105.1, 21.0)),
    feature("00103", square(105.0, 21.1)),
)


def written(folder: Path, document: object) -> Path:
    path = folder / "boundaries.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def read(folder: Path, document: object, wanted: Scope = WANTED, **keys: str) -> Reading:
    return maps.check(written(folder, document), wanted, {"code": "code", **keys})


def keep(folder: Path, document: object = FIT, name: str = "xã", wanted: Scope = WANTED) -> maps.Pack:
    return maps.store(folder, "p", name, wanted, read(folder, document, wanted), "b.geojson", "2026-11-21T08:00:00")


# -- what is refused ---------------------------------------------------------------------------------------


def change(edit: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The fit collection with one thing changed in its second feature (the code 00101)."""
    document = copy.deepcopy(FIT)
    edit(document["features"][1])
    return document


def with_ring(ring: object) -> dict[str, Any]:
    return change(lambda one: one["geometry"].update(coordinates=[ring]))


GALLERY: list[tuple[object, str]] = [
    ([], "boundaries.geojson: want an object of type 'FeatureCollection', saw []; export it as a GeoJSON layer"),
    ({"type": "Topology", "objects": {}}, "saw \"Topology\"; it is TopoJSON: convert it to GeoJSON"),
    (FIT["features"][0], "saw \"Feature\"; export it as a GeoJSON layer"),
    ({"type": "FeatureCollection"}, "features: want a list with a feature for every unit, saw null"),
    (collection(), "features: want a list with a feature for every unit, saw []"),
    (
        {**FIT, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9210"}}},
        "crs: want longitude and latitude on WGS84 (EPSG:4326), saw {\"type\"",
    ),
    (collection({"type": "Thing"}), "feature 1: want an object of type 'Feature', saw {\"type\": \"Thing\"}"),
    (
        change(lambda one: one.update(properties={"ma": "00101", "ten": "x"})),
        "feature 2, properties: no 'code'; there are: ma, ten; name the property that holds the GSO code with --key",
    ),
    (change(lambda one: one.update(properties=None)), "feature 2, properties: no 'code'; there are: none"),
    (
        change(lambda one: one["properties"].update(code=True)),
        "feature 2, properties.code: want a unit's code, saw true",
    ),
    (
        change(lambda one: one["properties"].update(code="00102")),
        "feature 3 (00102): feature 2 has this code too; join both into one MultiPolygon, or mend the code",
    ),
    (
        collection(feature("Một", square(105.0, 21.0))),
        "features: none bears the code of any of the 4 units of this kind and period",
    ),
    (
        change(lambda one: one.update(geometry={"type": "LineString", "coordinates": []})),
        "feature 2 (00101), geometry: want a Polygon or MultiPolygon, saw \"LineString\"",
    ),
    (change(lambda one: one.update(geometry=None)), "(00101), geometry: want a Polygon or MultiPolygon, saw null"),
    (
        change(lambda one: one["geometry"].update(coordinates=[])),
        "feature 2 (00101), geometry.coordinates: want lists of rings, saw []",
    ),
    (with_ring([[105, 21], [106, 21], [105, 21]]), "feature 2 (00101), ring 1: want at least 4 positions"),
    (
        with_ring([*square(105, 21)[:-1], [105.01, 21.01]]),
        "feature 2 (00101), ring 1: not closed: begins at (105.0, 21.0), ends at (105.01, 21.01); repeat the first",
    ),
    (
        with_ring([[105, 21], [105.1, 21], [105.2, 21], [105, 21]]),
        "feature 2 (00101), ring 1: encloses no area",
    ),
    (
        with_ring([[y, x] for x, y in square(105, 21)]),
        "ring 1, position 1: latitude and longitude are swapped; GeoJSON has the longitude first; saw [21, 105]",
    ),
    (with_ring(square(428000, 2385000, 9000)), "these are metres, not degrees (VN-2000 or UTM?); convert the file"),
    (with_ring(square(2.3, 48.8)), "outside Vietnam (longitude 102 to 118, latitude 6 to 24); saw [2.3, 48.8]"),
    (with_ring([[105, 21], ["1", 21], [105, 21.1], [105, 21]]), "position 2: want longitude and latitude as two"),
    (with_ring([[105, 21], [float("nan"), 21], [105, 21.1], [105, 21]]), "want longitude and latitude as two numbers"),
    (with_ring([[105, 21], [105], [105, 21.1], [105, 21]]), "longitude and latitude as two numbers; saw [105]"),
    (
        with_ring(square(105.0, 21.0, 0.102)),
        "feature 2 (00101) and feature 3 (00102): Xã Một and Xã Hai overlap by 2.0% of Xã Hai; at most 0.5% may",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "told"), GALLERY, ids=[told[:50] for _, told in GALLERY])
def test_a_broken_file_is_refused_with_place_value_and_remedy(tmp_path: Path, document: object, told: str) -> None:
    reading = read(tmp_path, document)
    refusals = [str(finding) for finding in reading.findings if finding.refused]
    assert any(told in refusal for refusal in refusals), refusals
    assert reading.refused
    with pytest.raises(MapError, match="refused"):
        maps.store(tmp_path, "p", "x", WANTED, reading, "b.geojson", "")
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"type": "FeatureCollection",\n "features": [', "line 2, column 15: no JSON (Expecting value)"),
        ("không".encode("utf-16"), "not UTF-8 at byte 0"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "x.geojson"
    path.write_bytes(content)
    (finding,) = maps.check(path, WANTED, {"code": "code"}).findings
    assert told in str(finding)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (finding,) = maps.check(tmp_path / "none.geojson", WANTED, {"code": "code"}).findings
    assert "cannot be read (No such file or directory)" in str(finding)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    document = with_ring(square(2.3, 48.8))
    document["features"][0]["geometry"] = None
    assert len([finding for finding in read(tmp_path, document).findings if finding.refused]) == 2


# -- what is warned of -------------------------------------------------------------------------------------


def warnings(folder: Path, document: object, **keys: str) -> list[str]:
    reading = read(folder, document, **keys)
    assert not reading.refused
    return [str(finding) for finding in reading.findings]


def test_a_fit_file_has_nothing_to_say(tmp_path: Path) -> None:
    assert warnings(tmp_path, FIT) == []
    assert warnings(tmp_path, {**FIT, "crs": {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}) == []


def test_units_without_a_feature_are_named(tmp_path: Path) -> None:
    told = warnings(tmp_path, collection(*FIT["features"][:3]))
    assert told == ["unit 00103: Phường Ba is in no feature; it will have no area on the map"]


def test_features_without_a_unit_are_left_out_and_never_matched_by_name(tmp_path: Path) -> None:
    document = change(lambda one: one["properties"].update(code="Xã Một", name="Xã Một"))
    told = warnings(tmp_path, document)
    assert told[0].startswith("feature 2 (Xã Một): left out: no unit of the profile has this code")
    assert told[1].startswith("unit 00101: Xã Một is in no feature")


def test_a_unit_of_another_time_is_left_out_and_says_when_it_was(tmp_path: Path) -> None:
    (told,) = warnings(tmp_path, collection(*FIT["features"], feature("901", square(105.3, 21.0))))
    assert told.startswith(
        "feature 5 (901): left out: Huyện Tây (district to 2025-06-30) is not of this kind and period"
    )


def test_a_code_that_lost_its_zeros_is_read_and_told(tmp_path: Path) -> None:
    for value in (101, "101", 101.0):
        (told,) = warnings(tmp_path, change(lambda one, value=value: one["properties"].update(code=value)))
        assert "is read as '00101', whose leading zeros were lost" in told


def test_a_name_or_a_point_that_speaks_against_the_code_is_told(tmp_path: Path) -> None:
    document = copy.deepcopy(FIT)
    for one, name in zip(document["features"], ("Bốn", "Hai", "Xã Một", "phường ba"), strict=True):
        one["properties"]["ten"] = name
    told = warnings(tmp_path, document, name="ten")
    assert len(told) == 2
    assert "feature 2 (00101), properties.ten: says 'Hai', units.csv says 'Xã Một'" in told[0]
    swapped = copy.deepcopy(FIT)
    swapped["features"][1]["properties"]["code"], swapped["features"][3]["properties"]["code"] = "00103", "00101"
    told = warnings(tmp_path, swapped)
    assert len(told) == 2
    assert "lies 5.5 km outside; make sure that the code is right" in told[0]


def test_a_ring_that_crosses_itself_is_told_where(tmp_path: Path) -> None:
    bow_tie = [[105, 21], [105.1, 21.1], [105.1, 21.0], [105, 21.05], [105, 21]]
    (told,) = warnings(tmp_path, with_ring(bow_tie))
    assert told.startswith("feature 2 (00101), ring 1: crosses itself at 105.03333, 21.03333")


def test_a_hair_of_overlap_is_no_matter(tmp_path: Path) -> None:
    assert warnings(tmp_path, with_ring(square(105.0, 21.0, 0.1001))) == []


# -- what is kept ------------------------------------------------------------------------------------------


def test_rings_are_rewound_names_come_from_the_register_and_other_properties_stay_behind(tmp_path: Path) -> None:
    document = change(lambda one: one["properties"].update(chu_tich="Người Hư Cấu"))
    document["features"][1]["geometry"]["coordinates"].append(square(105.04, 21.04, 0.02))
    document["features"][2]["geometry"] = {
        "type": "MultiPolygon",
        "coordinates": [[square(105.1, 21.0)], [square(105.3, 21.0)]],
    }
    document["attribution"] = "Sở Nông nghiệp và Môi trường"
    pack = keep(tmp_path, document)
    text = maps.pack_file(tmp_path, pack).read_text(encoding="utf-8")
    assert "Hư Cấu" not in text
    kept = json.loads(text)
    assert [one["id"] for one in kept["features"]] == ["00101", "00102", "00103", "00104"]
    assert kept["features"][0]["properties"] == {"code": "00101", "name": "Xã Một"}
    outer, hole = kept["features"][0]["geometry"]["coordinates"]
    assert signed_area(outer[:-1]) < 0 < signed_area(hole[:-1])
    assert outer[0] == outer[-1]
    assert kept["features"][1]["geometry"]["type"] == "MultiPolygon"
    assert pack.attribution == "Sở Nông nghiệp và Môi trường"


def test_the_same_boundaries_in_another_order_and_winding_are_the_same_content(tmp_path: Path) -> None:
    other = copy.deepcopy(FIT)
    other["features"].reverse()
    for one in other["features"]:
        one["geometry"]["coordinates"][0].reverse()
    assert keep(tmp_path).sha256 == keep(tmp_path, other).sha256


def test_a_pack_is_chosen_by_profile_kind_and_day_and_the_newest_wins(tmp_path: Path) -> None:
    first = keep(tmp_path)
    districts = collection(feature("901", square(105.0, 21.0)), feature("902", square(105.1, 21.0)))
    before = keep(tmp_path, districts, "huyện", maps.scope(UNITS, TODAY, until=JUNE))
    assert (first.kind, first.valid_from, first.valid_to) == ("commune", JULY, None)
    assert (before.kind, before.valid_from, before.valid_to) == ("district", None, JUNE)
    assert maps.choose(tmp_path, "p", TODAY) == first
    assert maps.choose(tmp_path, "p", JUNE) is None
    assert maps.choose(tmp_path, "p", JUNE, "district") == before
    assert maps.choose(tmp_path, "other", TODAY) is None
    newer = keep(tmp_path, collection(*FIT["features"][:3]), "xã mới")
    assert maps.choose(tmp_path, "p", TODAY) == newer
    assert newer.missing == ("00103",)


def test_a_pack_of_the_same_name_is_replaced_and_a_removed_one_leaves_no_file(tmp_path: Path) -> None:
    old = keep(tmp_path)
    new = keep(tmp_path, collection(*FIT["features"][:3]))
    assert maps.packs(tmp_path) == [new]
    assert not maps.pack_file(tmp_path, old).exists()
    with pytest.raises(MapError, match=r"no map pack 'y' of profile 'p'; there are: xã"):
        maps.remove(tmp_path, "p", "y")
    maps.remove(tmp_path, "p", "xã")
    assert maps.packs(tmp_path) == []
    assert list((tmp_path / "maps").glob("*.geojson")) == []


def test_an_index_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "index.json").write_text("[{")
    with pytest.raises(MapError, match=r"index\.json: cannot be read.*import the packs again"):
        maps.packs(tmp_path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"since": dt.date(2025, 1, 1)}, "Xã Một (00101) is there from 2025-07-01 on; begin then"),
        (
            {"kind": "district"},
            "--kind district: units.csv has none on 2026-11-21; kinds there then: commune, department",
        ),
        ({"since": TODAY, "until": JULY}, "--to 2025-07-01 lies before --from 2026-11-21"),
    ],
)
def test_a_period_in_which_units_changed_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(MapError) as caught:
        maps.scope(UNITS, TODAY, **given)
    assert told in str(caught.value)


def test_a_period_must_begin_after_the_last_former_unit() -> None:
    units = Units([Unit("a", "Xã A", "commune", "III"), Unit("b", "Xã B", "commune", "III", valid_to=JUNE)])
    with pytest.raises(MapError, match=r"Xã B \(b\) was there until 2025-06-30; begin later"):
        maps.scope(units, TODAY, since=JUNE)
    assert maps.scope(units, TODAY).valid_from == JULY
    assert [unit.code for unit in maps.scope(units, TODAY, until=JUNE).units] == ["a", "b"]


# -- what a map draws --------------------------------------------------------------------------------------


def test_without_a_pack_a_map_is_a_diagram_that_says_so_and_is_computed_once(tmp_path: Path) -> None:
    drawn = maps.picture(tmp_path, "p", UNITS, TODAY)
    assert drawn is not None
    assert (drawn.kind, drawn.caption) == ("power-diagram", CAPTION)
    assert {one["id"] for one in json.loads(drawn.geojson)["features"]} == {"00101", "00102", "00103", "00104"}
    (cached,) = (tmp_path / "cache").iterdir()
    stamp = cached.stat().st_mtime_ns
    assert maps.picture(tmp_path, "p", UNITS, TODAY) == drawn
    assert cached.stat().st_mtime_ns == stamp
    assert maps.picture(tmp_path, "p", UNITS, JUNE, "district") is None, "these have no centroid"


def test_other_units_are_another_diagram(tmp_path: Path) -> None:
    first = maps.diagram(UNITS.lasting, tmp_path)
    moved = [*UNITS.lasting[:-1], Unit("00104", "Xã Bốn", "commune", "III", latitude=21.2, longitude=105.2, area_km2=9)]
    assert maps.diagram(moved, tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with caplog.at_level(logging.WARNING):
        assert maps.diagram(UNITS.lasting, blocked / "cache") == maps.diagram(UNITS.lasting, tmp_path)
    assert "the diagram is computed again next time" in caplog.text


def test_a_pack_is_drawn_with_its_owner_until_somebody_changes_the_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pack = keep(tmp_path, {**FIT, "attribution": "Sở Nông nghiệp và Môi trường"})
    drawn = maps.picture(tmp_path, "p", UNITS, TODAY)
    assert drawn is not None
    assert (drawn.kind, drawn.caption, drawn.sha256) == ("map-pack", "Sở Nông nghiệp và Môi trường", pack.sha256)
    maps.pack_file(tmp_path, pack).write_text("{}")
    drawn = maps.picture(tmp_path, "p", UNITS, TODAY)
    assert drawn is not None
    assert drawn.kind == "power-diagram"
    assert "is not what was imported; import it again" in caplog.text


# -- the command -------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "opscentre", "map", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_import_list_check_and_remove_as_an_operator_does(tmp_path: Path) -> None:
    communes = [unit for unit in profiles.load("thai-nguyen").units.lasting if unit.group == "III"]
    features = [
        feature(unit.code, square((unit.longitude or 0) - 1e-4, (unit.latitude or 0) - 1e-4, 2e-4), ma=unit.code)
        for unit in communes
    ]
    whole = written(tmp_path, collection(*features))
    done = run("import", whole, "--data", tmp_path, "--name", "Xã 2025", "--key", "code=ma")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Xã 2025: kept 92 of 92 units, commune level, from 2025-07-01 without an end, as ")
    part = tmp_path / "part.geojson"
    part.write_text(json.dumps(collection(*features[:90])), encoding="utf-8")
    checked = run("check", part)
    assert checked.returncode == 3
    assert checked.stderr.count("is in no feature") == 2
    assert communes[91].name in checked.stderr
    refused = run("import", part, "--data", tmp_path, "--name", "x", "--key", "code=gso")
    assert refused.returncode == 2
    assert "properties: no feature has 'gso'; there are: code, ma; name the property" in refused.stderr
    assert refused.stderr.splitlines()[-1].endswith("refused, 1 fault; nothing was kept")
    listed = run("list", "--data", tmp_path).stdout
    assert "Xã 2025" in listed
    assert listed.count("thai-nguyen") == 1
    assert run("remove", "Xã 2025", "--data", tmp_path).returncode == 0
    assert "no map packs; maps are computed diagrams" in run("list", "--data", tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--key", "ma"), "--key 'ma': want code=PROP or name=PROP"),
        (("--kind", "hamlet"), "--kind 'hamlet': want commune or district"),
        (("--from", "1/7/2025"), "--from '1/7/2025': want a day like 2025-07-01"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = run("check", written(tmp_path, FIT), *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("opscentre: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
