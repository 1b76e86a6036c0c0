"""German."""

from __future__ import annotations

import re

from chatbot.language.de_talk import GERMAN_TALK
from chatbot.language.de_telling import GERMAN_TELLING
from chatbot.language.language import Language, any_of, words
from chatbot.language.later import GERMAN_LATER
from chatbot.language.letters import CAPITALS, SMALL
from chatbot.language.stemming import german_stem

# Every noun has a capital; one behind an article, a pronoun or a numeral, with adjectives between, is not a name. A
# noun that stands alone counts as one: it then has to be in the evidence, which is the side to err on.
_DETERMINER = (
    r"(?i:de[rmns]|die|das|diese[mnrs]?|jede[mnrs]?|jene[mnrs]?|welche[mnrs]?|k?ein(?:e[mnrs]?)?|"
    r"(?:mein|dein|sein|ihr|unser|euer)(?:e[mnrs]?)?|eure[mnrs]?|i[mn]s|im|am|ans|beim|vom|zu[mr]|viele?|alle[mnrs]?|"
    r"manche[mnrs]?|einige[mnrs]?|mehrere[mnrs]?|wenige[mnrs]?|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\d+)"
)
_NOUN = rf"\b{_DETERMINER}\s+(?:[{SMALL}]+e[mnrs]?\s+){{0,2}}[{CAPITALS}][{SMALL}-]+"

_ASKED = (
    r"(?:(?:in|an|auf|von|mit|zu|für|aus|bei|nach) )?"
    r"(?:w(?:er|em|en|essen|as|ann|arum|eshalb|ieso|ie|o|ohin|oher|omit|oran|ozu)|welche[mnrs]?)"
)
_HAD = (
    r"(?:ist|sind|war|waren|wird|wurde|wurden|hat|haben|hatte|hatten|kann|können|konnte|gibt|gab) "
    r"(?:er|sie|es|man|der|die|das|eine?|sein|seine|ihr|ihre|(?-i:[A-ZÄÖÜ])\w+)"
)

_ONES = """null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn
siebzehn achtzehn neunzehn""".split()
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_BELOW_HUNDRED = {word: value for value, word in enumerate(_ONES)}
for _number, _ten in enumerate(_TENS, 2):
    _BELOW_HUNDRED[_ten] = 10 * _number
    _BELOW_HUNDRED |= {f"{'ein' if one == 1 else _ONES[one]}und{_ten}": 10 * _number + one for one in range(1, 10)}
_NUMERALS = _BELOW_HUNDRED | {
    f"{before}hundert{link}{word}": 100 * hundreds + value
    for hundreds, before in enumerate(("ein", *_ONES[2:]), 1)
    for link, rest in (("", {**_BELOW_HUNDRED, "": 0}), ("und", _BELOW_HUNDRED))
    for word, value in rest.items()
}
_IRREGULAR = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
_ORDINALS = {
    f"{_IRREGULAR.get(value, f'{word}t' if value < 20 else f'{word}st')}{ending}": value
    for word, value in _BELOW_HUNDRED.items()
    if value
    for ending in ("e", "er", "en", "es", "em")
}

