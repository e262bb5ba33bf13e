"""What a part of a dossier's number is looked for in."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from opscentre.domain.listing import sought
from opscentre.domain.spelling import spelling, unaccented


@given(st.text(string.printable) | st.text("Hồsơ ĐẮK&_-.12"))
def test_a_number_is_looked_for_by_its_letters_and_digits_however_it_is_written(number):
    assert sought(number) == "".join(letter for letter in unaccented(spelling(number)) if letter.isalnum())


@given(st.text(string.printable))
def test_letters_and_digits_of_full_width_find_what_plain_ones_find(number):
    wide = {sign: chr(ord(sign) + 0xFEE0) for sign in map(chr, range(ord("!"), ord("~") + 1))} | {" ": "\u3000"}
    assert sought("".join(wide.get(sign, sign) for sign in number)) == sought(number)


def test_signs_capitals_and_accents_do_not_matter():
    assert sought("H55.12-261120-0007") == "h55122611200007"
    assert sought("Đ 12/UBND") == "d12ubnd"
    assert sought("Ｈ５５．１２") == "h5512"
