"""The words of mails in Vietnamese and English: one catalogue, and how each language writes numbers and lengths."""

from __future__ import annotations

from collections.abc import Mapping

from opscentre.domain import text as writing
from opscentre.domain.recipients import Language
from opscentre.domain.status import NAMES, NAMES_EN, Status

#: Key → Vietnamese, English; ``<key>.many`` where more than one is meant.
CATALOGUE: Mapping[str, tuple[str, str]] = {
    "late": ("trễ {span}", "{span} late"),
    "left": ("còn {span}", "{span} left"),
    "overdue": ("{count} hồ sơ quá hạn", "{count} dossier overdue"),
    "overdue.many": ("{count} hồ sơ quá hạn", "{count} dossiers overdue"),
    "soon": ("{count} hồ sơ sắp đến hạn", "{count} dossier due soon"),
    "soon.many": ("{count} hồ sơ sắp đến hạn", "{count} dossiers due soon"),
    "soon.too": ("{count} sắp đến hạn", "{count} due soon"),
    "units": (" ở {count} đơn vị", " in {count} units"),
    "ended": ("đã hết: {what}", "over: {what}"),
    "Ended": ("Đã hết:", "Over:"),
    "morning": ("bản tin sáng", "morning digest"),
    "evening": ("tổng hợp cuối ngày", "end-of-day summary"),
    "weekly": ("xếp hạng tuần", "weekly ranking"),
    "week": ("Xếp hạng đúng hạn, tuần {first} – {last}", "On-time ranking, week of {first} – {last}"),
    "departments": ("Sở, ban, ngành", "Departments"),
    "communes": ("Xã, phường", "Communes"),
    "ranked": ("{count} đơn vị được xếp hạng", "{count} unit ranked"),
    "ranked.many": ("{count} đơn vị được xếp hạng", "{count} units ranked"),
    "best": ("Tốt nhất", "Best"),
    "worst": ("Thấp nhất", "Worst"),
    "place": ("hạng {rank}/{all}", "place {rank} of {all}"),
    "yours": ("Đơn vị nhận thư", "Your unit"),
    "unplaced": ("chưa đủ hồ sơ để xếp hạng", "too few dossiers to be ranked"),
    "gist": ("{name} tốt nhất, {last} thấp nhất", "{name} best, {last} worst"),
    "gist.none": ("chưa có số liệu", "no data"),
    "up": ("tăng {count} bậc", "up {count}"),
    "down": ("giảm {count} bậc", "down {count}"),
    "same": ("giữ hạng", "unchanged"),
    "new": ("mới xếp hạng", "new"),
    "of": ("{late} trễ / {volume} hồ sơ", "{late} late of {volume}"),
    "few": (
        "Chưa xếp hạng (dưới {least} hồ sơ): {names}",
        "Not ranked (fewer than {least} dossiers): {names}",
    ),
    "others": ("và {count} đơn vị khác", "and {count} others"),
    "reactions": ("Cảnh báo chưa có phản hồi", "Alerts without reaction"),
    "reactions.of": (
        "{unanswered} trong {raised} cảnh báo của tuần còn mở và chưa ai phản hồi",
        "{unanswered} of the week's {raised} alerts are open and nobody has reacted",
    ),
    "reactions.yours": ("riêng đơn vị: {unanswered}/{raised}", "your unit: {unanswered}/{raised}"),
    "share": (
        "Tỷ lệ đúng hạn = (giải quyết đúng hạn + đang giải quyết còn hạn) ÷ (đã giải quyết trong tuần + đang giải "
        "quyết cuối tuần). Bậc tăng giảm so với tuần trước đó.",
        "On-time share = (finished on time + in process in time) ÷ (finished in the week + in process at its end). "
        "Places gained or lost are since the week before.",
    ),
    "whole": ("Bảng đầy đủ trong tệp đính kèm.", "The whole table is in the attached file."),
    "column.group": ("Nhóm", "Group"),
    "column.rank": ("Hạng", "Place"),
    "column.moved": ("Tăng (+) / giảm (−) bậc", "Places gained (+) / lost (−)"),
    "column.share": ("Tỷ lệ đúng hạn, %", "On-time share, %"),
    "column.volume": ("Số hồ sơ", "Dossiers"),
    "column.late_count": ("Hồ sơ trễ", "Late dossiers"),
    "column.raised": ("Cảnh báo", "Alerts"),
    "column.unanswered": ("Chưa phản hồi", "Without reaction"),
    "ranking.file": ("xep-hang-tuan", "weekly-ranking"),
    "head.dossier": ("Hồ sơ, thủ tục", "Dossier, procedure"),
    "head.due": ("Hẹn trả", "Due"),
    "head.late": ("Trễ / còn", "Late / left"),
    "due": ("hẹn trả {moment}", "due {moment}"),
    "unreceived": ("chưa tiếp nhận", "not received yet"),
    "more": ("… và {count} hồ sơ khác trong tệp đính kèm.", "… and {count} more in the attached file."),
    "since": ("từ {moment}", "since {moment}"),
    "slip": ("Phiếu xin lỗi", "Apology slip"),
    "slips": (
        "Đính kèm phiếu xin lỗi và hẹn lại ngày trả kết quả: {count} tệp PDF để điền, ký và đóng dấu.",
        "Attached: {count} apology slip as PDF, to fill in, sign and seal.",
    ),
    "slips.many": (
        "Đính kèm phiếu xin lỗi và hẹn lại ngày trả kết quả: {count} tệp PDF để điền, ký và đóng dấu.",
        "Attached: {count} apology slips as PDF, to fill in, sign and seal.",
    ),
    "answer": ("Đã nhận / hẹn lại ngày", "Received / give a new date"),
    "wall": ("Xem trên bảng điều hành", "See it on the wall"),
    "automatic": ("Thư tự động, mã {id}.", "Automatic mail, code {id}."),
    "working": (
        "Thời gian trễ tính bằng ngày làm việc 8 giờ.",
        "Lateness is working time, in days of 8 hours.",
    ),
    "private": (
        "Thư không chứa thông tin của công dân; tra cứu chi tiết theo số hồ sơ trên hệ thống một cửa.",
        "This mail holds nothing of the citizen's; look dossiers up by number in the one-stop system.",
    ),
    "detail.overdue": (
        "{late}/{all} hồ sơ đang giải quyết đã quá hạn{share}",
        "{late} of {all} dossiers in process are overdue{share}",
    ),
    "detail.median": ("chậm {span} (trung vị)", "{span} behind (median)"),
    "detail.ends": ("hết hạn {day}", "ends {day}"),
    "detail.mail": ("{waiting} thư đang chờ, {failed} thư bị từ chối", "{waiting} mails waiting, {failed} refused"),
    "detail.count": ("số lượng: {count}", "count: {count}"),
    "hours": ("{hours} giờ {minutes} phút", "{hours} h {minutes} min"),
    "minutes": ("{minutes} phút", "{minutes} min"),
    "column.number": ("Số hồ sơ", "Dossier"),
    "column.unit": ("Đơn vị", "Unit"),
    "column.procedure": ("Mã thủ tục", "Procedure code"),
    "column.procedure_name": ("Thủ tục", "Procedure"),
    "column.due": ("Hẹn trả", "Due"),
    "column.late": ("Trễ (+) / còn (−), giờ làm việc", "Late (+) / left (−), working hours"),
    "column.state": ("Tình trạng", "Status"),
    "column.notes": ("Ghi chú", "Notes"),
    "file": ("ho-so", "dossiers"),
}


