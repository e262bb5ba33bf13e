"""Plausible walls of the province's 108 units, and a reader that hands out the wall lying in Redis."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import redis

from layouts.place import place_of
from layouts.states import source_state
from opscentre import __version__
from opscentre.clock import wall_ms
from opscentre.domain.availability import Availability
from opscentre.domain.lateness import LateBySync
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local
from opscentre.domain.units import Unit
from opscentre.live import keys
from opscentre.live.reader import PastPeriod
from opscentre.live.slow import (
    CampaignShown,
    FigureShown,
    GroupScore,
    Missing,
    Ratio,
    ScoreShown,
    Services,
    Slow,
    TargetShown,
    UnitScore,
)
from opscentre.live.wall import LinkState, SourceAge, Totals, UrgentDossier, Wall
from opscentre.profile import Profile
from opscentre.slow import USE

#: A Saturday morning in November: the product's time of every picture unless told otherwise.
NOW = parse_local("2026-11-21T09:41:07")

PROCEDURES = (
    "Đăng ký biến động quyền sử dụng đất do chuyển nhượng, tặng cho, thừa kế",
    "Cấp giấy phép xây dựng nhà ở riêng lẻ",
    "Chứng thực bản sao từ bản chính",
    "Đăng ký khai sinh, cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi",
    "Cấp đổi giấy phép lái xe",
    "Đăng ký thành lập hộ kinh doanh",
)
SOURCES = (
    "Một cửa điện tử cấp xã", "Một cửa các sở, ngành", "Sở Công Thương", "Sở Nông nghiệp và Môi trường",
    "Đăng ký đất đai", "Bảo hiểm xã hội tỉnh", "Dịch vụ bưu chính công ích",
)  # fmt: skip
LINKS = (
    "Cổng DVC quốc gia", "Cổng thông tin tỉnh", "Trục liên thông LGSP", "Mạng TSLCD",
    "Thanh toán trực tuyến", "Định danh VNeID", "CSDL dân cư", "Hội nghị truyền hình", "Thư điện tử công vụ",
)  # fmt: skip
#: Units at the ends of some of them.
LINK_UNITS = {3: ["00000..04999"], 7: ["05000..09999"]}


def plausible(profile: Profile, seed: int = 1, now: int = NOW, late: int = 40) -> Wall:
    """A wall as an ordinary working morning gives it; ``late`` dossiers are on the overdue list."""
    dice = random.Random(seed)
    place = place_of(profile)
    there = (*place.departments, *place.communes)
    units = {unit.code: _unit(dice, large=unit.group == "I") for unit in there}
    # Some communes without any dossier: no data, not zero per cent.
    for code in ("01960", "02143"):
        units[code] = Totals()
    made_at = wall_ms()
    return Wall(
        state="live", sequence=1, now=now, speed=1.0, simulated=False, made_at=made_at, heartbeat_at=made_at - 400,
        version=__version__, totals=added(units.values()), units=units,
        overdue=sorted((_dossier(dice, there, now, late=True) for _ in range(late)), key=lambda d: d.due),
        due_soon=sorted((_dossier(dice, there, now, late=False) for _ in range(23)), key=lambda d: d.due),
        sources=[
            SourceAge(code=f"s{i}", name=name, kind="rest", interval_s=10, observed_at=made_at - 1_000 * (3 + i),
                      attempted_at=made_at - 1_000 * (3 + i), total=1000 * i)
            for i, name in enumerate(SOURCES)
        ],
        links=[
            LinkState(code=f"l{i}", name=name, kind="http", interval_s=60.0, state="up", latency_ms=9.0 + 17 * i,
                      checked_at=made_at, since=made_at - DAY, latencies=[9.0 + i + n % 7 for n in range(30)],
                      available_30d=Availability(up=2_000_000 - i * 1_000, down=i * 1_000),
                      units=LINK_UNITS.get(i, []))
            for i, name in enumerate(LINKS)
        ],
        received_by_hour=[0] * 7 + [412, 655, 388] + [0] * 14,
        finished_by_hour=[0] * 7 + [120, 431, 297] + [0] * 14,
        slow=counted(made_at, now, [unit.code for unit in place.communes]),
    )  # fmt: skip


#: The words for scores, with the percent from which on they are given.
GRADES = (("Xuất sắc", 90), ("Tốt", 80), ("Khá", 70), ("Trung bình", 50), ("Yếu", 0))


def counted(made_at: int, now: int, communes: Sequence[str]) -> Slow:
    """What is counted by the minute: a score with gaps, old and new figures, services with a target."""
    departments = [f"H55.{i:02}" for i in range(1, 13)]
    percents = {code: 97.53 - 3.7 * i for i, code in enumerate(departments)}
    percents |= {code: 98.12 - 0.61 * i for i, code in enumerate(communes)}
    groups = (
        ("Công khai, minh bạch", 0, 18, 0),
        ("Tiến độ giải quyết", 19.81, 20, 20),
        ("Số hóa hồ sơ", 12.28, 22, 18),
    )
    values = ("31.067", "khoảng 90%", "khoảng 5.000.000")
    long = "Sàn thương mại điện tử: sản phẩm công nghiệp nông thôn tiêu biểu"
    return Slow(
        made_at=made_at, took_ms=900, now=now, places_yesterday={"H55.12": 9, "05443": 30}, stale_units=["H55.06"],
        score=ScoreShown(
            since=now - 20 * DAY, until=now + DAY, points=32.09, max=100, reachable=38,
            groups=[GroupScore(code=name, name=name, points=p, max=m, reachable=r) for name, p, m, r in groups],
            missing=[Missing(code=f"4.{i}", name="Kết nối, chia sẻ với kho dữ liệu quốc gia", points=6 - i / 2,
                             needed=None if i % 2 else 64_933) for i in range(9)],
            no_data=["1.1 TTHC công bố đúng hạn"], partial=["5.4"],
            units=[
                UnitScore(
                    code=code, percent=percent, rank=rank, volume=40,
                    yesterday=None if rank % 7 == 3 else percent - 0.4 + rank % 3 / 2,
                    grade=next(word for word, floor in GRADES if percent >= floor),
                )
                for rank, (code, percent) in enumerate(sorted(percents.items(), key=lambda found: -found[1]), 1)
            ],
            grades=[word for word, _ in GRADES],
        ),
        score_places_yesterday={"H55.03": 1, "H55.01": 3, communes[0]: 2, communes[1]: 1},
        late_by_sync={"H55.12": LateBySync(7, 1), "H55.05": LateBySync(2, 0), communes[5]: LateBySync(1, 1)},
        figures=[
            FigureShown(code=str(i), name=long if i % 3 else "Hồ sơ tiếp nhận", scope="Sở Văn hóa, Thể thao và Du lịch",
                        value=values[i % 3], unit=("hồ sơ", "sản phẩm")[i % 2], as_of="01/01–15/12/2023",
                        source=f"{long}, cuối năm 2023", note="", age_days=20 * i * i)
            for i in range(20)
        ],
        measured={
            metric: FigureShown(code=metric, name="", scope="", value=value, unit=unit, as_of="09:30 20/11/2026",
                                source="", note="", age_days=0)
            for metric, value, unit in (("input:sync-lag", "12,5", "phút"), ("input:sync-backlog", "1.234", "hồ sơ"),
                                        ("figure:bts", "1.650", "điểm"))
        },
        services=Services(
            procedures=106, by_level={"một phần": 30, "toàn trình": 73, "chưa trực tuyến": 3},
            received=71_835, postal=445,
            ratios=[Ratio(code=code, name="TTHC có phí, lệ phí có giao dịch thanh toán trực tuyến", part=30_000 * i,
                          whole=300_000, full_at=0.8 if i % 3 == 0 else None) for i, code in enumerate(USE)],
            targets=[TargetShown(name="Dịch vụ công mức độ 4 trên tổng số thủ tục", value="30", unit="%",
                                 by="31/08/2020", reached="6,7", reached_as_of="31/12/2019", share=0.2, source="")] * 2,
            campaign=[
                CampaignShown(name="Các đơn vị khác, nguồn không nêu", window="", planned=443, actual=None)
            ] * 4,
        ),
    )  # fmt: skip


def added(units: Any) -> Totals:
    """The sum of the units' numbers."""
    names = Totals.__struct_fields__
    units = list(units)
    return Totals(**{name: sum(getattr(unit, name) for unit in units) for name in names})


