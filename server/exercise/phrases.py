"""What people write in the exercise, in five languages. Nobody in it exists, and nothing in it happened."""

from server.vocabulary import SiteType

SITE_NAMES: dict[str, dict[SiteType, str]] = {
    "es": {
        SiteType.RES_HOUSE: "la casa", SiteType.RES_APT: "el edificio", SiteType.EDU_SCHOOL: "la escuela", SiteType.EDU_PRE: "el jardín de infantes",
        SiteType.HEA_HOSP: "el hospital", SiteType.HEA_CLINIC: "la policlínica", SiteType.HEA_PHARM: "la farmacia", SiteType.FOO_MARKET: "el mercado",
        SiteType.WSH_STORE: "el tanque de agua", SiteType.ENE_SUB: "la subestación eléctrica", SiteType.TRA_BRIDGE: "el puente", SiteType.CUL_RELIG: "la iglesia",
    },
    "en": {
        SiteType.RES_HOUSE: "the house", SiteType.RES_APT: "the apartment block", SiteType.EDU_SCHOOL: "the school", SiteType.EDU_PRE: "the kindergarten",
        SiteType.HEA_HOSP: "the hospital", SiteType.HEA_CLINIC: "the clinic", SiteType.HEA_PHARM: "the pharmacy", SiteType.FOO_MARKET: "the market",
        SiteType.WSH_STORE: "the water tower", SiteType.ENE_SUB: "the substation", SiteType.TRA_BRIDGE: "the bridge", SiteType.CUL_RELIG: "the church",
    },
    "fr": {
        SiteType.RES_HOUSE: "la maison", SiteType.RES_APT: "l'immeuble", SiteType.EDU_SCHOOL: "l'école", SiteType.EDU_PRE: "la maternelle",
        SiteType.HEA_HOSP: "l'hôpital", SiteType.HEA_CLINIC: "le dispensaire", SiteType.HEA_PHARM: "la pharmacie", SiteType.FOO_MARKET: "le marché",
        SiteType.WSH_STORE: "le château d'eau", SiteType.ENE_SUB: "le poste électrique", SiteType.TRA_BRIDGE: "le pont", SiteType.CUL_RELIG: "l'église",
    },
    "uk": {
        SiteType.RES_HOUSE: "будинок", SiteType.RES_APT: "багатоповерхівка", SiteType.EDU_SCHOOL: "школа", SiteType.EDU_PRE: "дитячий садок",
        SiteType.HEA_HOSP: "лікарня", SiteType.HEA_CLINIC: "поліклініка", SiteType.HEA_PHARM: "аптека", SiteType.FOO_MARKET: "ринок",
        SiteType.WSH_STORE: "водонапірна вежа", SiteType.ENE_SUB: "підстанція", SiteType.TRA_BRIDGE: "міст", SiteType.CUL_RELIG: "церква",
    },
    "ar": {
        SiteType.RES_HOUSE: "المنزل", SiteType.RES_APT: "العمارة السكنية", SiteType.EDU_SCHOOL: "المدرسة", SiteType.EDU_PRE: "الروضة",
        SiteType.HEA_HOSP: "المستشفى", SiteType.HEA_CLINIC: "العيادة", SiteType.HEA_PHARM: "الصيدلية", SiteType.FOO_MARKET: "السوق",
        SiteType.WSH_STORE: "خزان المياه", SiteType.ENE_SUB: "محطة الكهرباء الفرعية", SiteType.TRA_BRIDGE: "الجسر", SiteType.CUL_RELIG: "الكنيسة",
    },
}  # fmt: skip

OTHER_SITE = {"es": "el lugar", "en": "the place", "fr": "le bâtiment", "uk": "будівля", "ar": "المبنى"}

