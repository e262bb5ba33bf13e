"""What each figure means: its formula, numerator and denominator, in both languages. Source: docs/domain.md §4."""

from __future__ import annotations

import msgspec

from layouts.words import LANGS, Lang


class Definition(msgspec.Struct, frozen=True):
    """One figure, every text as (Vietnamese, English)."""

    name: tuple[str, str]
    #: What is counted, by the letter.
    meaning: tuple[str, str]
    #: Figures (``group.column``) whose sum is the numerator; the denominator's, empty for a plain count.
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()

    def say(self, part: str, lang: Lang) -> str:
        """Its name or meaning in a language."""
        return getattr(self, part)[LANGS.index(lang)]


#: The moment that a standing is judged at.
_THEN_VI = "Tính đến lúc này; nếu kỳ đã qua thì đến cuối kỳ."
_THEN_EN = "As of now; of a period that is over, as of its end."

DEFINITIONS: dict[str, Definition] = {
    "received.total": Definition(
        ("Tổng tiếp nhận", "Received in total"),
        (
            "Hồ sơ kỳ trước chuyển sang cộng hồ sơ tiếp nhận trong kỳ.",
            "Dossiers carried over, and those received in the period.",
        ),
        ("received.carried_over", "received.in_period"),
    ),
    "received.carried_over": Definition(
        ("Kỳ trước chuyển sang", "Carried over"),
        (
            "Tiếp nhận trước kỳ và chưa kết thúc khi kỳ bắt đầu.",
            "Received before the period, and not finished when it began.",
        ),
        ("received.carried_over",),
    ),
    "received.in_period": Definition(
        ("Tiếp nhận trong kỳ", "Received in the period"),
        (
            "Ngày tiếp nhận nằm trong kỳ; hồ sơ mới đăng ký hoặc bị từ chối tiếp nhận không tính.",
            "The day of reception lies in the period; dossiers only filed, or refused at reception, do not count.",
        ),
        ("received.online", "received.counter", "received.postal"),
    ),
    "received.online": Definition(
        ("Tiếp nhận trực tuyến trong kỳ", "Received online in the period"),
        ("Tiếp nhận trong kỳ, kênh thực hiện là trực tuyến (2).", "Received in the period, by channel 2 (online)."),
        ("received.online",),
    ),
    "received.counter": Definition(
        ("Tiếp nhận trực tiếp trong kỳ", "Received at the counter in the period"),
        (
            "Tiếp nhận trong kỳ, kênh thực hiện là trực tiếp (1) hoặc nguồn không ghi kênh.",
            "Received in the period, by channel 1 (counter), or by none the source names.",
        ),
        ("received.counter",),
    ),
    "received.postal": Definition(
        ("Tiếp nhận qua bưu chính trong kỳ", "Received by post in the period"),
        (
            "Tiếp nhận trong kỳ, kênh thực hiện là bưu chính công ích (3).",
            "Received in the period, by channel 3 (public postal service).",
        ),
        ("received.postal",),
    ),
    "finished.total": Definition(
        ("Đã giải quyết", "Finished"),
        (
            "Kết thúc trong kỳ: đã xử lý xong, đã trả kết quả, hoặc công dân rút.",
            "Ended in the period: result ready, handed over, or withdrawn by the citizen.",
        ),
        ("finished.early", "finished.on_time", "finished.overdue"),
    ),
    "finished.early": Definition(
        ("Giải quyết trước hạn", "Finished early"),
        (
            "Kết thúc trong kỳ, vào ngày sớm hơn ngày hẹn trả.",
            "Ended in the period, on a day before the day it was due.",
        ),
        ("finished.early",),
    ),
    "finished.on_time": Definition(
        ("Giải quyết đúng hạn", "Finished on time"),
        (
            "Kết thúc trong kỳ, trong chính ngày hẹn trả và không sau giờ hẹn; hoặc không có ngày hẹn trả.",
            "Ended in the period, on the day it was due and not after that moment; or there was no due date.",
        ),
        ("finished.on_time",),
    ),
    "finished.overdue": Definition(
        ("Giải quyết quá hạn", "Finished overdue"),
        (
            "Kết thúc trong kỳ, sau thời điểm hẹn trả. Ngày hẹn trả là ngày đang có hiệu lực, kể cả đã hẹn lại sau bổ sung.",
            "Ended in the period, after the due moment. That moment is the one in force, dated anew after a supplement included.",
        ),
        ("finished.overdue",),
    ),
    "in_process.total": Definition(
        ("Đang giải quyết", "In process"),
        (
            f"Đã được tiếp nhận hoặc đang xử lý, chưa kết thúc và không tạm dừng. {_THEN_VI}",
            f"Received or being processed, neither over nor paused. {_THEN_EN}",
        ),
        ("in_process.in_time", "in_process.overdue"),
    ),
    "in_process.in_time": Definition(
        ("Đang giải quyết, trong hạn", "In process, in time"),
        (
            f"Đang giải quyết và chưa quá thời điểm hẹn trả, hoặc không có ngày hẹn. {_THEN_VI}",
            f"In process and not past the due moment, or without one. {_THEN_EN}",
        ),
        ("in_process.in_time",),
    ),
    "in_process.overdue": Definition(
        ("Đang giải quyết, quá hạn", "In process, overdue"),
        (
            f"Đang giải quyết và đã quá thời điểm hẹn trả. Hồ sơ chờ công dân (tạm dừng) không tính. {_THEN_VI}",
            f"In process and past the due moment. Dossiers that wait for the citizen (paused) do not count. {_THEN_EN}",
        ),
        ("in_process.overdue",),
    ),
    "paused.total": Definition(
        ("Tạm dừng", "Paused"),
        (
            "Chờ bổ sung giấy tờ (5), chờ nghĩa vụ tài chính (6), hoặc dừng xử lý (8).",
            "Waiting for papers (5), for a fee or tax (6), or stopped (8).",
        ),
        ("paused.in_time", "paused.overdue"),
    ),
    "paused.in_time": Definition(
        ("Tạm dừng, trong hạn", "Paused, in time"),
        (
            "Tạm dừng, và khi bắt đầu dừng chưa quá hẹn trả.",
            "Paused, and not past the due moment when the pause began.",
        ),
        ("paused.in_time",),
    ),
    "paused.overdue": Definition(
        ("Tạm dừng, quá hạn", "Paused, overdue"),
        (
            "Tạm dừng, và khi bắt đầu dừng đã quá hẹn trả.",
            "Paused, and past the due moment already when the pause began.",
        ),
        ("paused.overdue",),
    ),
    "share.on_time": Definition(
        ("Tỷ lệ giải quyết không quá hạn", "Share finished without delay"),
        (
            "Trước hạn và đúng hạn trên tổng đã giải quyết trong kỳ. Không có hồ sơ nào kết thúc thì là “—”, không phải 0%.",
            "Early and on time, of all finished in the period. Where nothing ended it is “—”, not 0%.",
        ),
        ("finished.early", "finished.on_time"),
        ("finished.total",),
    ),
    "share.online": Definition(
        ("Tỷ lệ nộp trực tuyến", "Share filed online"),
        ("Tiếp nhận trực tuyến trên tổng tiếp nhận trong kỳ.", "Received online, of all received in the period."),
        ("received.online",),
        ("received.in_period",),
    ),
}


