"""The ten status codes of a dossier and the class each one has on the board (DOMAIN §1)."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """National status codes; two independent code bases agree on them."""

    FILED = 1
    RECEIVED = 2
    REFUSED = 3
    PROCESSING = 4
    SUPPLEMENT = 5
    FEE_DUE = 6
    WITHDRAWN = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10


#: Vietnamese names as the one-stop desks print them.
NAMES = {
    Status.FILED: "Mới đăng ký",
    Status.RECEIVED: "Được tiếp nhận",
    Status.REFUSED: "Không được tiếp nhận",
    Status.PROCESSING: "Đang xử lý",
    Status.SUPPLEMENT: "Yêu cầu bổ sung giấy tờ",
    Status.FEE_DUE: "Yêu cầu thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
    Status.STOPPED: "Dừng xử lý",
    Status.DONE: "Đã xử lý xong",
    Status.RETURNED: "Đã trả kết quả",
}
#: The same in English.
NAMES_EN = {
    Status.FILED: "Filed online",
    Status.RECEIVED: "Received",
    Status.REFUSED: "Refused at reception",
    Status.PROCESSING: "In process",
    Status.SUPPLEMENT: "Supplement requested",
    Status.FEE_DUE: "Fee or tax to be paid",
    Status.WITHDRAWN: "Withdrawn by the citizen",
    Status.STOPPED: "Stopped",
    Status.DONE: "Result ready",
    Status.RETURNED: "Result handed over",
}

IN_PROCESS = frozenset({Status.RECEIVED, Status.PROCESSING})
PAUSED = frozenset({Status.SUPPLEMENT, Status.FEE_DUE, Status.STOPPED})
ENDED = frozenset({Status.WITHDRAWN, Status.DONE, Status.RETURNED})
#: Statuses that are not counted as received (DOMAIN §1).
NOT_RECEIVED = frozenset({Status.FILED, Status.REFUSED})
