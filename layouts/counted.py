"""What the numerators of the score's indicators count, by their codes: a number without its unit says little. Pure."""

from __future__ import annotations

#: Indicators of procedures, of citizens' feedback, and of decisions and offices; every other one counts dossiers.
_PROCEDURES = ("1.2", "1.3", "3.1", "3.2", "3.5a", "3.5b", "4.5a")
_FEEDBACK = ("5.2", "5.3")
_OTHER = {"1.1": "quyết định", "4.x": "đơn vị"}


def counted(code: str) -> str:
    """The unit of an indicator's numerator: ``hồ sơ``, ``thủ tục``, ``phản ánh`` …"""
    if code in _PROCEDURES:
        return "thủ tục"
    return "phản ánh" if code in _FEEDBACK else _OTHER.get(code, "hồ sơ")
