"""Texts of pages beside the desk's: the answer to a mail, the mailbox, what cannot be shown. Nothing but data."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # ---- the page behind a mail's link
    "answer.title": ("Phản hồi cảnh báo", "Answer to an alert"),
    "answer.open": (
        "Còn mở: {count} hồ sơ, sự việc của thư này.",
        "Open: {count} dossiers and other things of this mail.",
    ),
    "answer.more": ("và {count} hồ sơ khác", "and {count} more"),
    "answer.over": (
        "Mọi việc trong thư này đã xong; không cần phản hồi.",
        "Everything of this mail is over; there is nothing to answer.",
    ),
    "answer.received.title": ("Đã nhận, đang xử lý", "Received, being worked on"),
    "answer.received": ("Đã nhận", "Received"),
    "answer.redated.title": ("Chưa xong được: hẹn ngày khác", "Cannot be done yet: give another day"),
    "answer.until": ("Hẹn lại đến hết ngày", "New date, until the end of"),
    "answer.choose": ("– chọn ngày –", "– choose a day –"),
    "answer.why": ("Lý do (không bắt buộc)", "Reason (may be left out)"),
    "answer.redated": ("Hẹn lại ngày", "Give a new date"),
    "answer.after": (
        "Sau khi phản hồi, các hồ sơ này không được nhắc lại cho đến khi xong, hoặc hết ngày hẹn. Liên kết chỉ dùng "
        "được một lần.",
        "After an answer these are not told of again until they are over, or the new date has passed. The link can be "
        "used once.",
    ),
    "answer.noted": ("Đã ghi nhận lúc {at}: {told}.", "Noted at {at}: {told}."),
    "answer.told.received": ("đã nhận", "received"),
    "answer.told.redated": ("hẹn lại đến hết ngày {day}", "new date, until the end of {day}"),
    "answer.nobody": ("Không có thư này.", "There is no such mail."),
    "answer.bad": ("Liên kết không hợp lệ.", "This link is not valid."),
    "answer.expired": ("Liên kết đã hết hạn.", "This link has expired."),
    "answer.no-day": ("Ngày hẹn không hợp lệ.", "This is no date."),
    "answer.far": (
        "Ngày hẹn phải từ hôm nay đến {most} ngày tới.",
        "The new date must lie between today and {most} days from now.",
    ),
    "answer.bad.help": (
        "Mở lại liên kết trong thư mới nhất, hoặc phản hồi trên trang Cảnh báo của trung tâm điều hành.",
        "Open the link of the newest mail, or answer on the page Alerts of the operations centre.",
    ),
    # ---- mails that did not leave
    "mails.title": ("Thư cảnh báo", "Alert mails"),
    "mails.title.about": ("Thư của bản dùng thử, chưa gửi ra ngoài", "Mails of a trial, kept in this machine"),
    "mails.about": (
        "Hộp thư nội bộ: không thư nào rời khỏi máy này.",
        "A mailbox inside: no mail leaves this machine.",
    ),
    "mails.none": ("Chưa có thư nào.", "There is no mail yet."),
    "mails.one": ("Thư", "Mail"),
    "mails.list": ("Danh sách thư", "All mails"),
    "mails.alone": ("Mở riêng", "Open alone"),
    # ---- what cannot be shown
    "page.fault": ("Hệ thống gặp lỗi", "A fault of the system"),
    "page.fault.text": (
        "Trang này chưa hiện được vì lỗi của phần mềm; nhật ký đã ghi lại. Thử lại sau ít phút; nếu vẫn lỗi, báo người "
        "quản trị.",
        "This page cannot be shown for a fault of the software, which its log tells of. Try again in a few minutes; if "
        "it stays, tell the administrator.",
    ),
    "page.slip": ("Không có phiếu xin lỗi", "There is no apology slip"),
    "page.slip.text": (
        "Hồ sơ này không cần phiếu xin lỗi: đã xong, đang tạm dừng, hoặc còn xa hạn.",
        "This dossier needs no apology slip: it is over, is paused, or is due later.",
    ),
    "page.file": ("Không có tệp này", "There is no such file"),
    "page.file.text": ("Địa chỉ của tệp có thể đã gõ sai.", "The file's address may be mistyped."),
    "page.home": ("Về tổng quan", "To the overview"),
}
