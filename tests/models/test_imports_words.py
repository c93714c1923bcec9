"""Roles, answers and kinds of session in the words that lists have for them."""

from __future__ import annotations

import pytest

from models import imports
from models.imports import Plan
from tests.schedules import EVENT, parse, said


def person(role: str) -> Plan:
    people = f"number,given_name,family_name,role\n1,A,B,{role}\n"
    return imports.parse({"event.json": EVENT, "people.csv": people.encode()})


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("Katılımcı", "participant"), ("KATILIMCI", "participant"), ("مشارك", "participant"), ("مشاركة", "participant"),
        ("Участница", "participant"), ("Gözlemci", "observer"), ("مراقبة", "observer"), ("Наблюдатель", "observer"),
        ("Moderatör", "moderator"), ("مديرة الجلسة", "moderator"), ("Ведущая", "moderator"),
        ("Oturum başkanı", "chair"), ("رئيسة", "chair"), ("Председатель", "chair"), ("Tercüman", "interpreter"),
        ("مترجمة فورية", "interpreter"),
        ("Синхронный переводчик", "interpreter"), ("Yazılı çevirmen", "translator"), ("مترجم تحريري", "translator"),
        ("Письменная переводчица", "translator"), ("Oy sayım görevlisi", "teller"), ("فارز الأصوات", "teller"),
        ("Счетчик голосов", "teller"), ("Audio-visual", "av"), ("Teknisyen", "av"), ("فني", "av"), ("Техник", "av"),
        ("Kayıt görevlisi", "registration"), ("موظفة التسجيل", "registration"), ("Регистратор", "registration"),
        ("Raportör", "rapporteur"), ("مقررة", "rapporteur"), ("Рапортёр", "rapporteur"), ("Organizer", "organiser"),
        ("Düzenleyen", "organiser"), ("منظمة", "organiser"), ("Организатор", "organiser"),
        ("Data protection officer", "data_protection"), ("Veri koruma görevlisi", "data_protection"),
        ("مسؤول حماية البيانات", "data_protection"), ("Ответственная за защиту данных", "data_protection"),
    ],
)  # fmt: skip
def test_roles_are_understood_in_four_languages(word: str, role: str) -> None:
    plan = person(word)

    assert said(plan) == []
    assert plan.people[0].role == role


@pytest.mark.parametrize("word", ["Переводчик", "مترجم", "Çevirmen", "Докладчик", "king"])
def test_a_role_that_may_mean_two_things_is_asked_back(word: str) -> None:
    plan = person(word)

    assert "people.csv, row 2: role must be one of participant, observer" in said(plan)[0]


def test_votes_and_kinds_are_understood_in_four_languages() -> None:
    delegations = "key,name_en,votes\n" + "".join(
        f"d{n},D{n},{word}\n" for n, word in enumerate(("evet", "hayır", "نعم", "لا", "Да", "нет", "TRUE", ""))
    )
    head = "key,day,start,end,hall,kind,title_en\n"
    kinds = head + "".join(
        f"s{n},2026-12-{n + 1:02d},09:00,10:00,hall-a,{word},T\n"
        for n, word in enumerate(("Mola", "استراحة", "Перерыв", "Genel oturum", "جلسة عامة", "Пленарное", "Paralel"))
    )

    plan = parse("programme.csv", kinds, delegations__csv=delegations)

    assert said(plan) == []
    assert [each.votes for each in plan.delegations] == [True, False] * 3 + [True, True]
    assert [each.kind for each in plan.meetings] == ["break"] * 3 + ["plenary"] * 3 + ["parallel"]
