"""A few typed letters find a person in any script."""

from __future__ import annotations

import pytest

from models.search import holds, sounds
from models.tidy import fold


def wanted(typed: str) -> list[str]:
    return fold(typed).split()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Fatma Yılmaz", "YILMAZ"), ("Fatma Yılmaz", "yilmaz"), ("Işık", "ISIK"), ("İpek", "ipek"), ("Ipek", "İPEK"),
        ("أحمد الرصافي", "احمد"), ("فاطمة", "فاطمه"), ("محـــمد", "محمد"), ("مُحَمَّد", "محمد"), ("على", "علي"),
        ("علی", "علي"), ("Семён Королёв", "семен королев"), ("Семен", "СЕМЁН"), ("Łukasz Øren", "lukasz oren"),
        ("O‘rinboyeva", "orinboyeva"), ("N'Guessan", "nguessan"), ("Hala Al-Rusafi", "al rusafi"),
        ("Hala Al Rusafi", "al-rusafi"), ("1004 Anna", "١٠٠٤"), ("Straße", "strasse"), ("Résad", "resad"),
        ("José", "Jose\u0301"), ("Anna Maria Lind", "ind nna"),
    ],
)  # fmt: skip
def test_what_is_written_is_found_without_its_accents(name: str, typed: str) -> None:
    assert holds(name, wanted(typed))
    assert sounds(name, wanted(typed))


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Сергей Кузнецов", "kuznetsov"), ("Sergei Kuznetsov", "кузнец"), ("محمد العتيبي", "Mohammed"),
        ("Mohammed Al-Otaibi", "محمد"), ("Dilnoza Yoldosheva", "Йолдошева"), ("Хабибуллин", "habibullin"),
        ("Omar Ghneimeh", "عمر"), ("حسن", "Hassan"), ("Щукин", "shchukin"), ("Юлия", "Yulia"), ("فاطمة", "Fatimah"),
    ],
)  # fmt: skip
def test_what_is_typed_in_another_script_is_found_by_its_sound(name: str, typed: str) -> None:
    assert not holds(name, wanted(typed))
    assert sounds(name, wanted(typed))


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Anna Lind", "محمد"), ("Сергей Кузнецов", "petrov"), ("محمد العتيبي", "Sergei"), ("Anna Lind", "zz"),
     ("Anna Lind", "Anna Berg"), ("", "a")],
)  # fmt: skip
def test_who_is_meant_by_nobody_is_not_found(name: str, typed: str) -> None:
    assert not holds(name, wanted(typed))
    assert not sounds(name, wanted(typed))