GERMAN = Language(
    code="de",
    stem=german_stem,
    stopwords=words(
        """ab aber all alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf
        aus bei beim bin bis bist bitte bloß da dabei dadurch dafür dagegen daher dahin damit danach daran
        darauf daraus darin darum darunter darüber das dass davon davor dazu dein deine deinem deinen deiner
        deines dem den denkst denkt denn der deren des dessen dich die dies diese diesem diesen dieser dieses
        dir doch dort du durch ein eine einem einen einer eines einige einmal er erst es etwa etwas euch euer
        eure eurem euren eurer eures für gab gegen gehabt gewesen geworden gib gibt habe haben habt haltet hast
        hat hatte hatten hattest hattet her hier hin hinter hältst ich ihm ihn ihnen ihr ihre ihrem ihren ihrer
        ihres im in ins ist ja je jede jedem jeden jeder jedes jene jenem jenen jener jenes jetzt kann kannst
        kein keine keinem keinen keiner keines kennst kennt konnte konnten können könnt könnte man manche mehr
        mein meine meinem meinen meiner meines meinst meint mich mir mit muss musste mussten müssen nach nicht
        nichts noch nun nur ob oder ohne sag sage sagen sagt sagte schon sehr sei seid sein seine seinem seinen
        seiner seines seit selbst sich sie sind so solche soll sollen sollte sondern sonst um und uns unser
        unsere unserem unseren unserer unter viel vom von vor wann war waren warst wart warum was weil weiß
        weißt welche welchem welchen welcher welches wem wen wenig wenn wer werde werden weshalb wessen wie
        wieder wieso will wir wird wirst wisst wo wofür woher wohin wollen wollte womit woran worauf woraus
        worin worüber wovon wovor wozu wurde wurden wäre zu zum zur zwar zwischen über"""
    ),
    abbreviations=words(
        "hr fr dr prof st hl sel geb gest bzw ca usw etc vgl nr bd abt kap jh jhd chr dgl evtl ggf sog u.a z.b d.h"
    ),
    talk=GERMAN_TALK,
    telling=GERMAN_TELLING,
    second_person=words(
        """du dich dir dein deine deinem deinen deiner deines ihr euch euer eure eurem euren eurer eures"""
    ),
    in_third_person=(
        (re.compile(r"\b(?:[Dd]ein(?:e[mnrs]?)?|[Ee]uer|[Ee]ure[mnrs]?|(?<=[\w,] )Ihre[mnrs]?)\b"), "{name}s"),
        (re.compile(r"\b(?:[Dd]u|[Dd]ich|[Dd]ir|[Ee]uch|(?<=[\w,] )(?:Ihr|Sie|Ihnen))\b"), "{name}"),
    ),
    explaining=re.compile(
        r"\W*(?:und |aber )?(?:warum|wieso|weshalb|wozu|wie(?! (?:viele?|lange|alt|weit|oft|groß|hoch|tief|schwer)))\b",
        re.I,
    ),
    in_second_person={},  # the verbs would have to be conjugated
    referring=words(
        """er sie es ihn ihm ihnen sein seine seinem seinen seiner seines ihre ihrem ihren ihrer ihres dies diese diesem
        diesen dieser dieses jene jenem jenen jener jenes dort da dann dabei dadurch dafür dagegen daher damit danach
        daran darauf daraus darin darüber darum davon davor dazu dessen deren"""
    ),
    continuing=words("und aber also dann oder doch"),
    framing=re.compile(
        r"^(?:bitte,? )?(?:sag(?:e|t|en sie)? mir|erzähl(?:e|t|en sie)? mir|"
        r"(?:kannst du|könnt ihr|können sie) mir sagen|(?:weißt du|wisst ihr|wissen sie)|ich wüsste gern)"
        r"(?: bitte)?,? ",
        re.IGNORECASE,
    ),
    joining=re.compile(
        rf"[,;]?\s+(?:und|sowie|außerdem|auch|aber|dann|dazu)(?: (?:auch|dann|außerdem|zuletzt|bitte))*,?\s+"
        rf"(?=(?:{_ASKED}|{_HAD})\b)|\s*;\s*(?=(?:{_ASKED}|{_HAD}|und|auch)\b)|"
        rf"\s+(?:/|\||--?)\s+(?=(?:{_ASKED})\b)",
        re.IGNORECASE,
    ),
    listing=re.compile(
        rf",\s+(?=(?:{_ASKED}) (?:ist|sind|war|waren|hat|haben|hatte|hatten|wurde|wurden)\b)", re.IGNORECASE
    ),
    pairing=words("zwischen sowohl weder entweder ob"),
    saying=words(
        """sagte antwortete fragte rief erwiderte bemerkte entgegnete meinte fuhr murmelte flüsterte erklärte lachte
        begann versetzte wiederholte brummte seufzte schrie ergänzte gab setzte unterbrach"""
    ),
    somebody=r"(?:der|die|unser|unsere|sein|seine|ihr|ihre) \w+",
    first_person="ich",
    interrogative=any_of(
        "w(?:er|em|en|essen|as|ann|arum|eshalb|ieso|ie|o|ohin|oher|omit|oran|orin|orauf|ozu)", "welche[mnrs]?"
    ),
    name=re.compile(rf"{_NOUN}|\b([{CAPITALS}][^\W\d_]*(?:['-][^\W\d_]+)*)"),
    name_in_question=re.compile(rf"{_NOUN}|(?<!^)(?<![.!?\"'] )\b([{CAPITALS}][{SMALL}]{{2,}})"),
    known_names=words(
        """ich du er sie es wir ihr ihnen ihre ihrem ihren ihrer euch euer eure herr herrn frau gott gottes himmel"""
    ),
    before_name=words(
        """nichts niemand jemand etwas keiner jeder viele wenige einige manche andere beide gestern heute morgen
        damals dann danach dort hier da so nun jetzt bald oft nie niemals immer manchmal vielleicht gewiss
        wohl sicher freilich leider deshalb darum daher trotzdem dennoch zuerst zuletzt schließlich endlich
        später früher darüber davon hierzu hierüber ja nein doch auch nur noch schon sonst bisher seither
        seitdem zwei drei vier fünf sechs sieben acht neun zehn hunderte tausende"""
    ),
    after_name=re.compile(
        r" (?:ist|war|sind|waren|hat|hatte|haben|hatten|wurde|"
        r"wird|kam|ging|goss|sagte|nahm|gab|fand|stahl|schrieb|starb|stand|lebte|tat|ließ|ließen|\w{2,}te|\w{2,}ten)\b|"
        rf" (?:und|oder|von|aus) [{CAPITALS}]|[.!?]*$"
    ),
    numerals=_NUMERALS | _ORDINALS,
    ordinals=frozenset(_ORDINALS),
    scales={"hundert": 100, "tausend": 1000, "million": 1_000_000, "millionen": 1_000_000, "dutzend": 12},
    linking=words("und"),
    declining=(
        any_of(
            r"wei(?:ß|ss) ich (?:\w+ ){0,2}nichts?",
            r"ich wei(?:ß|ss) (?:\w+ ){0,3}nichts?",
            r"(?:sag|verrat|verrät|verzeichn|erwähn|enth[aä]lt|nenn|bericht|meld|vermerk)\w* "
            r"(?:\w+ ){0,2}(?:nichts|nicht|kein\w*)",
            r"steh\w* (?:\w+ ){0,3}nichts",
            r"nichts (?:davon|darüber|hierüber|dazu|hierzu|dergleichen|verzeichnet|aufgezeichnet|vermerkt)",
            r"(?:schweig(?:t|en)|stumm|verstumm(?:t|en))",
            r"keine?n? (?:eintrag|aufzeichnung|vermerk|nachricht|kunde|notiz|wort|zeile|antwort)",
            r"(?:will|werde|mag|kann|darf) (?:\w+ ){0,2}nicht (?:raten|erfinden|erdichten|sagen|mutmaßen|beantworten)",
            r"nicht (?:bekannt|überliefert|aufgeschrieben|verzeichnet|vermerkt)",
        ),
    ),
    hypothetical="Schreibe einen Satz aus einem Buch, der diese Frage beantwortet: {question}",
    restriction="Die Antwort auf diese Frage steht in dem Abschnitt oben.",
    remembered="Was du mir am {day}. {month} {year} gesagt hast",
    hyphened_compounds=False,
    months=tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
    visitor="der Gast",
    friend="lieber Gast",
    later=GERMAN_LATER,
    capitals=frozenset(),
    prefixes=tuple("un ver zer ent er be ge vor nach auf ab an aus ein über unter mit zu um".split()),
    suffixes=tuple("lich los haft ung ungen heit keit sam bar isch er erin erinnen chen lein e en n s es".split()),
    compound_links=("", "s", "es", "n", "en", "er", "e"),
    nouns_have_capitals=True,
)
