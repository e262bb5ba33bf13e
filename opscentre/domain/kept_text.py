"""What is kept of texts that a feed may write freely: words of offices and procedures, and no person's name or address.

No list of words can know every name. So large-written words are kept where they are known to belong to offices,
places and procedures, or follow such a word; whatever else is written large is left out, and so are runs that begin
with a surname, addresses, e-mail addresses, links, and phone and identity numbers (§2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from opscentre.domain.masking import masked
from opscentre.domain.spelling import unaccented

LEFT_OUT = "…"


def words(text: str) -> frozenset[str]:
    """The words of a text, parted by spaces."""
    return frozenset(text.split())


#: After these the name of a place may stand, after those the name of an office.
_PLACES = words("tỉnh thành phố tp huyện quận xã phường trấn khu đảo vùng")
_OFFICES = words(
    "sở ban bộ cục phòng ubnd hđnd ủy uỷ văn chi trung viện hội đội tổ quầy trạm bệnh trường kho thuế tòa toà thanh"
    " công bảo quỹ bưu đài mặt cơ đơn bhxh vpđk ttpvhcc ttptqđ tttn tnmt bql"
)
#: Words that offices are named with: behind them the name of an office is complete.
_NAMED = words(
    "phố thị đặc nhân dân phòng nhánh tâm cục an quan vị thương nghiệp môi nông lâm thủy thuỷ sản xây dựng tài chính"
    " nội vụ tư pháp y tế giáo dục đào tạo khoa học công nghệ văn hóa hoá thể thao du lịch giao thông vận tải lao động"
    " binh xã hội dân tộc tôn thông tin truyền kế hoạch đầu tư ngoại tra kiểm sát quân sự điện lực hiểm hành chính"
    " phục một cửa liên hiện đại bộ phận tiếp nhận trả kết quả đăng ký đất đai quản lý các khu kinh chế xuất cụm"
    " phát triển quỹ hạ tầng đô nước sạch rừng chăn nuôi thú trồng trọt bảo vệ thực vật chất lượng đo tiêu chuẩn"
    " việt nam trung ương quốc gia chính phủ nhà tổ cộng hòa hoà chủ nghĩa độc lập tự do hạnh phúc cổng dịch"
)  # fmt: skip
#: All these, and words of procedures: alone they name nobody.
_KNOWN = _PLACES | _OFFICES | _NAMED | words(
    " cấp lại đổi mới gia hạn sửa bổ sung điều chỉnh thu hồi chấm dứt xác chứng thực giấy phép chứng chỉ bản sao từ"
    " gốc chữ kết hôn khai sinh tử con nuôi trú tạm thường hộ khẩu quyền sử dụng sở hữu tài gắn liền thế chấp xóa xoá"
    " chuyển nhượng cho tặng thừa tách hợp thửa mục đích thành lập giải thể doanh hợp tác kinh doanh hoạt động"
    " hàng hóa hoá bán buôn lẻ rượu thuốc lá xăng dầu khí khoáng thăm dò khai thác xả thải vào nguồn lợi công trình"
    " thiết kế thẩm định phê duyệt nghiệm thi đủ điều kiện an toàn thực phẩm vệ hành nghề khám chữa bệnh dược mỹ"
    " trợ cấp mai táng phí người có với cách mạng liệt sĩ thương khuyết tật cao tuổi trẻ em nghèo cận thủ tục hồ sơ"
    " và hoặc của về theo trong ngoài tại đối không được do là đến trên dưới số lần đầu thứ quyết luật nghị thông báo"
    " phiếu thẻ lĩnh vực ngành danh sách loại hạng hình thức cá tổ chức đơn phương tiện xe cơ giới thủy lái tàu bến"
    " quảng cáo hội chợ triển lãm khuyến mại biểu diễn nghệ thuật xuất nhập khẩu in phát sách báo mạng viễn internet"
)  # fmt: skip
#: Surnames, accents and all; the most of the province's people have one of them.
_SURNAMES = words(
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đào đinh trịnh lương tạ đoàn trương lưu"
    " triệu ma nông chu tô vi lục bế hứa quách tống phùng mạc vương thân nghiêm khổng tăng doãn cù lường mông sầm giàng"
    " vàng sùng lò thào hà mai cao lâm thái đàm kiều tôn thạch từ văn quan la âu bàn đồng chử hầu lã lại lộc mã mẫn nhữ"
    " ninh phí phó quản quan tiêu trà trang triệu ứng uông viên xa dư diệp cung cáp bạch an ấu hán hạ"
)
#: Of these also without accents, in any case, and glued to what follows: nothing else is written so.
_PLAIN = words("nguyen tran pham hoang huynh phan dang bui duong trinh dinh truong trieu luong quach phung")
_SURE = words("nguyễn huỳnh trịnh đặng bùi nguyen huynh trinh")
_TITLES = words("ông bà anh chị cháu em cụ cán")
_VOWELS = frozenset("aeiouy")
#: Large-written words that may follow the word of a place or an office.
_ROOM = 3

_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"(?:\b\w+://|\bwww\.)\S+", re.I)
_LARGE = "A-ZÀ-ÝĂĐĨŨƠƯẠ-Ỹ"
_ADDRESS = re.compile(
    r"(?i:\b(?:số nhà|ngõ|ngách|hẻm|tổ|tổ dân phố|khu phố|thôn|xóm|ấp|đường|phố))\.?\s+"
    rf"(?:\d|[{_LARGE}](?=[^\s,;]*[^\W\d_]))[^,;()\n]*"
)
_STREET = re.compile(r"(?i:\bthành phố)\s")
#: Words written as one, as in ``NguyenVanAn``.
_GLUED = re.compile(r"[a-z][A-Z]")
_BETWEEN = re.compile(r"[\s.]*")


class _Word(NamedTuple):
    start: int
    end: int
    text: str
    key: str

    @property
    def large(self) -> bool:
        return self.text[0].isupper()


@lru_cache(maxsize=8192)
def kept_name(text: str, also: frozenset[str] = frozenset()) -> str:
    """The name of an office or a procedure as a source wrote it, without what may be a person's: that becomes ``…``.

    ``also``: more words, in small letters, that name nobody.
    """
    text = _LINK.sub(LEFT_OUT, masked(unicodedata.normalize("NFC", text)))
    if not text.isascii() or any(c.isupper() for c in text):
        text = _without_addresses(text)
    found = [_Word(m.start(), m.end(), m.group(), m.group().casefold()) for m in _WORD.finditer(text)]
    kept = _judge(text, found, also)
    pieces, at = [], 0
    for word, stays in zip(found, kept, strict=True):
        if not stays:
            pieces += [text[at : word.start], LEFT_OUT]
            at = word.end
    return re.sub(rf"{LEFT_OUT}(?:[\s.\-]*{LEFT_OUT})+", LEFT_OUT, "".join([*pieces, text[at:]])).strip()


def _without_addresses(text: str) -> str:
    # In "thành phố Thái Nguyên" no street is named.
    held = _STREET.sub(lambda match: match.group().replace(" ", "\x00"), text)
    return _ADDRESS.sub(LEFT_OUT, held).replace("\x00", " ")


def _judge(text: str, found: list[_Word], also: frozenset[str]) -> list[bool]:
    """Of each word whether it is kept."""
    kept = [True] * len(found)
    room, placed, index = 0, False, 0
    while index < len(found):
        word = found[index]
        beside = index > 0 and _BETWEEN.fullmatch(text, found[index - 1].end, word.start) is not None
        if not beside:
            room = 0
        homed = beside and found[index - 1].key in _PLACES
        end = _name_ends(text, found, index, homed)
        if end > index:
            kept[index:end] = [False] * (end - index)
            room, index = 0, end
            continue
        if word.key in _PLACES | _OFFICES:
            room, placed = _ROOM, word.key in _PLACES
        elif word.key in _KNOWN or word.key in also:
            room = room - 1 if room and (placed or word.key not in _NAMED) else 0
        elif _GLUED.search(word.text):
            kept[index], room = False, 0
        elif word.large and not _is_abbreviation(word.text):
            kept[index] = room > 0 or _begins_sentence(text, found, index)
            room = max(0, room - 1)
        elif not word.large:
            room = 0
        index += 1
    return kept


def _name_ends(text: str, found: list[_Word], index: int, homed: bool) -> int:
    """Behind the last word of a person's name that begins here; ``index`` itself where none does.

    ``homed``: the word of a place stands before it. Many communes begin like a surname (Xã Cao Minh).
    """
    word = found[index]
    following = found[index + 1] if index + 1 < len(found) else None
    near = following is not None and _BETWEEN.fullmatch(text, word.end, following.start) is not None
    if any(unaccented_word(word.key).startswith(name) and len(word.key) > len(name) + 1 for name in _PLAIN):
        return index + 1
    sure = word.key in _SURE
    surname = unaccented_word(word.key) in _PLAIN or (word.key in _SURNAMES and not homed)
    named = (word.large and surname) or sure
    common = near and following is not None and word.key in _KNOWN | _PLACES and following.key in _KNOWN
    titled = word.key in _TITLES and not homed and near and following is not None and following.large
    if not named and not titled:
        return index
    if common and not sure:
        return index
    if not near or following is None or not (following.large or sure):
        return index + 1 if sure else index
    end = index + 1
    while end < len(found) and end - index < 5 and (found[end].large or (sure and not word.large and end - index < 4)):
        if _BETWEEN.fullmatch(text, found[end - 1].end, found[end].start) is None:
            break
        end += 1
    return end


def unaccented_word(word: str) -> str:
    """A word of small letters without its accents."""
    return word if word.isascii() else unaccented(unicodedata.normalize("NFD", word))


def _is_abbreviation(text: str) -> bool:
    """``UBND``, ``TNMT``: capitals without a vowel; a Roman number; a single letter."""
    return (
        len(text) == 1
        or not set(text) - set("IVX")
        or (text.isupper() and not _VOWELS & set(unaccented_word(text.casefold())))
    )


def _begins_sentence(text: str, found: list[_Word], index: int) -> bool:
    """Whether only its place makes a word large: the first one, followed by a small one."""
    if index or found[index].key in _SURE or found[index].text[1:] != found[index].text[1:].lower():
        return False
    return len(found) > 1 and not found[1].large


# -- numbers and codes

_PERSONAL_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"0(?:0[1-9]|[1-8]\d|9[0-6])\d{9}"  # a citizen's number begins with the code of a province
    r"|(?:\+?84|0)[35789]\d{8}|02\d{9}|0[35789]\d{2}([. -])\d{3}\1\d{3}|0[35789]\d{2} \d{6}|\+84(?:[ .-]?\d){8,10}"
    r"|(?!00)\d{9}"
    r")(?![0-9A-Za-z])"
)
#: Up to four capitals at a time, and digits between them: nearly all codes are written so, and no name is.
_NUMBERED = re.compile(r"[A-Z]{0,4}(?:[.\-/_]?\d++(?:[.\-/_]?[A-Z]{1,4}(?=[.\-/_]?\d|$))?)++")


@lru_cache(maxsize=8192)
def is_code(text: str) -> bool:
    """Whether a text can be the code of a procedure or a field: as ``is_number``, and no long run of digits."""
    return masked(text) == text and is_number(text)


def is_number(text: str) -> bool:
    """Whether a text can be the number or the code of a dossier or a procedure, and not a person's name or number."""
    if "@" in text or "://" in text or not text.isprintable() or _PERSONAL_NUMBER.search(text):
        return False
    if _NUMBERED.fullmatch(text):
        return True
    before: re.Match[str] | None = None
    for token in re.finditer(r"[^\W\d_]+|\d+", unicodedata.normalize("NFC", text)):
        word = token.group()
        if word.isdigit():
            before = None
            continue
        if before is not None and _are_a_name(before.group(), word, token.string[before.end() : token.start()]):
            return False
        if _is_name(word):
            return False
        before = token
    return True


