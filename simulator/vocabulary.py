"""A dossier at a moment in the vocabulary of the synchronisation contract (DOMAIN §2), personal fields included."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Any

from opscentre.domain.moments import date_of
from opscentre.profile import Profile
from simulator import people
from simulator.lives import Dossier
from simulator.steps import FACTS, Step
from simulator.systems import System

#: Fields of a dossier that must never get past a collector; ``NguoiXuLy`` stands in the progress rows too.
PERSONAL = ("ChuHoSo", "DinhDanhCHS", "Email", "Fax", "SoDienThoai", "TrichYeuHoSo", "NguoiXuLy")

_RESUMPTIONS = frozenset({Step.SUPPLEMENT_GIVEN, Step.FEE_PAID, Step.RESUMED})
_ZONE_SECONDS = 7 * 3600
_PAIRS = tuple(f"{number:02d}" for number in range(60))


@lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    return f"{date_of(day):%Y%m%d}"


def compact(seconds: int) -> str:
    """Epoch seconds as ``yyyyMMddHHmmss`` local time; quick, for it is called a dozen times a dossier."""
    day, into = divmod(seconds + _ZONE_SECONDS, 86_400)
    hours, rest = divmod(into, 3600)
    minutes, left = divmod(rest, 60)
    return _date_text(day) + _PAIRS[hours] + _PAIRS[minutes] + _PAIRS[left]


def _compact_ms(at: int | None) -> str:
    return "" if at is None else compact(at // 1000)


def due_after(dossier: Dossier, steps: tuple[tuple[int, int], ...]) -> int | None:
    """The due moment (ms) after these steps: set at reception, moved on by each resumption."""
    if not dossier.dues or not any(step == Step.RECEIVED for _, step in steps):
        return None
    return dossier.dues[sum(1 for _, step in steps if step in _RESUMPTIONS)]


class Renderer:
    """Renders dossiers in the manner of one system."""

    def __init__(self, profile: Profile, system: System) -> None:
        self._system = system
        self._suffix = f".000.00.00.{profile.province.code}"
        units = profile.units.all
        self._units = {unit.code: unit.code if system.unit_by_code else unit.name for unit in units}

    def render(self, dossier: Dossier, at: int) -> dict[str, Any] | None:
        """The dossier at a moment (ms), every number and flag a string; ``None`` before it is filed."""
        life = dossier.life()
        steps = life[: bisect_right(life, (at // 1000, 15))]
        if not steps:
            return None
        nonce, procedure, number = dossier.nonce, dossier.procedure, dossier.number
        dated = {step: when for when, step in reversed(steps)}  # the first time of each step
        last = steps[-1]
        done = Step.DONE in dated
        supplements = self._supplements(dossier, steps) if Step.SUPPLEMENT_ASKED in dated else []
        due = due_after(dossier, steps)
        if supplements and supplements[-1]["NgayHenTraMoi"] and not self._system.rewrites_due:
            due = dossier.dues[0]  # the new date stands with the supplement only
        digitised = nonce % 100 < 84
        counter = dossier.channel == 1 and self._system.newest_first
        unit = self._units[dossier.unit.code]
        return {
            "MaHoSo": number,
            "MaTTHC": procedure.code + self._suffix,
            "TenTTHC": procedure.name,
            "MaLinhVuc": procedure.field,
            "TenLinhVuc": procedure.field_name,
            "KenhThucHien": None if counter else str(dossier.channel),
            "ChuHoSo": people.citizen(nonce),
            "LoaiDoiTuong": "2" if procedure.field in _BUSINESS or nonce % 23 == 0 else "1",
            "DinhDanhCHS": people.identity_number(nonce),
            "Email": people.mail(nonce),
            "Fax": people.phone(nonce >> 5),
            "SoDienThoai": people.phone(nonce),
            "TrichYeuHoSo": f"Hồ sơ của {people.citizen(nonce)}",
            "NgayNopHoSo": compact(steps[0][0]),
            "NgayTiepNhan": compact(dated[Step.RECEIVED]) if Step.RECEIVED in dated else "",
            "NgayHenTra": _compact_ms(due),
            "TrangThaiHoSo": str(int(FACTS[last[1]].status)),
            "NgayKetThucXuLy": compact(dated[Step.DONE]) if done else "",
            "NgayTra": compact(dated[Step.RETURNED]) if Step.RETURNED in dated else "",
            "NgayTuChoi": compact(dated[Step.REFUSED]) if Step.REFUSED in dated else "",
            "NgayCapNhat": compact(last[0]),
            "HinhThuc": "1" if nonce % 61 == 0 else "0",
            "DonViXuLy": unit,
            "NoiNopHoSo": "1" if dossier.channel == 2 else "2",
            "NguoiXuLy": people.officer(nonce, last[1]),
            "HoSoCoThanhPhanSoHoa": "1" if digitised else "0",
            "TaiKhoanDuocXacThucVoiVNeID": "1" if nonce % 97 < 90 else "0",
            "DuocThanhToanTrucTuyen": ("1" if nonce % 7 else "2") if nonce % 10 < 6 and procedure.fee else "3",
            "TaiLieuNop": _documents(dossier, digitised),
            "DanhSachLePhi": _fees(dossier),
            "DanhSachHoSoBoSung": supplements,
            "DanhSachGiayToKetQua": _results(dossier) if done else [],
            "DanhSachTienDo": self._progress(dossier, steps),
        }

    def _progress(self, dossier: Dossier, steps: tuple[tuple[int, int], ...]) -> list[dict[str, str]]:
        due = _compact_ms(dossier.dues[0] if dossier.dues else None)
        rows = []
        for when, step in steps:
            facts = FACTS[step]
            moment = compact(when)
            rows.append(
                {
                    "MaHoSo": dossier.number,
                    "NguoiXuLy": people.officer(dossier.nonce, step),
                    "ThoiDiemXuLy": moment,
                    "PhongBanXuLy": facts.room,
                    "NoiDungXuLy": f"{facts.note} (Hư Cấu)",
                    "TrangThai": str(int(facts.status)),
                    "NgayBatDau": moment,
                    "NgayKetThucTheoQuyDinh": due,
                }
            )
        if self._system.newest_first:
            rows.reverse()
        return rows

    @staticmethod
    def _supplements(dossier: Dossier, steps: tuple[tuple[int, int], ...]) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for when, step in steps:
            if step == Step.SUPPLEMENT_ASKED:
                before = dossier.dues[len(rows)] if dossier.dues else None
                rows.append(
                    {
                        "NgayBoSung": compact(when),
                        "NguoiYeuCauBoSung": people.officer(dossier.nonce, step),
                        "NoiDungBoSung": "Bổ sung giấy tờ còn thiếu (Hư Cấu)",
                        "NgayTiepNhanBoSung": "",
                        "NgayHenTraTruoc": _compact_ms(before),
                        "NgayHenTraMoi": "",
                    }
                )
            elif step == Step.SUPPLEMENT_GIVEN:
                rows[-1]["NgayTiepNhanBoSung"] = compact(when)
                rows[-1]["NgayHenTraMoi"] = _compact_ms(dossier.dues[len(rows)] if dossier.dues else None)
        return rows


#: Fields whose dossiers come from enterprises.
_BUSINESS = frozenset({"XTTM", "DKKD", "HKD", "DT", "LTHH", "THU", "DB", "LDNN"})


def _documents(dossier: Dossier, digitised: bool) -> list[dict[str, str]]:
    nonce = dossier.nonce
    return [
        {
            "TenTepDinhKem": people.file_name(dossier.number, index),
            "DuongDanTaiTepTin": people.file_link(dossier.number, f"nop-{index}"),
            "DuocSoHoa": "1" if digitised and (index == 1 or nonce >> index & 3) else "0",
            "DuocTaiSuDung": "1" if (nonce >> 8 + index) % 100 < 24 else "0",
            "DuocLayTuKhoDMQG": "1" if (nonce >> 12 + index) % 100 < 9 else "0",
        }
        for index in range(1, 2 + (nonce >> 30) % 3)
    ]


def _fees(dossier: Dossier) -> list[dict[str, str]]:
    if not dossier.procedure.fee:
        return []
    exempt = (dossier.nonce >> 17) % 100 < 6
    price = "0" if exempt else str(dossier.procedure.fee)
    return [{"TenPhiLePhi": "Lệ phí", "HinhThucThu": "1", "Gia": price, "LoaiPhiLePhi": "2"}]


def _results(dossier: Dossier) -> list[dict[str, str]]:
    electronic = (dossier.nonce >> 23) % 100 < 88
    return [
        {
            "TenGiayTo": f"Kết quả {dossier.procedure.field_name}",
            "MaGiayToKetQua": f"KQ.{dossier.procedure.code}",
            "DuongDanTepTinKetQua": people.file_link(dossier.number, "ket-qua") if electronic else "",
        }
    ]
