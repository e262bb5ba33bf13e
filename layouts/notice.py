"""The one sentence that says what is wrong with the picture, worst first. Pure."""

from __future__ import annotations

import msgspec

from layouts.states import source_state
from layouts.text import number
from opscentre.live.wall import Wall

#: Without a heartbeat of the collectors for this long, they are said to be silent.
SILENT_MS = 5_000
#: Said of alerts that cannot leave: all mail, or one way beside it.
NO_MAIL, NO_WAY, WAITING = "THƯ CẢNH BÁO KHÔNG GỬI ĐƯỢC", "KÊNH CẢNH BÁO KHÔNG NHẬN", "thư chờ"


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the head of every page says instead of "live"."""

    level: str
    text: str
    #: Real ms since which it is so; the screen counts on from there.
    since: int | None = None
    #: The numbers below are not to be trusted now: they are shown greyed.
    doubtful: bool = False


def redis_gone(since: int | None) -> Notice:
    """The board cannot be read; ``since`` is when the last picture was made."""
    return Notice("bad", "MẤT KHO SỐ LIỆU · số liệu cũ" if since else "MẤT KHO SỐ LIỆU", since, doubtful=True)


def notice_of(wall: Wall) -> Notice | None:
    """What is wrong with a picture; None when it is live."""
    if wall.state == "rebuilding":
        return Notice("warn", "ĐANG DỰNG LẠI SỐ LIỆU · số chưa đầy đủ", doubtful=True)
    if wall.heartbeat_at is None:
        silent = Notice("bad", "BỘ THU THẬP CHƯA HOẠT ĐỘNG")
    elif wall.made_at - wall.heartbeat_at > SILENT_MS:
        silent = Notice("bad", "BỘ THU THẬP IM LẶNG", wall.heartbeat_at)
    else:
        silent = None
    if wall.state == "empty":
        return Notice("warn", "CHƯA CÓ DỮ LIỆU · bộ thu thập im lặng" if silent else "CHƯA CÓ DỮ LIỆU")
    return silent or _all_stale(wall) or _untold(wall)


def _all_stale(wall: Wall) -> Notice | None:
    """Collectors that live but reach no source at all give no live picture either."""
    states = {source_state(source, wall.made_at) for source in wall.sources}
    if not states or "fresh" in states:
        return None
    seen = [source.observed_at for source in wall.sources if source.observed_at is not None]
    since = max(seen) if seen else None
    if states == {"paused"}:
        return Notice("warn", "MỌI NGUỒN ĐANG TẠM DỪNG", since)
    return Notice("bad", "MỌI NGUỒN ĐỀU TRỄ", since)


def _untold(wall: Wall) -> Notice | None:
    """The numbers are right, but nobody hears of what they mean; the first way is the mail server's."""
    if wall.alerts is None or not wall.alerts.troubles:
        return None
    worst = wall.alerts.troubles[0]
    name = NO_WAY if worst.recipient else NO_MAIL
    return Notice("warn", f"{name} · {number(worst.waiting)} {WAITING} ·", worst.since)
