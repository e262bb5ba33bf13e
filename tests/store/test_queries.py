"""What SQL counts for the pages is what the definitions say of the states themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import contribution, count_table, open_moments, table_cells
from opscentre.domain.dossier import Progress, Snapshot
from opscentre.domain.final_standing import final_standing
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.listing import LISTS, Filters
from opscentre.domain.moments import DAY, HOUR, MINUTE
from opscentre.store import queries, queries_dossier, queries_lists, standings, tables
from opscentre.store.engine import open_store
from opscentre.store.journal import Entries, write
from tests.domain.lives import EPOCH, histories, moments, snapshots
from tests.store.shapes import before_revisions

CALENDAR = Calendar()
PLAIN = Snapshot(
    source="s", number="H55.12-261116-0001", status=4, observed=EPOCH, version=EPOCH, received=EPOCH, unit="H55.12"
)
FIELDS, PROCEDURES = ("CT", "DD", ""), ("2.000815", "1.1", "")


@st.composite
def states(draw: st.DrawFn) -> list[DossierState]:
    """Dossiers of a few units, fields and procedures, each with a version or two."""
    found = []
    for index in range(draw(st.integers(1, 8))):
        state = None
        for _ in range(draw(st.integers(1, 2))):
            shown = draw(snapshots(f"H55.12-261116-{index:04}"))
            field, procedure = draw(st.sampled_from(FIELDS)), draw(st.sampled_from(PROCEDURES))
            state, _ = fold(state, msgspec.structs.replace(shown, field=field, procedure=procedure))
        found.append(state)
    return found


def row(state: DossierState, now: int) -> dict:
    """The dossier's row as a stream worker writes it."""
    snapshot = state.snapshot
    open_due, reception_due = open_moments(state, now, CALENDAR)
    return {
        "source": snapshot.source, "number": snapshot.number, "partition": 0, "unit": snapshot.unit,
        "unit_seen": "", "status": snapshot.status, "received": snapshot.received, "due": snapshot.due,
        "finished": snapshot.finished, "open_due": open_due, "reception_due": reception_due,
        "state": msgspec.json.encode(state),
    }  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/o.db")


def fill(store: Engine, found: list[DossierState], now: int = EPOCH) -> None:
    with store.begin() as connection:
        for table in (tables.dossiers, tables.standings):
            connection.execute(table.delete())
    write(store, Entries(dossiers=[row(state, now) for state in found]))


@settings(max_examples=25, deadline=None)
@given(states(), st.integers(-25, 25), st.integers(1, 30), st.integers(-25 * 24 * 6, 25 * 24 * 6), st.data())
def test_the_table_from_sql_equals_the_count_over_the_states(store, found, first, days, tens, data):
    fill(store, found)
    start, at = EPOCH + first * DAY, EPOCH + tens * 10 * MINUTE
    end = start + days * DAY
    for by in ("unit", "field", "procedure"):
        wanted: dict[str, list[int]] = {}
        for state in found:
            for row_ in count_table([state], start, end, at).values():
                known = wanted.setdefault(getattr(state.snapshot, by), [0] * len(row_))
                wanted[getattr(state.snapshot, by)] = [a + b for a, b in zip(known, row_, strict=True)]
        assert queries.count(store, by, start, end, at, Filters()) == wanted
    channel = data.draw(st.integers(1, 3))
    some = [s for s in found if s.snapshot.channel == channel and s.snapshot.field == "CT"]
    chosen = Filters(units=("H55.12", "H55.05"), field="CT", channel=channel)
    some = [state for state in some if state.snapshot.unit in ("H55.12", "H55.05")]
    assert queries.count(store, "unit", start, end, at, chosen) == count_table(some, start, end, at)


