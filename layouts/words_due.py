"""Texts of how a due moment comes about, day by day. Nothing but data."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "walk.title": ("Cách tính hẹn trả theo thời hạn, từng ngày", "How the limit gives this due moment, day by day"),
    "walk.received": ("Tiếp nhận {moment}", "Received {moment}"),
    "walk.begins": ("Ngoài giờ làm việc: tính như tiếp nhận {moment}", "Outside working time: counts as {moment}"),
    "walk.limit.d": (
        "Thời hạn {number} ngày làm việc: đếm từ ngày kế tiếp, giữ nguyên giờ trong ngày",
        "Limit {number} working days: counted from the day after, same time of day",
    ),
    "walk.limit.h": ("Thời hạn {number} giờ làm việc", "Limit {number} hours of working time"),
    "walk.limit.cd": (
        "Thời hạn {number} ngày lịch: đếm từ ngày kế tiếp; gặp ngày nghỉ thì dời đến ngày làm việc",
        "Limit {number} calendar days: counted from the day after, moved on from a day off",
    ),
    "walk.limit.same-day": (
        "Trong ngày: tiếp nhận trước {clock} trả cuối ngày đó, sau đó trả cuối ngày làm việc kế tiếp",
        "Same day: received before {clock} closing of that day, else of the next working day",
    ),
    "walk.due": ("Hẹn trả {moment}", "Due {moment}"),
    "walk.outside": (
        "Ngày đó không làm việc lúc {clock}: lấy giờ làm việc gần nhất",
        "{clock} lies outside the hours of that day: the nearest one within them counts",
    ),
    "walk.paused": ("Dừng từ {since} đến {until}: đồng hồ đứng", "Paused from {since} to {until}: the clock stands"),
    "walk.kept": (
        "Thời gian dừng không chạm giờ làm việc: hẹn trả giữ nguyên",
        "No working time passed in the pause: the due moment stays",
    ),
    "walk.resumed": ("Chạy tiếp: hẹn trả dời thêm {length} làm việc", "Resumed: moves on by {length} of working time"),
    "walk.day.reception": ("ngày tiếp nhận", "day of reception"),
    "walk.day.calendar_day": ("ngày {number}/{all}", "day {number} of {all}"),
    "walk.day.working_day": ("ngày làm việc {number}/{all}", "working day {number} of {all}"),
    "walk.day.moved": ("dời tiếp", "moved on"),
    "walk.day.next": ("ngày làm việc kế tiếp", "next working day"),
    "walk.day.off": ("không tính", "does not count"),
    "walk.day.counted": ("tính {length}", "{length} counted"),
    "walk.day.stood": ("đứng {length}", "{length} stood still"),
    "walk.day.added": ("dời {length}", "{length} moved on"),
    "walk.why.ordinary": ("ngày làm việc thường", "ordinary working day"),
    "walk.why.weekend": ("cuối tuần", "weekend"),
    "walk.why.closed": ("đơn vị không làm việc thứ này", "closed on this weekday"),
    "walk.why.off": ("ngày nghỉ theo lịch của tỉnh", "day off by the province's calendar"),
    "walk.why.working": ("ngày làm việc theo lịch của tỉnh", "working day by the province's calendar"),
    "walk.why.half": ("làm một phần ngày theo lịch của tỉnh", "part of the day by the province's calendar"),
    "walk.why.holiday": ("nghỉ lễ: {name}", "public holiday: {name}"),
    "walk.why.unconfirmed": (
        "{why} ({name}: chưa xác nhận là ngày nghỉ)",
        "{why} ({name}: not confirmed as a day off)",
    ),
    "walk.notice": (
        "Lịch của tỉnh chưa nhập năm {years}: chỉ biết các ngày lễ chung, chưa biết ngày hoán đổi, làm bù.",
        "The province's calendar has nothing for {years} yet: swapped and make-up days are not known.",
    ),
}