class Timing(msgspec.Struct, frozen=True):
    """A time that alerts take, every text as (Vietnamese, English)."""

    name: tuple[str, str]
    #: Of what, from when to when, in which hours; and which records say so.
    meaning: tuple[str, str]
    source: tuple[str, str]

    def say(self, part: str, lang: Lang) -> str:
        """One of its texts in a language."""
        return getattr(self, part)[LANGS.index(lang)]


TIMINGS: dict[str, Timing] = {
    "alerts.acknowledge": Timing(
        ("Thời gian nhận cảnh báo", "Time to acknowledge"),
        (
            "Giờ làm việc của đơn vị từ lúc thư đầu tiên nêu cảnh báo được gửi đi đến lúc có người nhận hoặc hẹn ngày, hoặc cảnh báo hết, tùy điều nào đến trước. Tính mọi cảnh báo đã gửi, còn mở hoặc đã hết trong 30 ngày. Cảnh báo chưa ai nhận được tính bằng thời gian đã chờ đến nay. Trung vị, phân vị 90: giá trị nhỏ nhất mà 50%, 90% số cảnh báo không vượt quá.",
            "The unit's working hours from when the first mail that named the alert left to when somebody acknowledged it or promised a day, or it was over, whichever came first. Of every alert that was mailed and is open, or was over within 30 days. What nobody has acknowledged counts with what it has waited so far. Median and 90th percentile: the smallest value that 50%, 90% of the alerts do not pass.",
        ),
        (
            "Nhật ký thông báo (notifications, notification_lines), quyết định (alert_marks), sổ cảnh báo (alert_history).",
            "The notification log (notifications, notification_lines), decisions (alert_marks), alert history (alert_history).",
        ),
    ),
    "alerts.resolve": Timing(
        ("Thời gian xử lý cảnh báo", "Time to resolve"),
        (
            "Giờ làm việc của đơn vị từ lúc cảnh báo được phát đến lúc hết. Tính mọi cảnh báo còn mở hoặc đã hết trong 30 ngày, trừ loại “sắp đến hạn” vì loại này hết cả khi hồ sơ quá hạn. Cảnh báo còn mở được tính bằng thời gian đến nay. Trung vị, phân vị 90: giá trị nhỏ nhất mà 50%, 90% số cảnh báo không vượt quá.",
            "The unit's working hours from when an alert was raised to when it was over. Of every alert that is open, or was over within 30 days, except those of the kind “due soon”, which also end when the dossier falls overdue. What is open counts with its time so far. Median and 90th percentile: the smallest value that 50%, 90% of the alerts do not pass.",
        ),
        ("Sổ cảnh báo (alert_history).", "The alert history (alert_history)."),
    ),
}

#: The list of dossiers that stands behind a figure as of now.
BEHIND = {
    "in_process.overdue": "overdue",
    "paused.total": "paused",
    "paused.in_time": "paused",
    "paused.overdue": "paused",
}


def value_of(cells: dict[str, dict[str, int]], figures: tuple[str, ...]) -> int:
    """The sum of some figures of a row of the table."""
    return sum(cells[group][column] for group, column in (figure.split(".") for figure in figures))


def share_of(cells: dict[str, dict[str, int]], figure: str) -> float | None:
    """A share: numerator by denominator; None where that is 0."""
    definition = DEFINITIONS[figure]
    whole = value_of(cells, definition.denominator)
    return value_of(cells, definition.numerator) / whole if whole else None