@settings(max_examples=200, deadline=None)
@given(histories(), st.integers(0, 40 * 24), st.integers(-25 * 24 * 6, 25 * 24 * 6))
def test_a_final_standing_holds_from_the_last_moment_on_and_a_plain_one_always(history, hours, tens):
    state = None
    for snapshot in [one for one in history if one.number == history[0].number]:
        state, _ = fold(state, snapshot)
    final = final_standing(state)
    looks = [final.last_moment + 1 + hours * 60 * MINUTE]
    looks += [EPOCH + tens * 10 * MINUTE, *range(EPOCH - 9 * DAY, EPOCH + 9 * DAY, 7 * HOUR)] if final.plain else []
    for at in looks:
        received = state.snapshot.received
        wanted = None if received is None or received >= at else final.stands
        if wanted is not None and (wanted == 7 or (wanted < 7 and final.since > at)):
            wanted = 8 if final.due is not None and at > final.due else 7
        cells = table_cells(state, 0, at + DAY, at)
        assert (cells[1] if cells else None) == wanted


@st.composite
def straight(draw: st.DrawFn) -> DossierState:
    """A dossier that its source shows in process, or finished, with the steps on the way and perhaps an odd one."""
    began = draw(moments)
    steps = sorted(draw(st.lists(st.tuples(moments, st.sampled_from([1, 2, 4, 4, 9, 10])), max_size=4)))
    status = draw(st.sampled_from([2, 4, 9, 10]))
    shown = msgspec.structs.replace(
        draw(snapshots()), status=status, received=began, supplements=(),
        progress=tuple(Progress(at, step) for at, step in steps),
    )  # fmt: skip
    state, _ = fold(None, shown)
    return fold(state, msgspec.structs.replace(shown, status=draw(st.sampled_from([2, 4, 9])), version=began))[0]


@settings(max_examples=300, deadline=None)
@given(straight(), st.integers(-25 * 24 * 6, 25 * 24 * 6))
def test_a_plain_dossier_is_in_process_until_its_end(state, tens):
    final = final_standing(state)
    event(f"plain: {final.plain}")
    at = EPOCH + tens * 10 * MINUTE
    if final.plain and at > state.snapshot.received:
        cells = table_cells(state, 0, at + DAY, at)
        ended = final.since is not None and final.since <= at
        assert cells[1] == final.stands if ended else cells[1] in (7, 8)


def test_a_database_older_than_the_narrow_rows_is_brought_up_when_it_is_opened(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/old.db"
    older = open_store(url)
    state, _ = fold(None, PLAIN)
    write(older, Entries(dossiers=[row(state, EPOCH)]))
    before_revisions(older)
    with older.begin() as connection:
        kept = connection.execute(text("SELECT * FROM standings")).all()
        connection.execute(text("DROP TABLE standings"))
    older.dispose()
    with open_store(url).connect() as connection:
        assert connection.execute(text("SELECT * FROM standings")).all() == kept != []
    assert standings.row_of(state, None, None)["sought"] == "h55122611160001"


NAMES = [f"H55.{unit:02}-2611{day:02}-{run:04}" for unit in (5, 12) for day in (16, 17) for run in range(40)]


@pytest.fixture
def listed(store: Engine) -> list[DossierState]:
    """160 dossiers in process, due at every hour around Tuesday noon, in SQL."""
    found = []
    for index, name in enumerate(NAMES):
        unit = "H55.05" if index % 2 else "H55.12"
        due = EPOCH + 2 * DAY + index * 30 * MINUTE
        shown = Snapshot(
            source="s", number=name, status=4, observed=EPOCH, version=EPOCH - index * DAY // 4,
            received=EPOCH - 9 * DAY, due=due, unit=unit, channel=index % 3 + 1, field="CT" if index % 5 else "DD",
        )  # fmt: skip
        found.append(fold(None, shown)[0])
    fill(store, found)
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 14 * 24 * 60))
def test_due_soon_ends_where_the_board_says_it_does(minutes):
    now = EPOCH + minutes * MINUTE
    bound = queries_lists.due_soon_until(now, CALENDAR)
    for due, wanted in ((bound, True), (bound + 1, False), (now, True)):
        state, _ = fold(None, msgspec.structs.replace(PLAIN, received=EPOCH - 9 * DAY, due=due))
        assert (6 in contribution(state, now, CALENDAR).now) is wanted


