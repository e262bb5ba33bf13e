"""Reads the live board: adds the partitions up into one picture, and into the progress table of a period."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any, cast

import msgspec
import redis

from opscentre import __version__
from opscentre.clock import Clock, product_time, wall_ms
from opscentre.domain.counting import CELLS, DAILY, NOW, table_document
from opscentre.domain.moments import day_number, day_start, iso
from opscentre.domain.observations import LinkSeen
from opscentre.domain.procedures import Procedure
from opscentre.live import keys
from opscentre.live.services import Services, channel_lines, home, lines, of_today
from opscentre.live.sources import decoded, mark_by_sync, quarantined, source_age
from opscentre.live.wall import LinkState, State, Totals, UrgentDossier, Wall
from opscentre.live.writer import UNIT_ROW, BoardMeta, Urgent
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile
from opscentre.sources import LinkConfig, SourceConfig

#: Dossiers on each of the wall's two lists.
LISTED = 40
#: What is counted by code.
_DIMENSIONS = ("fields", "procedures", "channels")

_meta = msgspec.json.Decoder(BoardMeta).decode
_numbers = msgspec.json.Decoder(list[int]).decode
_urgent = msgspec.json.Decoder(Urgent).decode
_link = msgspec.json.Decoder(LinkSeen).decode
#: What a probe tells of a link; the rest stands in links.toml.
_OF_LINK = [name for name in LinkSeen.__struct_fields__ if name != "code"]


class PastPeriod(Exception):
    """The period ends in the past (or begins before what Redis keeps): the live board cannot answer for it."""


class BoardReader:
    """The live board for the dashboard; every call is one round trip to Redis where nothing else is said.

    Raises ``redis.exceptions.RedisError`` when Redis is gone.
    """

    def __init__(
        self,
        redis_url: str,
        profile: Profile,
        clock: Clock,
        partitions: int,
        sources: Sequence[SourceConfig],
        links: Sequence[LinkConfig],
    ) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=2)
        self._profile = profile
        self._clock = clock
        self._partitions = range(partitions)
        self._sources = sources
        self._links = links
        self._sequence = itertools.count(1)

    def wall(self) -> Wall:
        """One picture of the whole province."""
        now = self._clock.now()
        today = day_number(now)
        metas, rows, urgents, hours, heartbeat, sources, links = self._read(today)
        here = self._profile.units.current(now)
        units = {unit.code: [0] * UNIT_ROW for unit in here.all}
        for partition, partition_rows in zip(metas, rows, strict=True):
            for unit, encoded in partition_rows.items():
                row = _numbers(encoded)
                if partition is not None and partition.day != today:
                    # Written before midnight and not touched since: that day's "today" is not ours.
                    row[len(NOW) : len(NOW) + 6] = [0] * 6
                name = here.home(unit.decode())
                units[name] = [a + b for a, b in zip(units.get(name, [0] * UNIT_ROW), row, strict=True)]
        whole = [sum(column) for column in zip(*units.values(), strict=True)]
        overdue, due_soon = _merge_urgent(urgents)
        made_at, seen = wall_ms(), decoded(sources)
        product = partial(product_time, self._clock)
        mark_by_sync(overdue, seen, now, product)
        flow, yesterday, last_week = hours
        return Wall(
            state=_state(metas),
            sequence=next(self._sequence),
            now=now,
            speed=self._clock.speed,
            simulated=self._clock.simulated,
            made_at=made_at,
            heartbeat_at=int(heartbeat) if heartbeat else None,
            version=__version__,
            totals=_totals(whole),
            units={unit: _totals(row) for unit, row in units.items()},
            overdue=overdue,
            due_soon=due_soon,
            sources=[source_age(config, seen, product) for config in self._sources],
            links=[_link_state(config, links) for config in self._links],
            quarantined=quarantined(seen, [config.code for config in self._sources], here),
            received_by_hour=flow[:24] or [0] * 24,
            finished_by_hour=flow[24:] or [0] * 24,
            received_by_hour_yesterday=yesterday[:24],
            finished_by_hour_yesterday=yesterday[24:],
            received_by_hour_last_week=last_week[:24],
            finished_by_hour_last_week=last_week[24:],
        )

    def _read(self, today: int) -> tuple[Any, ...]:
        pipe = self._redis.pipeline(transaction=True)
        for partition in self._partitions:
            pipe.get(keys.meta(partition))
            pipe.hgetall(keys.units(partition))
            pipe.get(keys.urgent(partition))
            pipe.mget([keys.hours(partition, day) for day in (today, today - 1, today - 7)])
        pipe.get(keys.HEARTBEAT)
        pipe.hgetall(keys.SOURCES)
        pipe.hgetall(keys.LINKS)
        *found, heartbeat, sources, links = pipe.execute()
        metas = [_meta(value) if value else None for value in found[0::4]]
        urgents = [_urgent(value) for value in found[2::4] if value]
        hours = [_added(values) for values in zip(*found[3::4], strict=True)]
        return metas, found[1::4], urgents, hours, heartbeat, sources, links

    def services(self) -> Services:
        """What stands, came in and was finished by field, procedure and channel; two round trips."""
        now = self._clock.now()
        today = day_number(now)
        pipe = self._redis.pipeline(transaction=True)
        for partition in self._partitions:
            pipe.get(keys.meta(partition))
            for dimension in _DIMENSIONS:
                pipe.hgetall(keys.tally(dimension, partition))
        found = pipe.execute()
        width = 1 + len(_DIMENSIONS)
        metas = [_meta(value) if value else None for value in found[0::width]]
        ages = [today - meta.day if meta else 0 for meta in metas]
        fields, procedures, channels = (
            _added_by_code(found[place::width], ages, known)
            for place, known in enumerate((self._field_names, self._procedure_names, {}), 1)
        )
        wanted = [("field", code) for code in fields if code not in self._field_names]
        wanted += [("procedure", code) for code in procedures if code not in self._procedure_names]
        told = self._redis.hmget(keys.NAMES, [keys.name(*place) for place in wanted]) if wanted else []
        names: dict[str, dict[str, str]] = {"field": {}, "procedure": {}}
        for (kind, code), name in zip(wanted, cast(list[bytes | None], told), strict=True):
            if name:
                names[kind][code] = name.decode()
        return Services(
            state=_state(metas),
            now=now,
            fields=lines(fields, self._field_names, names["field"]),
            procedures=lines(procedures, self._procedure_names, names["procedure"]),
            channels=channel_lines(channels),
        )

    @cached_property
    def _procedure_names(self) -> dict[str, str]:
        return {procedure.code: procedure.name for procedure in self._procedures}

    @cached_property
    def _field_names(self) -> dict[str, str]:
        return {procedure.field: procedure.field_name for procedure in self._procedures}

    @cached_property
    def _procedures(self) -> tuple[Procedure, ...]:
        path = self._profile.folder / "procedures.csv"
        return read_procedures(path) if path.is_file() else ()

    def progress_table(self, start: int, end: int) -> dict[str, Any]:
        """The live progress table for [start, end), both local midnights; ``end`` lies in the future.

        Raises ``PastPeriod`` where the live counters cannot tell.
        """
        now = self._clock.now()
        if end <= now:
            raise PastPeriod
        first, last = day_number(start), day_number(now)
        pipe = self._redis.pipeline(transaction=True)
        days = range(first, last + 1)
        for partition in self._partitions:
            pipe.get(keys.meta(partition))
            pipe.hgetall(keys.units(partition))
            for day in days:
                pipe.hgetall(keys.day(partition, day))
        found = pipe.execute()
        width = 2 + len(days)
        metas = [_meta(value) if value else None for value in found[0::width]]
        if any(meta is not None and meta.first_day > first for meta in metas):
            raise PastPeriod
        standing: dict[str, list[int]] = {}
        flows: dict[str, list[int]] = {}
        for index, hash_ in enumerate(found):
            place = index % width
            if place:
                size, target = (len(NOW), standing) if place == 1 else (len(DAILY), flows)
                for unit, encoded in hash_.items():
                    row = target.setdefault(unit.decode(), [0] * size)
                    for cell, value in enumerate(_numbers(encoded)[:size]):
                        row[cell] += value
        rows = {
            unit: _table_cells(standing.get(unit, [0] * len(NOW)), flows.get(unit, [0] * len(DAILY)))
            for unit in standing.keys() | flows.keys()
        }
        return {
            "profile": self._profile.slug,
            "from": iso(day_start(first))[:10],
            "to": iso(end)[:10],
            "as_of": iso(now),
            "state": _state(metas),
            **table_document(rows, self._profile.units.current(now)),
        }


def _table_cells(standing: Sequence[int], flow: Sequence[int]) -> list[int]:
    process, process_late, paused, paused_late = standing[:4]
    counter, online, postal, early, on_time, late = flow
    cells = [0, online, counter, postal, early, on_time, late]
    cells += [process - process_late, process_late, paused - paused_late, paused_late]
    # The identity of every row: carried over + received in period = finished + in process + paused.
    cells[0] = early + on_time + late + process + paused - counter - online - postal
    assert len(cells) == len(CELLS)
    return cells


def _added(values: Sequence[bytes | None]) -> list[int]:
    """Lists of numbers added up, place by place; an empty one where there is none."""
    return [sum(column) for column in zip(*(_numbers(value) for value in values if value), strict=True)]


def _added_by_code(
    hashes: Sequence[dict[bytes, bytes]], ages: Sequence[int], known: Mapping[str, str]
) -> dict[str, list[int]]:
    """The rows of all partitions, each written so many days ago, added up by the code they are shown under."""
    rows: dict[str, list[int]] = {}
    for age, found in zip(ages, hashes, strict=True):
        for code, encoded in found.items():
            row = of_today(_numbers(encoded), age)
            shown = home(code.decode(), known)
            other = rows.get(shown)
            rows[shown] = row if other is None else [a + b for a, b in zip(other, row, strict=True)]
    return rows


def _state(metas: Sequence[BoardMeta | None]) -> State:
    if any(meta is None for meta in metas):
        return "rebuilding"
    return "live" if any(meta is not None and meta.dossiers for meta in metas) else "empty"


def _totals(row: Sequence[int]) -> Totals:
    process, process_late, paused, paused_late, waiting, waiting_late, soon = row[:7]
    counter, online, postal, early, on_time, late, good_30d, late_30d = row[7:]
    return Totals(
        received_today=counter + online + postal,
        online_today=online,
        postal_today=postal,
        finished_on_time_today=early + on_time,
        finished_overdue_today=late,
        in_process=process,
        in_process_overdue=process_late,
        paused=paused,
        paused_overdue=paused_late,
        waiting=waiting,
        waiting_overdue=waiting_late,
        due_soon=soon,
        finished_on_time_30d=good_30d,
        finished_overdue_30d=late_30d,
    )


def _merge_urgent(urgents: Sequence[Urgent]) -> tuple[list[UrgentDossier], list[UrgentDossier]]:
    def first(lists: Sequence[list[UrgentDossier]]) -> list[UrgentDossier]:
        return sorted(itertools.chain.from_iterable(lists), key=lambda dossier: dossier.due)[:LISTED]

    return first([urgent.overdue for urgent in urgents]), first([urgent.due_soon for urgent in urgents])


def _link_state(config: LinkConfig, seen: dict[bytes, bytes]) -> LinkState:
    state = LinkState(
        code=config.code,
        name=config.name,
        kind=config.kind,
        interval_s=config.interval,
        certificate_warn_days=config.certificate_warn_days,
        units=config.units,
    )
    encoded = seen.get(config.code.encode())
    if encoded:
        found = _link(encoded)
        for name in _OF_LINK:
            setattr(state, name, getattr(found, name))
    return state
