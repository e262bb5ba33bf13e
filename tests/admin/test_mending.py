"""Refused records, words without a code, dead letters: what is shown, what may be done, what never is told."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec
import pytest

from dashboard.admin.dead_letters import inside
from opscentre import profile_change
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.domain.vocabulary import Unmapped
from opscentre.mapping_file import read_mapping, with_code
from opscentre.store import dead_letters, requests, unmapped
from opscentre.store.dead_letters import DeadLetter
from opscentre.store.engine import open_store
from opscentre.store.intake import SetAside, set_aside
from opscentre.store.unmapped import Word
from tests.access.house import House

SOURCE = "mot-cua-so"
ME = "administrator"


def letter(payload: bytes, offset: int = 7) -> DeadLetter:
    digest = hashlib.sha256(payload).hexdigest()
    return DeadLetter(
        topic="opscentre.dossiers", partition=1, offset=offset, reason="a moment <lies> beyond", digest=digest,
        payload=payload, at=wall_ms(),
    )  # fmt: skip


def word(kind: str, seen: str) -> Word:
    return Word(source=SOURCE, kind=kind, seen=seen, times=41, first_seen=1, last_seen=wall_ms(), number="1", since=1)


def test_refused_records_are_counted_and_shown_by_department_and_reason(house: House) -> None:
    row = {"source": SOURCE, "place": "record 3", "seen_at": wall_ms()}
    wrong = f"{SOURCE}, record 3: NgayTiepNhan: saw '2026<b>'"
    set_aside(
        house.engine,
        [
            SetAside(reason="bad_date", message=wrong, digest="a", number="QQ-1", unit="H55.12", **row),
            SetAside(reason="bad_json", message="x", digest="b", **row),
        ],
    )
    page = house.ask("GET", "/admin/quarantine", ME).text
    assert "Ngày viết sai mẫu" in page
    assert "(không rõ đơn vị)" in page
    assert "saw &#39;2026&lt;b&gt;&#39; · record 3" in page
    chosen = house.ask("GET", "/admin/quarantine?unit=-&reason=bad_json", ME).text
    assert "1 trong 1 mục" in chosen
    assert "QQ-1" not in chosen


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (None, 'kind,seen,code,note\nstatus,"Chờ, ký",4,n\n'),
        ("kind,seen,code\n# status: …\nstatus,đã ký,\n", "kind,seen,code\n# status: …\nstatus,đã ký,\n"
         'status,"Chờ, ký",4\n'),
        ('note,seen,code,kind\nx,"Chờ, ký",,status\nx,y,2,channel\n', 'note,seen,code,kind\nn,"Chờ, ký",4,status\n'
         "x,y,2,channel\n"),
        ('kind,seen,code\nchannel,"Chờ, ký",2', 'kind,seen,code\nchannel,"Chờ, ký",2\nstatus,"Chờ, ký",4\n'),
    ],
)  # fmt: skip
def test_a_code_fills_in_its_row_or_adds_one_and_leaves_the_others(text: str | None, made: str) -> None:
    assert with_code(text, Unmapped("status", "Chờ, ký"), "4", "n") == made


def test_a_word_is_given_its_code_which_can_be_undone(house: House, config: Path) -> None:
    unmapped.note_words(house.engine, [word("status", "Chờ ký duyệt"), word("unit", "Sở Nhà Ta")])
    path, ask = config / "mappings" / f"{SOURCE}.csv", {"deed": "give", "source": SOURCE}
    given = {**ask, "kind": "status", "seen": "Chờ ký duyệt"}
    page = house.ask("GET", "/admin/unmapped", ME).text
    assert "Chờ ký duyệt" in page
    for wrong in ({"code": "11"}, {"code": "4", "seen": "Nobody"}, {"code": "4", "source": "../../x"}):
        assert house.ask("POST", "/admin/unmapped", ME, data=given | wrong).status_code == 400
    assert not path.exists()
    assert house.ask("POST", "/admin/unmapped", ME, data={**given, "code": "4"}).is_redirect
    assert read_mapping(path, ()).code("status", "chờ ký duyệt") == "4"
    [one] = requests.take(house.engine, wall_ms())
    assert (one.kind, one.subject) == ("unmapped.apply", SOURCE)
    requests.end(house.engine, one.id, True, "1 words have a code now", wall_ms())
    page = house.ask("GET", "/admin/unmapped", ME).text
    assert "Đã có mã 4" in page
    assert "1 words have a code now" in page
    [change] = profile_change.changes(house.engine, [path])
    done = {"deed": "undo", "change": str(change.id)}
    look = house.ask("POST", "/admin/unmapped", ME, data=done | {"deed": "look"}).text
    assert "<td>4</td><td>không còn mã</td>" in re.sub(r' data-name="[^"]*"', "", look)
    assert "Tệp này sẽ bị xóa" in look
    assert path.exists()
    assert house.ask("POST", "/admin/unmapped", ME, data=done).is_redirect
    assert not path.exists()
    assert house.ask("POST", "/admin/unmapped", ME, data=done).status_code == 400
    rows = audit.entries(house.engine, limit=2)
    assert [(row.action, row.who) for row in rows] == [("profile.undo", ME), ("profile.edit", ME)]
    assert rows[0].subject == f"file:thai-nguyen/mappings/{SOURCE}.csv"


def test_a_file_that_somebody_else_changed_is_left_as_it_is(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    path = tmp_path / "calendar.csv"
    path.write_text("one\n")
    path.chmod(0o640)
    known = profile_change.digest("one\n")
    number = profile_change.change(engine, path, "two\n", known=known, who="an", what="x")
    assert path.read_text() == "two\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(profile_change.Moved):
        profile_change.change(engine, path, "three\n", known=known, who="an", what="x")
    path.write_text("by hand\n")
    with pytest.raises(profile_change.Moved):
        profile_change.undo(engine, path, number, "an")
    assert path.read_text() == "by hand\n"
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []
    engine.dispose()


def test_where_a_file_cannot_be_written_nothing_is_noted_of_it(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / "calendar.csv"
    with pytest.raises(OSError):
        profile_change.change(engine, path, "x", known="", who="an", what="x")
    assert profile_change.changes(engine, [path]) == []
    assert list(audit.everything(engine)) == []
    engine.dispose()


def test_of_a_dead_letter_only_its_dossiers_numbers_are_told(house: House) -> None:
    secret = b'{"phone":"0912345678","name":"Nguyen Van A"}'
    good = msgspec.json.encode(Batch([Snapshot(source="s", number="QQ-9", unit="u", status=4, version=1, observed=1)]))
    assert inside(letter(good)).dossiers == ["s/QQ-9"]
    assert not inside(letter(secret)).readable
    with house.engine.begin() as connection:
        dead_letters.write(connection, [letter(secret)])
    digest = letter(secret).digest
    for address in ("", "?all=1", f"?digest={digest}"):
        page = house.ask("GET", f"/admin/dead-letters{address}", ME).text
        assert "a moment &lt;lies&gt; beyond" in page
        assert "0912345678" not in page
    sent = house.ask("POST", "/admin/dead-letters", ME, data={"deed": "redrive", "digest": digest})
    assert sent.is_redirect
    assert "Đang chờ bộ thu thập" in house.ask("GET", sent.headers["location"], ME).text
    assert [one.kind for one in requests.take(house.engine, wall_ms())] == ["dead-letter.redrive"]
    aside = {"deed": "dismiss", "digest": digest}
    assert house.ask("POST", "/admin/dead-letters", ME, data=aside).status_code == 400
    assert house.ask("POST", "/admin/dead-letters", ME, data={**aside, "reason": "thử nghiệm"}).is_redirect
    assert dead_letters.count(house.engine) == 0
    assert house.ask("POST", "/admin/dead-letters", ME, data={**aside, "digest": "%"}).status_code == 400
