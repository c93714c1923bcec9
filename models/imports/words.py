"""What lists write for the words of ours: roles, yes and no, kinds of session, in the languages of the event.

Both genders, where a language has two. What may mean two things is not here: “переводчик” and “مترجم” alone may be the
one in the booth or the one at the desk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.imports.columns import folded

_ROLES = {
    "participant": "participants, attendee, delegate, katılımcı, katılımcılar, delege, مشارك, مشاركة, المشارك,"
    " مندوب, مندوبة, участник, участница, делегат, делегатка",
    "observer": "observers, gözlemci, مراقب, مراقبة, наблюдатель, наблюдательница",
    "moderator": "moderators, moderatör, مدير الجلسة, مديرة الجلسة, مدير الحوار, مديرة الحوار, ميسر, ميسرة,"
    " модератор, ведущий, ведущая",
    "chair": "chairperson, chairman, chairwoman, session chair, başkan, oturum başkanı, رئيس, رئيسة, رئيس الجلسة,"
    " رئيسة الجلسة, председатель, председательствующий, председательствующая",
    "interpreter": "simultaneous interpreter, conference interpreter, tercüman, sözlü çevirmen, simultane tercüman,"
    " simultane çevirmen, konferans tercümanı, مترجم فوري, مترجمة فورية, ترجمان, синхронист, синхронистка,"
    " синхронный переводчик, синхронная переводчица, устный переводчик, устная переводчица",
    "translator": "written translator, yazılı çevirmen, mütercim, مترجم تحريري, مترجمة تحريرية, مترجم نصوص,"
    " مترجمة نصوص, письменный переводчик, письменная переводчица",
    "teller": "vote teller, oy sayım görevlisi, sayım görevlisi, oy sayıcı, فارز الأصوات, فارزة الأصوات,"
    " عداد الأصوات, счётчик голосов, счётчица голосов, член счётной комиссии",
    "av": "a/v, audiovisual, audio-visual, av technician, technician, ses ve görüntü, ses ve görüntü görevlisi,"
    " teknisyen, teknik görevli, فني, فنية, تقني, تقنية, فني الصوت والصورة, فنية الصوت والصورة, техник,"
    " технический специалист, звук и видео",
    "registration": "registration desk, registrar, kayıt, kayıt görevlisi, kayıt masası, تسجيل, التسجيل,"
    " مسؤول التسجيل, مسؤولة التسجيل, موظف التسجيل, موظفة التسجيل, регистрация, регистратор, стойка регистрации",
    "rapporteur": "rapporteurs, raportör, مقرر, مقررة, рапортёр, составитель отчёта, составительница отчёта",
    "organiser": "organizer, organisers, organizers, organizatör, düzenleyen, düzenleyici, منظم, منظمة, المنظم,"
    " المنظمة, организатор, организаторы",
    "data_protection": "data protection officer, dpo, veri koruma, veri koruma görevlisi,"
    " حماية البيانات, مسؤول حماية البيانات, مسؤولة حماية البيانات, защита данных, ответственный за защиту данных,"
    " ответственная за защиту данных",
}
_ANSWERS = {
    "yes": "y, true, evet, var, نعم, да, есть",
    "no": "n, false, hayır, yok, لا, нет",
}
_KINDS = {
    "plenary": "plenary session, keynote, genel oturum, genel kurul oturumu, ana oturum, عامة, جلسة عامة,"
    " الجلسة العامة, пленарное, пленарная, пленарное заседание, пленарная сессия, общее заседание",
    "parallel": "parallel session, breakout, breakout session, paralel, paralel oturum, eş zamanlı oturum, متوازية,"
    " موازية, جلسة متوازية, جلسة موازية, параллельная, параллельное, параллельная сессия, параллельное заседание",
    "break": "breaks, pause, coffee break, lunch, lunch break, ara, mola, kahve molası, kahve arası, çay molası,"
    " öğle arası, öğle yemeği, yemek arası, استراحة, استراحة قهوة, استراحة القهوة, استراحة غداء, استراحة الغداء,"
    " غداء, الغداء, قهوة, перерыв, кофе-пауза, кофе-брейк, обед, обеденный перерыв, перерыв на обед,"
    " перерыв на кофе, пауза",
}
_WORDS = {
    folded(word): ours
    for table in (_ROLES, _ANSWERS, _KINDS)
    for ours, others in table.items()
    for word in (ours, *others.split(", "))
}
_PAUSES = frozenset(
    map(
        folded,
        re.findall(
            r"\w+",
            "break breaks pause pauses coffee tea lunch breakfast dinner supper refreshments ara arası mola molası"
            " kahve çay öğle yemek yemeği kahvaltı ikram استراحة الاستراحة قهوة القهوة شاي غداء الغداء عشاء العشاء"
            " فطور الفطور إفطار перерыв пауза брейк кофе чай обед обеденный ланч ужин завтрак",
        ),
    )
)
_BESIDE = frozenset(map(folded, ("and", "for", "the", "ve", "için", "و", "на", "и")))
_PLENARY = frozenset(map(folded, ("plenary", "plenaries", "keynote", "keynotes", "пленарное", "пленарная")))


def meant(text: str, allowed: Sequence[str]) -> str:
    """Which of the allowed words a text is in one of four languages, or ""."""
    ours = _WORDS.get(folded(text), "")
    return ours if ours in allowed else ""


def kind_of(text: str) -> str:
    """The kind of session that a schedule's own type tells: plenary, parallel, break, or "" where it tells none.

    A break only where it says nothing else: a lunch is one, a lunch lecture is none.
    """
    if known := meant(text, tuple(_KINDS)):
        return known
    words = {folded(word) for word in re.split(r"[\W_]+", text[:200]) if folded(word)}
    if words & _PLENARY:
        return "plenary"
    return "break" if words & _PAUSES and words <= _PAUSES | _BESIDE else ""
