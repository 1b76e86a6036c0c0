"""How German visitors speak of themselves."""

from __future__ import annotations

import re

from chatbot.language.telling import Correcting, Relations, Telling, found, rule, same, whole

_NOW = r"(?: (?:jetzt|nun|noch|nur|auch|gerade|inzwischen|derzeit|seit \w+|immer|sehr|nicht|nicht mehr))*"
_MY = r"\b(?:mein|meine|meinen|meinem|meiner|unser|unsere|unseren)"
_KIN = (
    r"(?:(?:stief|halb|groß|schwieger|zwillings)?(?:schwester|bruder|mutter|vater|sohn|tochter|eltern)n?|brüder|söhne|"
    r"töchter|kind(?:er)?|frau|mann|tante|onkel|vetter|base|nichte|neffe|verlobter?|familie)"
)
_PET = r"(?:hund|hündin|katze|kater|pferd|pony|vogel|kanarienvogel|papagei|kaninchen|ziege|huhn|hühner|katzen|hunde)"
_WORK = (
    r"(?:\w*(?:arzt|ärztin|macher(?:in)?|meister(?:in)?|lehrer(?:in)?|händler(?:in)?|pfleger(?:in)?|wirt(?:in)?|"
    r"schwester|mann|hüter(?:in)?|binder(?:in)?|gießer|setzer(?:in)?|bauer|bäuerin|bauerin)|apotheker(?:in)?|"
    r"bäcker(?:in)?|"
    r"botaniker(?:in)?|buchhändler(?:in)?|dichter(?:in)?|drucker(?:in)?|fischer(?:in)?|förster(?:in)?|gärtner(?:in)?|"
    r"goldschmied(?:in)?|hebamme|jäger(?:in)?|koch|köchin|maler(?:in)?|maurer|müller(?:in)?|musiker(?:in)?|"
    r"pfarrer(?:in)?|"
    r"priester|richter(?:in)?|schäfer|schmied(?:in)?|schneider(?:in)?|schreiber(?:in)?|schreiner(?:in)?|schuster|"
    r"soldat|"
    r"steinmetz|student(?:in)?|tischler(?:in)?|weber(?:in)?|zimmermann)"
)

_VALUE = r"[^,.;!?]{1,60}?"
_SORRY = r"\W*(?:(?:nein|verzeihung|entschuldigung|doch|ach|also|eigentlich|ich habe mich geirrt)[,:;.!]* +)*"

