"""From raw records to the pipe: packing, setting aside, durability, privacy."""

from __future__ import annotations

import logging

import msgspec
import pytest

from collectors.intake import MOST_BYTES, MOST_SNAPSHOTS, Intake, Record, Taken
from opscentre.domain.dossier import Batch, partition_of
from opscentre.pipe.base import PipeError
from opscentre.pipe.topics import DOSSIERS
from opscentre.store.intake import SetAside
from tests.collectors.parts import PARTITIONS, Bench, FailingOnce
from tests.collectors.records import TRACES, dossier


def intake(bench: Bench, **more: object) -> Intake:
    given = {"units": bench.profile.units, "store": bench.store, "producer": bench.producer, "now": bench.clock.now}
    return Intake("igate", **{**given, **more})  # type: ignore[arg-type]


def records(*values: object) -> list[Record]:
    return [Record(f"page 1, record {index}", value=value) for index, value in enumerate(values, start=1)]


def test_good_records_reach_the_partition_of_their_dossier(bench: Bench) -> None:
    taken = intake(bench).take(records(*(dossier(n) for n in range(50))))
    assert (taken.read, taken.sent, taken.rejected) == (50, 50, 0)
    for partition in range(PARTITIONS):
        for raw in bench.messages(DOSSIERS, partition):
            for snapshot in msgspec.json.decode(raw, type=Batch).snapshots:
                assert partition_of("igate", snapshot.number, PARTITIONS) == partition
    assert len(bench.snapshots()) == 50
    ends = {partition: len(bench.messages(DOSSIERS, partition)) - 1 for partition in taken.offsets}
    assert taken.offsets == ends


def test_messages_are_bounded_in_snapshots_and_in_bytes(bench: Bench) -> None:
    steps = [{"ThoiDiemXuLy": f"20261120{h:02d}{m:02d}{s:02d}", "TrangThai": "4"}
             for h in range(8, 10) for m in range(60) for s in range(0, 60, 15)]  # fmt: skip
    big = [dossier(n, DanhSachTienDo=steps) for n in range(300)]
    intake(bench).take(records(*(dossier(n) for n in range(1000, 3000)), *big))
    raws = [raw for partition in range(PARTITIONS) for raw in bench.messages(DOSSIERS, partition)]
    sizes = [len(msgspec.json.decode(raw, type=Batch).snapshots) for raw in raws]
    assert sum(sizes) == 2300
    assert max(sizes) == MOST_SNAPSHOTS
    assert max(map(len, raws)) < MOST_BYTES + 30_000


def test_a_bad_row_among_good_ones_is_set_aside_with_place_field_and_value(bench: Bench) -> None:
    heard: list[SetAside] = []
    taken = intake(bench, on_refusal=heard.append).take(records(dossier(1), dossier(2, TrangThaiHoSo="11"), dossier(3)))
    assert (taken.sent, taken.rejected, taken.reasons) == (2, 1, {"bad_status": 1})
    assert bench.numbers() == ["0001", "0003"]
    [(severity, reason, field, message)] = bench.quarantine()
    assert (severity, reason, field) == ("rejected", "bad_status", "TrangThaiHoSo")
    assert message.startswith("igate, page 1, record 2: TrangThaiHoSo: saw '11'")
    assert [row.number for row in heard] == ["H55.12-261120-0002"]


def test_the_same_bad_row_is_kept_once_however_often_it_is_read(bench: Bench) -> None:
    for _ in range(3):
        intake(bench).take(records(dossier(2, TrangThaiHoSo="11")))
    assert len(bench.quarantine()) == 1


def test_an_unknown_unit_is_counted_by_spelling_and_noted_once(bench: Bench) -> None:
    strange = [dossier(n, DonViXuLy="Sở Lạ") for n in range(5)]
    one = intake(bench)
    assert one.take(records(*strange)).unmapped == {"Sở Lạ": 5}
    one.take(records(*strange))
    assert [(severity, reason) for severity, reason, _, _ in bench.quarantine()] == [("note", "unknown_unit")]
    assert {snapshot.unit_seen for snapshot in bench.snapshots()} == {"Sở Lạ"}


def test_raw_bytes_are_decoded_one_by_one(bench: Bench) -> None:
    good = msgspec.json.encode(dossier(1))
    rows = [Record("a.json, record 1", raw=good), Record("a.json, record 2", raw=b'{"MaHoSo": }'),
            Record("a.json, record 3", raw=good.replace(b"0001", b"00\xff1")),
            Record("a.json, record 4", raw=b"[" * 3000), Record("a.json, record 5", raw=b"7"),
            Record("a.json, record 6", fault="truncated_file")]  # fmt: skip
    taken = intake(bench).take(rows)
    assert taken.sent == 1
    assert taken.reasons == {"bad_json": 2, "bad_encoding": 1, "not_an_object": 1, "truncated_file": 1}
    assert [field for _, _, field, _ in bench.quarantine()] == [""] * 5


def test_when_the_pipe_refuses_nothing_counts_as_sent_and_the_same_call_can_be_repeated(bench: Bench) -> None:
    failing = FailingOnce(bench.producer)
    one = intake(bench, producer=failing)
    with pytest.raises(PipeError):
        one.take(records(dossier(1), dossier(2)))
    assert bench.snapshots() == []
    assert one.take(records(dossier(1), dossier(2))).sent == 2
    assert bench.numbers() == ["0001", "0002"]


def test_a_receipt_travels_with_the_places_of_its_snapshots(bench: Bench) -> None:
    intake(bench, receipt="import-1").take(records(dossier(1)))
    [batch] = [msgspec.json.decode(raw, type=Batch) for p in range(PARTITIONS) for raw in bench.messages(DOSSIERS, p)]
    assert (batch.receipt, batch.places) == ("import-1", ["page 1, record 1"])


def test_personal_data_reaches_neither_pipe_nor_database_nor_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong_columns = [
        {**dossier(n), field: planted}
        for n, (field, planted) in enumerate(
            (field, planted)
            for field in ("NgayTiepNhan", "TrangThaiHoSo", "NgayCapNhat", "KenhThucHien", "DanhSachTienDo", "MaTTHC")
            for planted in ("Nguyễn Hư Cấu", "019088001234", "hu.cau@example.vn", "0912345678", "02083855123")
        )
    ]
    in_text = [dossier(n, DonViXuLy=f"Sở 0912345678 {n} hu.cau@example.vn 019088001234") for n in range(90, 95)]
    raw = [Record("x.json, record 1", raw=b'{"ChuHoSo": "0912345678 019088001234 hu.cau@example.vn')]
    heard: list[str] = []
    one = intake(bench, on_refusal=lambda row: heard.append(row.message))
    taken: Taken = one.take([*records(dossier(1), *wrong_columns, *in_text), *raw])
    assert taken.sent >= 6
    assert taken.rejected >= 10
    written = bench.everything_written() + "\n".join([caplog.text, *heard]).encode()
    assert b"H55.12-261120-0001" in written
    found = [trace for trace in TRACES if trace.encode() in written or trace.encode("unicode_escape") in written]
    assert found == []