def _unit(dice: random.Random, large: bool) -> Totals:
    process = dice.randint(60, 900) if large else dice.randint(8, 90)
    # A few units are slow, most are nearly always on time.
    late = round(process * dice.choice([0, 0, 0, 0, 0.01, 0.01, 0.02, 0.05, 0.12]))
    done = process * dice.randint(4, 9)
    late_done = round(done * dice.choice([0, 0, 0.005, 0.01, 0.02, 0.03, 0.08, 0.16]))
    received = dice.randint(2, 40) * (4 if large else 1)
    finished = dice.randint(1, 20) * (3 if large else 1)
    return Totals(
        received_today=received,
        online_today=round(received * dice.uniform(0.5, 0.8)),
        postal_today=dice.randint(0, 1),
        finished_on_time_today=finished,
        finished_overdue_today=dice.choice([0, 0, 0, 1]),
        in_process=process,
        in_process_overdue=late,
        paused=process // 6,
        paused_overdue=process // 90,
        waiting=dice.randint(0, 8),
        waiting_overdue=dice.choice([0, 0, 1]),
        due_soon=dice.randint(0, 6),
        finished_on_time_30d=done - late_done,
        finished_overdue_30d=late_done,
    )


def _dossier(dice: random.Random, units: Sequence[Unit], now: int, late: bool) -> UrgentDossier:
    unit = dice.choice(units)
    gap = dice.randint(3 * MINUTE, 9 * DAY) if late else dice.randint(2 * MINUTE, 9 * HOUR)
    return UrgentDossier(
        source="x",
        number=f"H55.{dice.randint(1, 99):02d}-2611{dice.randint(1, 20):02d}-{dice.randint(1, 9999):04d}",
        unit=unit.code,
        procedure_name=dice.choice(PROCEDURES),
        status=4,
        received=now - 10 * DAY,
        due=now - gap if late else now + gap,
    )


