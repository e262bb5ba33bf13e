"""The steps of a dossier's life: the status each one leads to, the room that works on it, what is written about it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from opscentre.domain.status import Status


class Step(IntEnum):
    """What happens to a dossier. A change is packed as ``epoch seconds × 16 + step``."""

    FILED = 0
    RECEIVED = 1
    FORWARDED = 2
    APPRAISED = 3
    SUPPLEMENT_ASKED = 4
    SUPPLEMENT_GIVEN = 5
    FEE_ASKED = 6
    FEE_PAID = 7
    SUBMITTED = 8
    STAMPED = 9
    DONE = 10
    RETURNED = 11
    REFUSED = 12
    WITHDRAWN = 13
    STOPPED = 14
    RESUMED = 15


class StepFacts(NamedTuple):
    """How a step looks from outside."""

    status: Status
    room: str
    note: str


FACTS: dict[int, StepFacts] = {
    Step.FILED: StepFacts(Status.FILED, "Cổng dịch vụ công", "Nộp hồ sơ trực tuyến"),
    Step.RECEIVED: StepFacts(Status.RECEIVED, "Bộ phận một cửa", "Tiếp nhận hồ sơ"),
    Step.FORWARDED: StepFacts(Status.PROCESSING, "Phòng chuyên môn", "Chuyển phòng chuyên môn"),
    Step.APPRAISED: StepFacts(Status.PROCESSING, "Phòng chuyên môn", "Thẩm định hồ sơ"),
    Step.SUPPLEMENT_ASKED: StepFacts(Status.SUPPLEMENT, "Phòng chuyên môn", "Yêu cầu bổ sung giấy tờ"),
    Step.SUPPLEMENT_GIVEN: StepFacts(Status.PROCESSING, "Bộ phận một cửa", "Đã nhận giấy tờ bổ sung"),
    Step.FEE_ASKED: StepFacts(Status.FEE_DUE, "Cơ quan thuế", "Thông báo nghĩa vụ tài chính"),
    Step.FEE_PAID: StepFacts(Status.PROCESSING, "Cơ quan thuế", "Đã hoàn thành nghĩa vụ tài chính"),
    Step.SUBMITTED: StepFacts(Status.PROCESSING, "Lãnh đạo đơn vị", "Trình lãnh đạo ký"),
    Step.STAMPED: StepFacts(Status.PROCESSING, "Văn thư", "Đóng dấu, phát hành"),
    Step.DONE: StepFacts(Status.DONE, "Văn thư", "Đã có kết quả"),
    Step.RETURNED: StepFacts(Status.RETURNED, "Bộ phận một cửa", "Trả kết quả"),
    Step.REFUSED: StepFacts(Status.REFUSED, "Bộ phận một cửa", "Từ chối tiếp nhận"),
    Step.WITHDRAWN: StepFacts(Status.WITHDRAWN, "Bộ phận một cửa", "Công dân rút hồ sơ"),
    Step.STOPPED: StepFacts(Status.STOPPED, "Phòng chuyên môn", "Dừng xử lý"),
    Step.RESUMED: StepFacts(Status.PROCESSING, "Phòng chuyên môn", "Tiếp tục xử lý"),
}
