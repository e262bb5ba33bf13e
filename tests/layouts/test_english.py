"""The wall in English: every phrase of its scenes is said, and names, numbers and dates stay as they are."""

from __future__ import annotations

import re
from html import unescape

import pytest

from layouts.english import english, in_english
from layouts.picture import paint
from layouts.place import Place, place_of
from layouts.wall import content
from layouts.words_scenes import PHRASES
from opscentre import profile as profiles
from opscentre.live.wall import Wall
from opscentre.profile import Profile
from tests.dashboard.pictures import LINKS, PROCEDURES, SOURCES, plausible
from tests.dashboard.test_wall_looks import crowd

VIETNAMESE = re.compile(r"[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.I)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profiles.load("thai-nguyen")


@pytest.fixture(scope="module")
def place(profile: Profile) -> Place:
    return place_of(profile)


def names(wall: Wall, place: Place) -> set[str]:
    """What is a name on this wall, or comes from a profile's files."""
    slow = wall.slow
    assert slow is not None
    assert slow.score is not None
    found = {*PROCEDURES, *SOURCES, *LINKS, place.name, *(link.name for link in wall.links)}
    found |= {text for unit in place.by_code.values() for text in (unit.name, unit.label)}
    found |= {text for one in slow.figures for text in (one.name, one.scope, one.unit, one.source)}
    found |= {one.name for one in (*slow.score.groups, *slow.score.missing, *slow.services.ratios)}
    return found | {one.name for one in (*slow.services.targets, *slow.services.campaign)} | {"Quyết định", "QĐ-TTg"}


def foreign(text: str, known: list[str]) -> bool:
    """Whether a text in English has Vietnamese in it that is no name."""
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    for name in known:
        text = text.replace(name, "")
    return bool(VIETNAMESE.search(text))


def test_every_phrase_of_every_scene_is_said_in_english(profile: Profile, place: Place) -> None:
    empty = plausible(profile)
    empty.state, empty.units, empty.overdue, empty.due_soon, empty.slow = "empty", {}, [], [], None
    late = plausible(profile, late=2)
    late.overdue[0].by_sync = True
    for wall in (crowd(profile), late, empty):
        known = sorted(names(crowd(profile), place), key=len, reverse=True)
        shown = in_english(paint(wall, place))
        assert [change.text for change in shown.values() if change.text and foreign(change.text, known)] == []
    page = content(place, "en")
    texts = [unescape(text) for text in re.findall(r">([^<]+)<", page)]
    texts += [unescape(text) for text in re.findall(r'data-(?:title|info|warn|alarm)="([^"]+)"', page)]
    assert len(texts) > 500
    assert [text for text in texts if foreign(text, known)] == []


def test_numbers_dates_and_names_stay_as_they_are() -> None:
    for text in ("1.234,5", "21/11/2026", "84,6%", "H55.12-261121-0001", "Sở Nội vụ", "Xã Quan Sơn", "—", ""):
        assert english(text) == text
    assert english("Thứ Bảy, 21/11/2026") == "Saturday, 21/11/2026"
    assert english("1–4 / 1.484") == "1–4 / 1.484"
    assert english("5/7 nguồn kịp thời") == "5/7 sources in time"
    assert english("LỖI · 1.000 bản ghi đã nhận · 3 bị giữ lại") == "FAILS · 1.000 records taken · 3 held back"


def test_a_phrase_takes_as_many_values_in_english_as_in_vietnamese() -> None:
    for vietnamese, told in PHRASES.items():
        assert re.findall(r"{n?}", vietnamese) == re.findall(r"{n?}", told), vietnamese
