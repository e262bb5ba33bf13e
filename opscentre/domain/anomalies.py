"""What is odd about a dossier (DOMAIN §2, "traps"): each rule pure, with a name and a sentence; none changes a count.

Where each kind is found: some in the raw record (its reader notes them), some in a snapshot, some in the move from one
status to the next, and some only by looking at all sources together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState
from opscentre.domain.moves import Move, move
from opscentre.domain.status import Status


class Kind(NamedTuple):
    """One kind of anomaly: the field it shows in, what is told of it, and what to do."""

    field: str
    #: For people in a department.
    sentence: str
    told: str
    remedy: str = "correct it at the source"


KINDS = {
    "finished_before_received": Kind(
        "NgayKetThucXuLy", "Ngày kết thúc xử lý trước ngày tiếp nhận",
        "lies before NgayTiepNhan", "taken as given, correct it at the source",
    ),
    "due_before_received": Kind(
        "NgayHenTra", "Ngày hẹn trả trước ngày tiếp nhận",
        "lies before NgayTiepNhan", "taken as given, correct it at the source",
    ),
    "done_while_paused": Kind(
        "TrangThaiHoSo", "Báo đã xử lý xong khi còn chờ công dân bổ sung giấy tờ",
        "status 9 while a supplement is still awaited", "taken as finished, ask the source",
    ),
    "done_unprocessed": Kind(
        "TrangThaiHoSo", "Báo đã xử lý xong mà chưa từng qua bước đang xử lý",
        "status 9 or 10 without a step of processing", "taken as finished, ask the source",
    ),
    "pause_rewritten": Kind(
        "TrangThaiHoSo", "Đang tạm dừng chuyển thẳng thành đã xử lý xong, không qua xử lý lại",
        "a pause became status 9 or 10 without being resumed", "taken as finished, ask the source",
    ),
    "unknown_move": Kind(
        "TrangThaiHoSo", "Chuyển trạng thái không theo bước nào của quy trình",
        "a move between statuses that no desk makes", "taken as given, ask the source",
    ),
    "input_as_result": Kind(
        "DanhSachGiayToKetQua", "Tệp kết quả trùng với tệp công dân đã nộp",
        "the result's file is one of the files handed in", "it is not counted as an electronic result",
    ),
    "incomplete_progress": Kind(
        "DanhSachTienDo", "Bước tiến độ thiếu thời điểm hoặc trạng thái",
        "a step cannot be read", "the step is left out",
    ),
    "progress_disordered": Kind(
        "DanhSachTienDo", "Các bước tiến độ không theo thứ tự thời gian",
        "its steps are in no order of time", "they are put in order, nothing is to be done",
    ),
    "progress_same_second": Kind(
        "DanhSachTienDo", "Hai trạng thái khác nhau trong cùng một giây",
        "two statuses in one second", "the lower one is taken as the earlier; have the source tell them apart",
    ),
    "future_moment": Kind(
        "", "Có thời điểm ở tương lai hơn một ngày",
        "lies more than a day ahead of now", "it does not say how new the record is; correct it at the source",
    ),
    "two_sources": Kind(
        "MaHoSo", "Cùng một mã hồ sơ đến từ hai nguồn",
        "the same number comes from two sources", "both are counted, each as its own source's; ask which one is right",
    ),
    "gone_at_source": Kind(
        "MaHoSo", "Hồ sơ không còn ở nguồn mà không có thông báo",
        "the source does not list it any more", "it is kept and counted; ask the source",
    ),
}  # fmt: skip

#: Noted by the reader of a record, kept until a later record of the dossier is without it.
IN_RECORDS = frozenset(
    {
        "finished_before_received", "due_before_received", "done_while_paused", "input_as_result",
        "incomplete_progress", "progress_disordered", "progress_same_second", "future_moment",
    }
)  # fmt: skip
#: Noted with the move in which they happened.
IN_MOVES = frozenset({"unknown_move", "pause_rewritten", "done_unprocessed"})

_DONE = (Status.DONE, Status.RETURNED)
#: From a fee that is due an ordinary desk goes straight to the result.
_REWRITTEN = (Status.SUPPLEMENT, Status.STOPPED)


def of_snapshot(snapshot: Snapshot) -> Iterator[str]:
    """What a snapshot by itself contradicts (§2)."""
    received = snapshot.received
    if received is not None:
        if snapshot.finished is not None and snapshot.finished < received:
            yield "finished_before_received"
        if snapshot.due is not None and snapshot.due < received:
            yield "due_before_received"
    if snapshot.status == Status.DONE and any(s.requested and s.answered is None for s in snapshot.supplements):
        yield "done_while_paused"


def of_move(before: int | None, state: DossierState) -> str:
    """What is odd about the move from a status (None: never seen until now) to the one a state shows; empty: nothing.

    Steps that the progress tells of count as made: a poll need not have seen them.
    """
    after = state.snapshot.status
    if move(before, after) is Move.UNKNOWN:
        return "unknown_move"
    if after in _DONE and before not in _DONE:
        if before in _REWRITTEN and not _resumed(state):
            return "pause_rewritten"
        if _never_processed(before, state):
            return "done_unprocessed"
    return ""


def _resumed(state: DossierState) -> bool:
    """Whether the progress goes on with processing after its last pause."""
    steps = state.snapshot.progress
    paused = max((place for place, step in enumerate(steps) if step.status in _REWRITTEN), default=-1)
    return any(step.status == Status.PROCESSING for step in steps[paused + 1 :])


def _never_processed(before: int | None, state: DossierState) -> bool:
    """Whether something is known of the dossier's way, and status 4 is not part of it."""
    steps = {step.status for step in state.snapshot.progress}
    seen = {entry.status for entry in state.trail}
    known = before is not None or bool(steps - set(_DONE))
    return known and Status.PROCESSING not in steps | seen