class Tongue:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = 0 if language == "vi" else 1

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values. An unknown key is a fault of ours."""
        return CATALOGUE[key][self._column].format(**values)

    def count(self, key: str, count: int) -> str:
        """A text that counts."""
        return self(key if count == 1 else f"{key}.many", count=self.number(count))

    def number(self, value: int) -> str:
        """A whole number: ``1.234`` in Vietnamese, ``1,234`` in English."""
        return writing.number(value) if self.language == "vi" else f"{value:,}"

    def decimal(self, value: float, places: int = 1) -> str:
        """A number with decimals: ``1.234,6``, ``1,234.6``."""
        return writing.decimal(value, places) if self.language == "vi" else f"{value:,.{places}f}"

    def share(self, value: float) -> str:
        """A share of 1 in per cent, as the pages write it: ``92,3%``, ``92.3%``."""
        found = writing.percent(value)
        return found if self.language == "vi" else found.replace(",", ".")

    def lateness(self, working: int) -> str:
        """How late, or (negative) how long still, in working time."""
        span = writing.working_span(abs(working), english=self.language == "en")
        return self("late" if working >= 0 else "left", span=span)

    def span(self, length: int) -> str:
        """A length of real time in hours and minutes."""
        hours, minutes = divmod(length // 60_000, 60)
        return self("hours", hours=hours, minutes=minutes) if hours else self("minutes", minutes=minutes)

    def status(self, status: Status) -> str:
        """The name of a dossier's status."""
        return (NAMES if self.language == "vi" else NAMES_EN)[status]
