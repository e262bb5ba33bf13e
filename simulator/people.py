"""Invented citizens and officers. Every personal value carries a marker, so that a test can prove that none travels.

No value here can belong to anyone: the given name is "Hư Cấu" (fiction), numbers begin with 0000777, and mail
addresses end in the reserved domain ``.invalid``.
"""

from __future__ import annotations

#: Each personal value contains one of these; nothing else in a feed does.
MARKERS = ("Hư Cấu", "hu-cau", "0000777")

_FAMILIES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Nông",
    "Triệu", "Ma", "Hà", "Đàm", "Lương", "Chu",
)  # fmt: skip
_MIDDLES = ("Văn", "Thị", "Đức", "Thu", "Minh", "Ngọc", "Quang", "Thanh", "Hữu", "Bích")


def citizen(nonce: int) -> str:
    """The name of who files a dossier."""
    return f"{_FAMILIES[nonce % 20]} {_MIDDLES[nonce // 20 % 10]} Hư Cấu {nonce // 200 % 10_000:04d}"


def officer(nonce: int, step: int) -> str:
    """The name of the officer who takes a step."""
    return f"{_FAMILIES[(nonce >> 9) % 20]} {_MIDDLES[(nonce + step) % 10]} Hư Cấu"


def identity_number(nonce: int) -> str:
    """A citizen's number: twelve digits, none of which was ever given out."""
    return f"0000777{nonce // 7 % 100_000:05d}"


def phone(nonce: int) -> str:
    """A telephone number of ten digits that no network has."""
    return f"0000777{nonce // 3 % 1000:03d}"


def mail(nonce: int) -> str:
    """A mail address in the domain reserved for what does not exist."""
    return f"cong-dan-{nonce % 100_000}@hu-cau.invalid"


def file_name(number: str, index: int) -> str:
    """The name of a file handed in."""
    return f"hu-cau-{number}-{index}.pdf"


def file_link(number: str, kind: str) -> str:
    """Where a file is said to lie."""
    return f"https://hu-cau.invalid/{kind}/{number}.pdf"
