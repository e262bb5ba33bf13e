"""What of a coded field's text may be written down: words of one-stop desks, never what could name a person.

A department that writes its own statuses must see them in the list of what is not mapped, and a column that has slipped
must not put a citizen's name there. So a text is shown only when it is made of the desks' own words and abbreviations.
"""

from __future__ import annotations

import re

from opscentre.domain.masking import masked, quoted
from opscentre.domain.spelling import spelling, unaccented
from opscentre.domain.vocabulary import EMPTY

#: Longest text that is shown.
LONGEST = 80

_PHRASES = """
đã|đang|chờ|mới|được|không|chưa|bị|cần|trả|rút|nộp|ký|duyệt|trình|dừng|xong|hủy|qua|tại|theo|và|chuyển|hẹn|lưu
bổ sung|biên lai|bưu chính|bưu điện|cán bộ|chuyên môn|chuyên viên|chính quyền|công dân|công ích|cơ quan|cấp phép
dịch vụ công|dừng xử lý|doanh nghiệp|gia hạn|giấy tờ|giải quyết|hệ thống|hồ sơ|hoàn tất|hoàn thành|hoàn thiện|hợp lệ
kết quả|kết thúc|khởi tạo|kiểm tra|lãnh đạo|lệ phí|liên thông|lưu nháp|mạng|một cửa|nghĩa vụ|người dân|niêm yết
phân công|phê duyệt|phát hành|phối hợp|phòng chuyên môn|quá hạn|quốc gia|sửa đổi|tài chính|tạm dừng|thanh toán
thẩm định|thẩm tra|thực hiện|thuế|thụ lý|thu hồi|tiếp nhận|tổ chức|trả lại|trong hạn|trước hạn|trễ hạn|trực tiếp
trực tuyến|trung tâm|từ chối|từ xa|văn thư|xác minh|xác nhận|xét duyệt|xin ý kiến|xử lý|yêu cầu|ý kiến|đăng ký
đến hạn|đóng|đóng dấu|đúng hạn|đủ điều kiện
app|bcci|cancelled|citizen|closed|completed|counter|direct|done|dvc|dvcqg|fee|internet|kiosk|new|offline|onl|online
open|paid|paused|pending|portal|post|postal|processing|received|refused|rejected|returned|supplement|web|withdrawn
"""
_WORDS = {spelling(phrase) for phrase in re.split(r"[|\n]", _PHRASES) if phrase}
_BARE = {unaccented(word) for word in _WORDS}
_LONGEST_PHRASE = max(word.count(" ") + 1 for word in _WORDS)
_VOWELS = frozenset("aeiouy")


def shown(value: object) -> str:
    """A coded field's value as it may be kept and shown; ``…`` stands for words that are not the desks' own (§2)."""
    if value is None or value == "":
        return EMPTY
    if not isinstance(value, str | int):
        return quoted(value)
    text = str(value).strip()
    if not text:
        return EMPTY
    if len(text) <= LONGEST and masked(text) == text and _is_plain(spelling(text)):
        return text
    return quoted(text)[1:-1]


def is_whole(seen: str) -> bool:
    """Whether a shown word is what the source wrote, so that a row of a table can be made of it."""
    return not any(sign in seen for sign in "…‹")


def _is_plain(spelled: str) -> bool:
    words = spelled.split()
    # Without accents many a name looks like a desk's word (Đặng, đang): only with one that no name looks like.
    bare = spelled == unaccented(spelled)
    known = _BARE if bare else _WORDS
    at, sure = 0, not bare
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            if phrase in known:
                sure |= length > 1 or phrase in _WORDS
                at += length
                break
        else:
            if not _is_abbreviation(words[at]):
                return False
            sure |= len(words) == 1
            at += 1
    return sure or all(not any(letter.isalpha() for letter in word) for word in words)


def _is_abbreviation(word: str) -> bool:
    letters = [letter for letter in unaccented(word) if letter.isalpha()]
    return len(letters) <= 1 or not _VOWELS & set(letters)
