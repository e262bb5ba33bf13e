"""A new province's profile: a folder with what the public register of units knows, and examples to fill in.

The register is the data file of the package ``vietnamadminunits`` (MIT): every province, commune and ward since
1 July 2025, with GSO code, centroid and area. It is read as the database that it is; the package's code is not run.
"""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from opscentre import paths
from opscentre.domain.spelling import spelling, unaccented
from opscentre.profile import ProfileError
from opscentre.units_file import COLUMNS

REGISTER = "vietnamadminunits"
#: Files that are the same in every new profile.
SKELETON = paths.CONFIG / "skeleton"
CODE_WANTED = "want a province's code in the national register, like H15"

_CODE = re.compile(r"H\d\d")
_KINDS = {"Phường": "ward", "Xã": "commune", "Đặc khu": "special-zone"}
#: Departments as most provinces have had them since March 2025: code below the province's, name, short name.
_DEPARTMENTS = (
    ("01", "Văn phòng UBND tỉnh", "VP UBND tỉnh"),
    ("02", "Sở Nội vụ", "Nội vụ"),
    ("03", "Sở Tư pháp", "Tư pháp"),
    ("04", "Sở Tài chính", "Tài chính"),
    ("05", "Sở Nông nghiệp và Môi trường", "Nông nghiệp và MT"),
    ("06", "Sở Xây dựng", "Xây dựng"),
    ("07", "Sở Khoa học và Công nghệ", "Khoa học và CN"),
    ("08", "Sở Văn hóa, Thể thao và Du lịch", "VH, TT và Du lịch"),
    ("09", "Sở Giáo dục và Đào tạo", "Giáo dục và ĐT"),
    ("10", "Sở Y tế", "Y tế"),
    ("11", "Thanh tra tỉnh", "Thanh tra tỉnh"),
    ("12", "Sở Công Thương", "Công Thương"),
    ("13", "Sở Dân tộc và Tôn giáo", "Dân tộc và TG"),
    ("14", "Ban Quản lý các Khu công nghiệp", "BQL các KCN"),
    ("15", "Công an tỉnh", "Công an tỉnh"),
    ("16", "Bảo hiểm xã hội tỉnh", "BHXH tỉnh"),
)
_PROFILE = """\
# {full} since 1 July 2025: {communes} communes and wards, no districts.
#
# units.csv: GSO codes, names, centroids and areas as in the public data of the package vietnamadminunits (MIT).
# The departments are those that most provinces have, under codes of this project's own: mend both by the register
# of the province. Then: sources.toml, links.toml, and "opscentre profile check".
name = "{name}"
code = "{code}"
title = "Trung tâm điều hành {full_lower}"
"""


class _Place(NamedTuple):
    """One row of the register."""

    name: str
    short: str
    kind: str
    code: str
    latitude: float | None
    longitude: float | None
    area_km2: float | None


def create(code: str, name: str, into: Path | None = None) -> Path:
    """Write the profile of a province into ``into`` (``config/``) and return its folder.

    The folder appears whole or not at all. Raises ``ProfileError``: a bad code, an unknown province, a folder that
    is there already, the register that is not installed.
    """
    if _CODE.fullmatch(code) is None:
        raise ProfileError(f"code: saw {code!r}; {CODE_WANTED}")
    full, places = _province(name)
    short = full.removeprefix("Tỉnh ").removeprefix("Thành phố ")
    parent = into or paths.CONFIG
    folder = parent / slug_of(short)
    if folder.exists():
        raise ProfileError(f"{folder} is there already and stays as it is; name another folder with --into")
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{folder.name}-") as aside:
        made = Path(aside) / folder.name
        shutil.copytree(SKELETON, made)
        (made / "profile.toml").write_text(
            _PROFILE.format(
                full=full, full_lower=full[0].lower() + full[1:], name=short, code=code, communes=len(places)
            ),
            encoding="utf-8",
        )
        with (made / "units.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_units(code, places))
        made.rename(folder)
    return folder


def slug_of(name: str) -> str:
    """A province's name as a folder's: ``Đắk Lắk`` → ``dak-lak``."""
    return re.sub(r"[^a-z0-9]+", "-", unaccented(spelling(name))).strip("-")


def register_path() -> Path:
    """The register's data file. Raises ``ProfileError`` where the package is not installed."""
    found = importlib.util.find_spec(REGISTER)
    for place in found.submodule_search_locations or () if found else ():
        path = Path(place) / "data" / "dataset.db"
        if path.is_file():
            return path
    raise ProfileError(f"the register of units is not installed; get it with: pip install {REGISTER}")


def _province(name: str) -> tuple[str, list[_Place]]:
    """The official name and the communes of a province named with or without its kind, with or without accents."""
    path = register_path()
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        known = database.execute("SELECT DISTINCT province, provinceShort, provinceCode FROM admin_units").fetchall()
        exact = [row for row in known if spelling(name) in (spelling(row[0]), spelling(row[1]))]
        bare = [row for row in known if slug_of(name) in (slug_of(row[0]), slug_of(row[1]))]
        if len(matches := exact or bare) != 1:
            names = ", ".join(sorted(row[1] for row in known))
            raise ProfileError(f"name: saw {name!r}; want a province of the register: {names}")
        rows = database.execute(
            "SELECT ward, wardShort, wardType, wardCode, wardLat, wardLon, wardAreaKm2 FROM admin_units "
            "WHERE provinceCode = ? ORDER BY wardCode",
            (matches[0][2],),
        ).fetchall()
    except sqlite3.DatabaseError as error:
        raise ProfileError(f"{path}: {error}; install the register anew: pip install --upgrade {REGISTER}") from None
    finally:
        database.close()
    return matches[0][0], [_Place(*row) for row in rows]


def _units(code: str, places: Sequence[_Place]) -> Iterator[dict[str, object]]:
    for number, name, short in _DEPARTMENTS:
        yield {"code": f"{code}.{number}", "name": name, "kind": "department", "group": "I", "short": short}
    order = list(_KINDS)
    for place in sorted(places, key=lambda one: (order.index(one.kind), one.code)):
        yield {
            "code": place.code,
            "name": place.name,
            "kind": _KINDS[place.kind],
            "group": "III",
            "short": place.short,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "area_km2": place.area_km2,
        }