def test_a_list_is_paged_without_loss_or_repeat_and_counted(store, listed):
    now = EPOCH + 4 * DAY
    wanted = [s.snapshot.number for s in listed if s.snapshot.due < now]
    for newest_first in (False, True):
        question = queries_lists.Question("overdue", Filters(), now, CALENDAR, newest_first=newest_first)
        seen, after = [], None
        while True:
            page = queries_lists.page(store, question, after, 17)
            seen += [row.number for row in page.rows]
            after = page.following
            if after is None:
                break
        assert page.total == len(wanted)
        assert seen == (wanted[::-1] if newest_first else wanted)
        assert [row.number for row in queries_lists.every(store, question, 10_000)] == seen
    assert len(list(queries_lists.every(store, question, 5))) == 5


def test_lists_obey_their_filters_and_their_names(store, listed):
    now = EPOCH + 4 * DAY
    filters = Filters(units=("H55.12",), field="CT", channel=2)
    some = [s for s in listed if (s.snapshot.unit, s.snapshot.field, s.snapshot.channel) == ("H55.12", "CT", 2)]
    lengths = queries_lists.totals(store, LISTS, filters, now, CALENDAR)
    counted = [contribution(state, now, CALENDAR).now for state in some]
    assert lengths["overdue"] == sum(1 in cells for cells in counted) > 0
    assert lengths["due-soon"] == sum(6 in cells for cells in counted) > 0
    assert lengths["silent"] == sum(s.snapshot.version < now - 15 * DAY for s in some) > 0
    assert (lengths["paused"], lengths["reception-late"]) == (0, 0)


def test_a_cursor_that_no_page_handed_out_is_refused(store):
    with pytest.raises(queries_lists.BadCursor, match="after='x~y' is no place"):
        queries_lists.page(store, queries_lists.Question("overdue", Filters(), EPOCH, CALENDAR), "x~y", 10)


@pytest.mark.parametrize("part", ["261117-0007", "2611170007", "h55.12-261117-0007", "Ḣ55.12-261117 0007"])
def test_a_dossier_is_found_by_part_of_its_number_however_it_is_typed(store, listed, part):
    found = [row.number for row in queries_lists.by_number(store, part, 10).rows]
    assert "H55.12-261117-0007" in found
    assert all("261117-0007" in number for number in found)


def test_what_like_would_take_for_a_pattern_finds_nothing(store, listed):
    assert queries_lists.by_number(store, "%", 10).rows == []
    assert queries_lists.by_number(store, "0_0", 10).rows == queries_lists.by_number(store, "00", 10).rows


def test_a_dossier_is_read_with_what_was_noticed_of_it_and_names_come_from_one_that_has_them(store, listed):
    state, changes = queries_dossier.dossier(store, "s", NAMES[0])
    assert (state, changes) == (listed[0], [])
    assert queries_dossier.dossier(store, "s", "nowhere") is None
    assert queries_dossier.names(store, "field", ["CT", "none"]) == {"CT": ""}


def test_notes_are_added_never_changed_and_bounded(store):
    for words in ("Đề nghị báo cáo trước 17:00", "<b>Đã nhận</b>"):
        queries_dossier.write_note(store, "unit", "H55.12", "", " Nguyễn  A ", words, EPOCH)
    found = queries_dossier.notes(store, "unit", "H55.12")
    assert [(n.author, n.text) for n in found] == [
        ("Nguyễn A", "<b>Đã nhận</b>"), ("Nguyễn A", "Đề nghị báo cáo trước 17:00"),
    ]  # fmt: skip
    assert queries_dossier.notes(store, "dossier", "H55.12") == []
    for author, words, said in (("", "x", "author: 0"), ("a", " ", "text: 0"), ("a", "x" * 2001, "text: 2001")):
        with pytest.raises(queries_dossier.BadNote, match=said):
            queries_dossier.write_note(store, "unit", "H55.12", "", author, words, EPOCH)