class Board:
    """A wall lying in Redis for ``PictureReader``; showing another one is announced as the writer does."""

    KEY = keys.PREFIX + "test-picture"

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)

    def show(self, wall: Wall) -> None:
        """Put the wall there and announce the change."""
        self._redis.set(self.KEY, msgspec.json.encode(wall))
        self._redis.publish(keys.CHANNEL, b"")


class PictureReader:
    """A reader of the wall that ``Board`` shows, as if it were read from a live board just now: its clocks
    move on, and so do a heartbeat that was beating and sources that were answering when the wall was shown."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=2)
        self._sequence = 0

    def wall(self) -> Wall:
        """The wall, made now: ages and the product's time have moved on since it was shown."""
        encoded = self._redis.get(Board.KEY)
        wall = msgspec.json.decode(encoded, type=Wall) if encoded else _nothing()
        passed = wall_ms() - wall.made_at
        self._sequence += 1
        if wall.heartbeat_at is not None and wall.made_at - wall.heartbeat_at < 2_000:
            wall.heartbeat_at += passed
        for source in wall.sources:
            if source_state(source, wall.made_at) == "fresh" and source.observed_at is not None:
                # In strides: a picture of which nothing changed must stay the same for a while.
                source.observed_at += passed // 20_000 * 20_000
        return msgspec.structs.replace(
            wall, made_at=wall.made_at + passed, now=round(wall.now + passed * wall.speed), sequence=self._sequence
        )

    def progress_table(self, start: int, end: int) -> dict[str, Any]:
        """The period asked for, so that a test sees what arrived."""
        self._redis.ping()
        if end <= parse_local("2020-01-01"):
            raise PastPeriod
        return {"start": start, "end": end, "state": self.wall().state}


def _nothing() -> Wall:
    made_at = wall_ms()
    return Wall(
        state="rebuilding", sequence=1, now=NOW, speed=1.0, simulated=False, made_at=made_at, heartbeat_at=None,
        version=__version__, totals=Totals(), units={}, overdue=[], due_soon=[], sources=[], links=[],
    )  # fmt: skip
