"""From raw records to the pipe: packing, setting aside, durability, privacy."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from collectors.intake import Intake, Record, Taken
from collectors.packing import MOST_BYTES, MOST_SNAPSHOTS
from opscentre.domain.dossier import Batch, partition_of
from opscentre.mapping_file import LiveMapping
from opscentre.pipe.base import PipeError
from opscentre.pipe.topics import DOSSIERS
from opscentre.store import tables, unmapped
from opscentre.store.intake import SetAside, count_set_aside
from tests.collectors.parts import PARTITIONS, Bench, FailingOnce
from tests.collectors.records import BEGIN, TRACES, dossier


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


def test_an_unknown_word_is_listed_once_with_how_often_when_and_where_it_was_seen(bench: Bench) -> None:
    strange = [dossier(n, seconds=n, DonViXuLy="Sở Lạ", TrangThaiHoSo="Đang xử lý" if n % 2 else "4") for n in range(5)]
    one = intake(bench)
    assert one.take(records(*strange)).unmapped == {"Sở Lạ": 3}
    one.take(records(*strange))
    found = {(word.kind, word.seen): word for word in unmapped.words(bench.store, "igate")}
    assert {key: word.times for key, word in found.items()} == {("unit", "Sở Lạ"): 6, ("status", "Đang xử lý"): 4}
    assert found["unit", "Sở Lạ"].number == "H55.12-261120-0004"
    assert (found["unit", "Sở Lạ"].since, found["status", "Đang xử lý"].since) == (BEGIN, BEGIN + 1000)
    assert found["unit", "Sở Lạ"].first_seen <= found["unit", "Sở Lạ"].last_seen
    assert [(severity, reason) for severity, reason, _, _ in bench.quarantine()] == [("rejected", "bad_status")] * 2
    assert {snapshot.unit_seen for snapshot in bench.snapshots()} == {"Sở Lạ"}


def test_the_list_of_unknown_words_is_bounded_and_never_holds_a_name(bench: Bench) -> None:
    many = [dossier(n, DonViXuLy=f"Sở thứ {n}") for n in range(unmapped.MOST_WORDS + 20)]
    intake(bench).take(records(*many, *(dossier(n, KenhThucHien="Nguyễn Hư Cấu") for n in range(3))))
    words = unmapped.words(bench.store, "igate")
    assert len([word for word in words if word.kind == "unit"]) == unmapped.MOST_WORDS + 1
    assert sum(word.times for word in words if word.kind == "unit") == unmapped.MOST_WORDS + 20
    assert [(word.seen, word.times) for word in words if word.kind == "channel"] == [("… … …", 3)]


def test_a_mapping_table_gives_words_their_codes_and_a_changed_one_counts_from_the_next_records_on(
    bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "igate.csv"
    path.write_text("kind,seen,code,note\nstatus,Đang xử lý,4,\nunit,P. TM,H55.12,\n", encoding="utf-8")
    one = intake(bench, vocabulary=LiveMapping(path, bench.profile.units.by_code).now)
    record = dossier(1, TrangThaiHoSo="ĐANG XỬ LÝ", DonViXuLy="p. tm", KenhThucHien="Trực tuyến", MaTTHC="TT-07")
    one.take(records(record))
    more = "channel,Trực tuyến,2,\nprocedure,TT-07,2.000488,\n"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    one.take(records({**record, "MaHoSo": "2"}))
    path.write_text("kind,seen,code,note\nstatus,Đang xử lý,11,\n", encoding="utf-8")
    one.take(records({**record, "MaHoSo": "3"}))
    read = {s.number: (s.status, s.unit, s.channel, s.procedure) for s in bench.snapshots()}
    assert read["H55.12-261120-0001"] == (4, "H55.12", 1, "TT-07")
    # A table that cannot be used leaves the one before it standing.
    assert read["2"] == read["3"] == (4, "H55.12", 2, "2.000488")


def test_a_row_that_comes_sound_settles_what_was_set_aside_of_it_and_a_bad_one_opens_it_again(bench: Bench) -> None:
    one = intake(bench)

    def open_rows() -> list[tuple[str, str]]:
        column = tables.quarantine.c
        with bench.store.connect() as connection:
            rows = connection.execute(select(column.number, column.reason).where(column.resolved_at.is_(None)))
            return sorted((row.number[-4:], row.reason) for row in rows)

    bad = dossier(1, TrangThaiHoSo="17")
    odd = dossier(2, NgayHenTra="20261119080000")
    one.take(records(bad, odd, dossier(3, TrangThaiHoSo="17")))
    assert open_rows() == [("0001", "bad_status"), ("0002", "due_before_received"), ("0003", "bad_status")]
    assert count_set_aside(bench.store, "igate") == {"H55.12": 2}
    one.take(records(dossier(1), odd))
    assert open_rows() == [("0002", "due_before_received"), ("0003", "bad_status")]
    # Bad and then sound within one reading, and the other way round.
    one.take(records(dossier(2), bad, dossier(1), dossier(3), dossier(3, TrangThaiHoSo="17")))
    assert open_rows() == [("0003", "bad_status")]
    one.take(records(bad, odd))
    assert open_rows() == [("0001", "bad_status"), ("0002", "due_before_received"), ("0003", "bad_status")]
    assert len(bench.quarantine()) == 3


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
