"""How lists call their columns, in the languages of the event. What may mean two things is not here."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

_LANGUAGES = {
    "en": "en, English, İngilizce, الإنجليزية, إنجليزي, английский, англ",
    "tr": "tr, Turkish, Türkçe, التركية, تركي, турецкий, тур",
    "ar": "ar, Arabic, Arapça, العربية, عربي, арабский, араб",
    "ru": "ru, Russian, Rusça, الروسية, روسي, русский, рус",
}
_TEXTS = {
    "name": "name, ad, adı, isim, الاسم, اسم, название, наименование, имя",
    "title": "title, başlık, oturum başlığı, العنوان, عنوان, название, заголовок, тема",
    "abstract": "abstract, summary, description, özet, açıklama, الملخص, ملخص, وصف, аннотация, описание",
}
_PEOPLE = {
    "number": "No., Nr., Number, Badge, Badge number, Badge no., ID, Registration number, Numara, Sıra no, Yaka kartı,"
    " Yaka kartı no, Kart no, Kayıt no, الرقم, رقم, رقم البطاقة, رقم الشارة, رقم التسجيل, Номер, Номер бейджа, Бейдж",
    "title": "Salutation, Prefix, Form of address, Unvan, Ünvan, Hitap, لقب المخاطبة, صيغة المخاطبة, Обращение, Титул",
    "given_name": "Given name, Given names, First name, First names, Forename, Ad, Adı, İsim, İsmi, الاسم, الاسم الأول,"
    " الاسم الشخصي, Имя",
    "family_name": "Family name, Last name, Surname, Soyad, Soyadı, Soy adı, Soyisim, Soy ismi, اسم العائلة, العائلة,"
    " الاسم العائلي, الاسم الأخير, الكنية, Фамилия",
    "native_name": "Native name, Name in own script, Name in native script, Name in original script, Own script,"
    " Kendi alfabesinde ad, Kendi alfabesiyle adı, Kendi yazısıyla ad, الاسم باللغة الأم, الاسم باللغة الأصلية,"
    " الاسم بالكتابة الأصلية, Имя в оригинале, Имя на родном языке, ФИО на родном языке",
    "organisation": "Organization, Institution, Agency, Company, Affiliation, Kurum, Kuruluş, Kurumu, المؤسسة, الجهة,"
    " المنظمة, جهة العمل, Организация, Учреждение, Место работы",
    "role": "Function, Participant type, Rol, Rolü, Görev, Görevi, Katılımcı türü, الدور, الصفة, Роль, Тип участника",
    "languages": "Language, Preferred language, Preferred languages, Dil, Diller, Dili, Dilleri, Tercih edilen dil,"
    " اللغة, اللغات, اللغة المفضلة, Язык, Языки, Предпочитаемый язык",
    "delegation": "Delegasyon, Delegasyonu, Heyet, Heyeti, الوفد, وفد, Делегация",
    "email": "E-mail, E-mail address, Mail, E-posta, E-posta adresi, البريد الإلكتروني, بريد إلكتروني, البريد,"
    " Эл. почта, Электронная почта, Адрес электронной почты, Почта",
}
_PLACES = {
    "key": "Code, Short name, Kod, Kısa ad, الرمز, رمز, Код, Ключ",
    "capacity": "Seats, Kapasite, Koltuk, السعة, عدد المقاعد, Вместимость, Количество мест, Мест",
    "screen_height_m": "Screen height, Screen height (m), Ekran yüksekliği, Ekran yüksekliği (m), ارتفاع الشاشة,"
    " ارتفاع الشاشة (م), Высота экрана, Высота экрана (м)",
    "farthest_seat_m": "Farthest seat, Farthest seat (m), En uzak koltuk, En uzak koltuk (m), أبعد مقعد, أبعد مقعد (م),"
    " Дальнее место, Дальнее место (м)",
    "languages": _PEOPLE["languages"],
    "order": "Sıra, Sırası, الترتيب, ترتيب, Порядок",
    "votes": "Vote, Has a vote, Oy, Oy hakkı, التصويت, حق التصويت, له حق التصويت, Голос, Право голоса",
}
_PROGRAMME = {
    "key": _PLACES["key"],
    "day": "Date, Gün, Tarih, اليوم, التاريخ, День, Дата",
    "start": "Begin, Starts, Start time, Başlangıç, Başlangıç saati, البداية, وقت البداية, Начало, Время начала",
    "end": "Ends, End time, Until, Bitiş, Bitiş saati, النهاية, وقت النهاية, Конец, Окончание, Время окончания",
    "hall": "Room, Salon, القاعة, قاعة, Зал",
    "track": "Strand, Kol, Tema, المحور, المسار, Направление, Секция",
    "kind": "Type, Tür, Türü, النوع, نوع, Вид, Тип",
    "languages": _PEOPLE["languages"],
    "moderator_1": "Moderator, Moderator 1, Moderatör, Moderatör 1, المدير, مدير الجلسة, مدير الجلسة 1, Модератор,"
    " Модератор 1",
    "moderator_2": "Co-moderator, Moderator 2, Moderatör 2, مدير الجلسة 2, Модератор 2",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "people.csv": _PEOPLE, "halls.csv": _PLACES, "delegations.csv": _PLACES, "programme.csv": _PROGRAMME,
}  # fmt: skip
_SAME = str.maketrans({"ı": "i", "ة": "ه", "ى": "ي", "ـ": ""})


def folded(header: str) -> str:
    """Letters and digits alone, without case, accents and points: “E-posta Adresi:” is “epostaadresi”."""
    plain = unicodedata.normalize("NFKD", header[:200]).casefold()
    return "".join(c for c in plain if c.isalnum()).translate(_SAME)


def known(file: str, wanted: Sequence[str]) -> dict[str, str]:
    """By folded header, which of the wanted columns it is."""
    found: dict[str, str] = {}
    for column in wanted:
        stem, _, language = column.rpartition("_")
        names = _NAMES.get(file, {}).get(column, "").split(", ")
        if stem in _TEXTS and language in _LANGUAGES:
            for word in _TEXTS[stem].split(", "):
                for tongue in _LANGUAGES[language].split(", "):
                    names += [f"{word} {tongue}", f"{tongue} {word}"]
        for name in names:
            if name:
                found.setdefault(folded(name), column)
    return found | {folded(column): column for column in wanted}