GERMAN_TELLING = Telling(
    rules=(
        rule(
            "name",
            "name",
            r"\bich (?:heiße|heisse|werde \w+ genannt)\b|\bmein (?:\w+ )?name ist\b|\bman nennt mich\b|\bnenn(?:t|"
            r"en sie|e)? mich\b",
            r"^(?:nun,? |ja,? )?ich bin (?:(?:herr|frau|schwester|bruder|meister) )?(?-i:[A-ZÄÖÜ][a-zäöüß]+)"
            r"(?: (?:von |aus )?(?-i:[A-ZÄÖÜ][\w-]+)){1,2}(?:[,.!]| und\b|$)",
        ),
        rule(
            "home",
            "home",
            rf"\bich{_NOW} (?:wohne|lebe|lebte|wohnte|ziehe|zog)\b{_NOW} (?:in|bei|an|am|auf|im|nach|nahe)\b",
            r"\bich bin (?:\w+ )?(?:nach|in) .{1,40} (?:gezogen|umgezogen)\b",
            rf"\bich{_NOW} (?:komme|stamme|bin) (?:\w+ )?aus\b",
        ),
        rule("origin", "origin", r"\bich (?:bin|wurde) .{0,40}(?:geboren|aufgewachsen)\b"),
        rule("age", "age", r"\bich bin \w+ jahre\b|\bich bin \d+"),
        rule("birthday", "birthday", r"\bmein geburtstag\b"),
        rule("called", "called:{of}", rf"{_MY} (?P<of>\w+(?: \w+)?) heiß(?:t|en)\b"),
        rule(
            "home",
            "home:{of}",
            rf"{_MY} (?P<of>{_KIN})\b(?: (?-i:[A-ZÄÖÜ]\w+))? (?:wohnt|lebt|ist nach .{{1,40}} gezogen)\b",
        ),
        rule("family", "marital", r"\bich bin (?:verheiratet|ledig|verlobt|verwitwet|geschieden|witwer?)\b"),
        rule("family", "", rf"{_MY} (?:\w+ )?{_KIN}\b", rf"\bich habe (?:\w+ ){{1,2}}{_KIN}\b"),
        rule(
            "work",
            "work",
            rf"\bich{_NOW} (?:bin|arbeite als|werde)\b{_NOW} (?:(?:als|ein|eine|der|die) )?{_WORK}\b",
            r"\bmein (?:beruf|handwerk|amt) ist\b|\bich arbeite als\b",
        ),
        rule("work", "work at", rf"\bich{_NOW} (?:arbeite|diene|lehre|studiere)\b"),
        rule("pet", "", rf"{_MY} (?:\w+ )?{_PET}\b", rf"\bich (?:habe|halte|besitze) (?:\w+ ){{1,2}}{_PET}\b"),
        rule("taste", "favourite:{of}", r"\bmeine? (?P<of>lieblings\w+)"),
        rule(
            "taste",
            "taste:{of}",
            r"\bich (?:mag|liebe|hasse|verabscheue|bevorzuge|esse|trinke)(?: (?:sehr|gern|gerne|keinen?|"
            r"am liebsten|lieber|den|die|das|nicht))*"
            r" (?!dich\b|euch\b|sie\b|es\b)(?P<of>\w+)",
        ),
        rule(
            "plan",
            "",
            r"\bich (?:werde|will|möchte|reise|fahre|gehe|plane|heirate|verreise)\b.{0,60}\b(?:morgen|bald|"
            r"nächste[nrs]?|"
            r"im|am|nach|in)\b",
        ),
    ),
    besides=(
        rule(
            "work",
            "",
            r"\bich (?:repariere|verkaufe|unterrichte|backe|braue|züchte|übersetze|fahre (?:Lkw|Taxi|Bus))\b",
        ),
        rule("home", "", r"\bich (?:repariere|verkaufe|unterrichte|backe|studiere)\b[\w ,'-]* in (?-i:[A-ZÄÖÜ])"),
    ),
    asks={
        "name": found(r"(?:heiße|hieß) ich", r"ich (?:heiße|hieß)", r"mein\w* namen?", r"wer (?:bin ich|ich bin)"),
        "home": found(
            r"(?:wohne|lebe|komme|stamme) ich",
            r"ich (?:wohne|lebe|komme|stamme)",
            r"meine? (?:wohnung|heimat|haus|adresse|wohnort)",
        ),
        "origin": found(r"(?:bin|wurde) ich .{0,20}geboren", r"mein\w* geburtsort"),
        "age": found(r"mein\w* alter", r"wie alt (?:bin ich|ich bin)"),
        "birthday": found(r"mein\w* geburtstag"),
        "work": found(
            r"mein\w* (?:beruf|arbeit|handwerk|amt)",
            r"arbeite ich",
            r"ich arbeite",
            r"bin ich von beruf",
            r"mache ich beruflich",
        ),
        "taste": found(r"mein\w* lieblings\w*", r"(?:mag|liebe|hasse) ich"),
        "plan": found(r"meine? pl[aä]ne?n?", r"(?:habe|hatte) ich vor", r"(?:fahre|reise|gehe) ich"),
    },
    questions={
        "name": "Wie heiße ich?",
        "home": "Wo wohne ich?",
        "work": "Was ist mein Beruf?",
        "age": "Wie alt bin ich?",
    },
    asks_about=re.compile(
        r"\b(?:über|von) (?P<about>.+?) (?:gesagt|erzählt|erwähnt)\b|\b(?:gesagt|erzählt) (?:über|von) (?P<of>.+)",
        re.IGNORECASE,
    ),
    asks_called=found(r"heiß(?:t|en) mein\w* (?P<of>\w+)", r"name mein\w+ (?P<whose>\w+)"),
    everything=found(
        r"(?:erinner|entsinn)\w* (?:du|ihr|sie) (?:dich|euch|sich) (?:noch )?an mich",
        r"(?:weißt|wisst|wissen) (?:du|ihr|sie) (?:noch )?(?:über mich|von mir)",
        r"wer (?:bin ich|ich bin)",
        r"was (?:habe ich|ich) (?:dir|euch|ihnen) (?:alles )?(?:gesagt|erzählt)(?: habe)?(?=\W*$)",
    ),
    heads=(),
    cuts=(
        (re.compile(r"[,;]? (?:und|aber|doch) (?=(?:ich|mein|meine|unser|unsere)\b)", re.I), ".\n"),
        (
            re.compile(
                r"\b(ich)\b([^.\n]*?),? und (?=(?:wohne|lebe|arbeite|komme|bin|habe|halte|mag|liebe|züchte|spiele|"
                r"sammle|reise|fahre)\b)",
                re.I,
            ),
            r"\1\2.\n\1 ",
        ),
    ),
    idle=re.compile(
        r"\W*(?:(?:nun|ja|nein|und|aber|ach|also),? )*(?:ich (?:denke|glaube|meine|vermute|weiß|wusste|sehe|"
        r"verstehe|frage|fragte|sagte|sage|höre|"
        r"hörte|danke|bitte|hoffe|wünsche|möchte wissen|will wissen|wollte|dachte|erinnere)\b|"
        r"ich bin (?:sicher|froh|dankbar|neugierig|gespannt|überrascht)\b|mir scheint|meine frage)",
        re.I,
    ),
    changing=found(
        r"nicht mehr",
        r"kein\w* mehr",
        r"doch nicht",
        r"stattdessen",
        r"früher",
        r"umgezogen",
        r"gezogen",
        r"aufgegeben",
        r"verkauft",
        r"verloren",
        r"gestorben",
        r"gekündigt",
        r"abgesagt",
        r"ich habe mich (?:geirrt|vertan)",
        r"ich meinte",
        r"inzwischen",
        r"eigentlich",
        r"tatsächlich",
        r"ist tot",
    ),
    renewing=found(
        r"jetzt|nun|heute|heutzutage|neuerdings|seit\w*|mittlerweile|letzte woche|gestern|neue\w*|nur noch",
        r"(?:habe|hat|haben|bin|ist|sind|wurde\w*)\b.*\bge\w+(?:t|en)",
        r"(?:geworden|begonnen|bekommen|verschoben|entlassen|verlobt|befördert)",
    ),
    naming=re.compile(
        r"(?:und )?(?:ich|wir) (?:nenne|nennen|nannte|nannten|taufte|tauften) (?:ihn|sie|es) (?-i:[A-ZÄÖÜ])[\w'-]+\W*$",
        re.I,
    ),
    going_on=found(r"nicht mehr", r"kein\w* mehr", r"früher"),
    correcting=Correcting(
        patterns=(
            re.compile(
                rf"{_SORRY}nicht (?P<old>{_VALUE}), (?:sondern )?(?:in |nach |am |um )?(?P<new>{_VALUE})[.!]*$", re.I
            ),
            re.compile(
                rf"{_SORRY}(?:es|das) (?:ist|war|heißt) (?:jetzt |nun )?(?P<new>{_VALUE}),? (?:und )?nicht "
                rf"(?P<old>{_VALUE})[.!]*$",
                re.I,
            ),
            re.compile(rf"{_SORRY}(?:ich meinte|ich meine) (?P<new>{_VALUE})[.!]*$", re.I),
            re.compile(rf"{_SORRY}(?:es|das) ist (?:jetzt|nun|inzwischen) (?P<new>{_VALUE})[.!]*$", re.I),
        ),
        denying=re.compile(rf"{_SORRY}nicht (?P<old>{_VALUE})[.!]*$", re.I),
        filler=frozenset("der die das den dem ein eine einen einem in im am an um nach aus von zu".split()),
        placeholder=frozenset(),
    ),
    relations=Relations(
        named=(
            re.compile(
                rf"{_MY} (?:\w+ )?(?P<of>{_KIN}|{_PET})(?:,? (?:heißt|namens)|,)? (?P<name>(?-i:[A-ZÄÖÜ])[\w'-]+)", re.I
            ),
        ),
        his=re.compile(r"\b(?:mein|unser)\w* (?P<of>\w+(?: \w+)?)", re.I),
        alike=same(
            "kind: sohn tochter",
            "kinder: sohn söhne tochter töchter",
            "eltern: vater mutter",
            "geschwister: bruder schwester brüder",
            "hund hündin",
            "katze kater",
            "arzt ärztin",
        ),
        naming=frozenset("name namen".split()),
        persons=found(
            _KIN, _PET, r"(?:freund|nachbar|lehrer|meister|arzt|ärztin|wirt|magd|knecht)(?:in)?(?:nen|e|en|s)?"
        ),
        asks_who=re.compile(r"\bwer ist mein\w* (?P<of>\w+)\W*$", re.I),
        doing=re.compile(r"\b(?:bin|habe|hatte|war|tue|mache|mag|kann|will|muss|\w+e) ich\b", re.I),
    ),
    needs=(
        (
            re.compile(r"\b(?:wann|an welchem tag|in welchem (?:monat|jahr))\b", re.I),
            re.compile(
                r"\d|\b(?:\w+tags?|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|"
                r"frühling|frühjahr|sommer|herbst|winter|ostern|weihnachten|gestern|heute|morgen|abend|nacht|woche|"
                r"monat|"
                r"jahr|nächste\w*|letzte\w*|seit|vor)\b",
                re.I,
            ),
        ),
    ),
    forget_last=whole(
        r"(?:bitte )?vergiss (?:das|es|dies)(?: wieder| bitte| gleich)*",
        r"(?:bitte )?(?:vergesst|vergessen sie) (?:das|es|dies)(?: wieder| bitte)*",
        r"(?:bitte )?(?:vergiss|vergesst|vergessen sie),? was ich (?:gerade |eben |zuletzt )?(?:dir |euch |"
        r"ihnen )?(?:gerade |eben |zuletzt )?(?:gesagt|erzählt) habe",
    ),
    forget_all=whole(
        r"(?:bitte )?(?:vergiss|vergesst|vergessen sie) (?:bitte )?(?:alles|mich)(?:,? was ich (?:dir |euch |"
        r"ihnen )?(?:je )?(?:gesagt|erzählt) habe)?(?: über mich)?",
    ),
    forget=re.compile(
        r"\W*(?:bitte )?(?:vergiss|vergesst|vergessen sie)(?: bitte)?,? (?:(?:was|alles,? was) ich (?:dir|euch|"
        r"ihnen) (?:über|von) (?P<about>.+?) (?:gesagt|erzählt) habe|"
        r"(?P<mine>meine?[nmrs]? .+)|(?:dass|wo|was|wie|wann|wer) (?P<that>(?:ich|mein\w*|wir)\b.+))",
        re.I,
    ),
    name_is="Ich heiße {name}.",
    forgotten="Es ist vergessen.",
)