def _are_a_name(one: str, other: str, between: str) -> bool:
    """Whether two neighbouring words are a name: parted by a space, or written as names are."""
    if " " in between:
        return True
    return (one.istitle() and other.istitle() and len(one) > 1) or unaccented_word(one.casefold()) in _PLAIN


def _is_name(word: str) -> bool:
    plain = unaccented_word(word.casefold())
    # Small letters with accents are words of a language, not of a code.
    spoken = any(c.islower() and not c.isascii() and c != "đ" for c in word)
    return (
        spoken
        or len(_GLUED.findall(word)) > 1
        or any(plain.startswith(name) and len(plain) > len(name) + 1 for name in _PLAIN)
    )


# -- file names

_FILE_WORDS = words(
    "csv tsv txt json jsonl ndjson xlsx zip gz ho so hoso dossier dossiers mot cua motcua igate dvc dvcqg export import"
    " xuat sao luu backup data du lieu dulieu dong bo dongbo sync bao cao baocao danh sach thang ngay nam quy tuan tu"
    " den page push view new all full delta part sheet figures simulator one two three four bad good big small mixed"
)
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: One word that is not known may be a department's way of naming files; two are a person's name.
_LONGEST_STRANGE = 8


def file_label(name: str, mark: str = "", own: Iterable[str] = ()) -> str:
    """A file's name as messages show it: known words, digits, the ending; ``own``: texts whose words are known too.

    What may be a person's becomes ``…``; then ``mark`` (the beginning of the content's SHA-256) tells which file it is.
    """
    name = unicodedata.normalize("NFC", name)
    known = _FILE_WORDS | {_plain(text[slice(*span)]) for text in own for span in _file_words(text)}
    shown = _PERSONAL_NUMBER.sub(LEFT_OUT, masked(name))
    strange = [span for span in _file_words(shown) if _plain(shown[slice(*span)]) not in known]
    if len(strange) > 1 or not all(_is_harmless(shown[slice(*span)]) for span in strange):
        for start, end in reversed(strange):
            shown = shown[:start] + LEFT_OUT + shown[end:]
    shown = re.sub(rf"{LEFT_OUT}(?:[\s._\-]*{LEFT_OUT})+", LEFT_OUT, shown)
    return f"{shown} ({mark})" if mark and shown != name else shown


def _file_words(text: str) -> list[tuple[int, int]]:
    """Where its words begin and end; ``NguyenVanAn`` has three of them."""
    found: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        humps = _HUMP.finditer(text, *match.span()) if match.group().isascii() else (match,)
        found += [hump.span() for hump in humps]
    return found


def _plain(word: str) -> str:
    return unaccented_word(word.casefold())


def _is_harmless(word: str) -> bool:
    return word.isascii() and len(word) <= _LONGEST_STRANGE and word.casefold() not in _PLAIN
