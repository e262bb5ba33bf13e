"""The sentences of an apology slip, the same for every file made of it; dotted lines are what a person fills in."""

from __future__ import annotations

from typing import NamedTuple

from opscentre.domain.moments import local
from opscentre.domain.slip import Slip
from opscentre.domain.text import unbroken, working_span

COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
TITLE = "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ"
REGISTERED = "Số: ………/PXL-………"
ADDRESSED = "Kính gửi: ông/bà, tổ chức "
REASON = "Lý do chậm: "
NEW_DATE = "Ngày hẹn trả kết quả mới: "
CLOSING = "Rất mong ông/bà, tổ chức thông cảm./."
SIGNER = "THỦ TRƯỞNG ĐƠN VỊ"
SIGNED = "(Ký, ghi rõ họ tên và đóng dấu)"
COPIES = ("Nơi nhận:", "- Như trên;", "- Bộ phận Một cửa;", "- Lưu: VT.")


class Wording(NamedTuple):
    """The texts of one slip."""

    #: The authority above the unit, and whether it is bold: it is where the two are one body.
    above: str
    above_bold: bool
    unit: str
    place_and_day: str
    #: What happened; then, after the reason, the apology.
    told: tuple[str, ...]
    apology: str
    #: The new date; empty: a dotted line.
    new_date: str


def wording(slip: Slip) -> Wording:
    """What a slip says."""
    commune = bool(slip.above) and not slip.above.startswith("Ủy ban nhân dân tỉnh")
    speaker = f"{slip.above} {slip.unit[:1].lower()}{slip.unit[1:]}" if commune else slip.unit
    began = f"{_day(slip.received)}, {speaker}" if slip.received is not None else speaker
    told = [
        f"{began[:1].upper()}{began[1:]} đã tiếp nhận hồ sơ số {slip.number} về thủ tục hành chính: {slip.procedure}.",
        f"Theo giấy hẹn, kết quả được trả lúc {_moment(slip.due)}.",
    ]
    if slip.late:
        told.append(
            f"Đến {_moment(slip.moment)}, hồ sơ chưa có kết quả, quá hạn {working_span(slip.late)} "
            "(một ngày làm việc tính 8 giờ)."
        )
    else:
        told.append("Hồ sơ chưa thể có kết quả đúng thời hạn nêu trên.")
    return Wording(
        above=slip.above.upper(),
        above_bold=commune,
        unit=slip.unit.upper(),
        place_and_day=f"{slip.place}, ngày … tháng … {unbroken(f'năm {local(slip.moment):%Y}')}",
        told=tuple(told),
        apology=f"{speaker} xin lỗi ông/bà, tổ chức về sự chậm trễ này và hẹn lại ngày trả kết quả như sau.",
        new_date=_day(slip.promised - 1) if slip.promised is not None else "",
    )


def _day(at: int) -> str:
    when = local(at)
    return f"ngày {when:%d} tháng {when:%m} {unbroken(f'năm {when:%Y}')}"


def _moment(at: int) -> str:
    return f"{local(at):%H} giờ {local(at):%M} phút {_day(at)}"