# {site}, {number} and {street} are filled in; the five grades from none to destroyed.
SENTENCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "es": (
        ("Revisé {site} {number} en calle {street}: no se ve nada roto.",),
        (
            "Vidrios rotos en {site} {number}, calle {street}.",
            "En {site} {number} de calle {street} se rompieron ventanas y parte del techo.",
        ),
        (
            "Se voló el techo de {site} {number}, calle {street}. Sigue en pie.",
            "{site} {number}, calle {street}: grietas grandes y una pared dañada.",
        ),
        (
            "Se cayó una parte de {site} {number}, calle {street}. No entren.",
            "Incendio en {site} {number}, calle {street}, quedó quemado por dentro.",
        ),
        (
            "{site} {number}, calle {street}, está destruido. Se cayó casi todo.",
            "No queda nada de {site} {number} en calle {street}.",
        ),
    ),
    "en": (
        ("I looked at {site} {number} on street {street}: nothing is broken.",),
        (
            "Broken windows at {site} {number}, street {street}.",
            "Some roof tiles gone at {site} {number}, street {street}.",
        ),
        (
            "The roof of {site} {number} on street {street} is gone, it still stands.",
            "Large cracks in {site} {number}, street {street}.",
        ),
        (
            "Part of {site} {number}, street {street}, fell down.",
            "{site} {number} on street {street} is burnt out, unsafe.",
        ),
        ("{site} {number} on street {street} is destroyed.", "Nothing is left of {site} {number}, street {street}."),
    ),
    "fr": (
        ("J'ai regardé {site} {number}, rue {street} : rien de cassé.",),
        ("Vitres brisées à {site} {number}, rue {street}.", "Quelques tuiles tombées, {site} {number}, rue {street}."),
        (
            "Le toit de {site} {number}, rue {street}, est parti.",
            "Grandes fissures dans {site} {number}, rue {street}.",
        ),
        ("Une partie de {site} {number}, rue {street}, s'est effondrée.", "{site} {number}, rue {street}, a brûlé."),
        ("{site} {number}, rue {street}, est détruit.", "Il ne reste rien de {site} {number}, rue {street}."),
    ),
    "uk": (
        ("Оглянули: {site} {number}, вулиця {street}, нічого не зламано.",),
        (
            "Вибиті вікна: {site} {number}, вулиця {street}.",
            "{site} {number}, вулиця {street}: пошкоджено частину покрівлі.",
        ),
        ("Зірвало дах: {site} {number}, вулиця {street}. Стоїть.", "Великі тріщини, {site} {number}, вулиця {street}."),
        (
            "Обвалилася частина: {site} {number}, вулиця {street}.",
            "{site} {number}, вулиця {street}, вигоріло всередині.",
        ),
        ("{site} {number}, вулиця {street}, зруйновано.", "Від {site} {number} на вулиці {street} нічого не лишилося."),
    ),
    "ar": (
        ("نظرت إلى {site} رقم {number} في شارع {street}: لا شيء مكسور.",),
        (
            "نوافذ محطمة في {site} رقم {number}، شارع {street}.",
            "سقط جزء من القرميد في {site} رقم {number}، شارع {street}.",
        ),
        ("طار سقف {site} رقم {number}، شارع {street}.", "شقوق كبيرة في {site} رقم {number}، شارع {street}."),
        ("انهار جزء من {site} رقم {number}، شارع {street}.", "احترق {site} رقم {number} في شارع {street} من الداخل."),
        ("{site} رقم {number} في شارع {street} مدمر.", "لم يبق شيء من {site} رقم {number}، شارع {street}."),
    ),
}

WITHOUT_PLACE = {
    "es": "Detrás de la terminal vieja, {site} {number}. No sé la dirección.",
    "en": "Behind the old bus station, {site} {number}. I do not know the address.",
    "fr": "Derrière l'ancienne gare, {site} {number}. Je ne connais pas l'adresse.",
    "uk": "За старою автостанцією, {site} {number}. Адреси не знаю.",
    "ar": "خلف المحطة القديمة، {site} رقم {number}. لا أعرف العنوان.",
}


def sentence(lang: str, grade: int, site_type: SiteType, number: int, street: int, choice: int) -> str:
    """One sentence of a witness in ``lang`` about a site of a made-up address with damage ``grade`` 0–4."""
    ways = SENTENCES[lang][grade]
    return _filled(ways[choice % len(ways)], lang, site_type, number, street)


def without_place(lang: str, site_type: SiteType, number: int) -> str:
    """What somebody writes who does not know where it was."""
    return _filled(WITHOUT_PLACE[lang], lang, site_type, number, 0)


def _filled(pattern: str, lang: str, site_type: SiteType, number: int, street: int) -> str:
    site = SITE_NAMES[lang].get(site_type, OTHER_SITE[lang])
    words = pattern.format(site=site, number=number, street=street)
    return words[0].upper() + words[1:]
