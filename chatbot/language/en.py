"""English."""

from __future__ import annotations

import re

from chatbot.language.en_altering import ENGLISH_ALTERING
from chatbot.language.en_talk import ENGLISH_TALK
from chatbot.language.en_telling import ENGLISH_TELLING
from chatbot.language.language import Language, any_of, words
from chatbot.language.later import ENGLISH_LATER
from chatbot.language.letters import CAPITALS, SMALL
from chatbot.language.stemming import english_stem

_ASKED = r"(?:(?:in|of|to|from|at|by|with|for|on|under|as|about) )?(?:who|whom|whose|which|what|where|when|why|how)"
_HAD = (
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would) "
    r"(?:he|she|it|they|you|there|the|his|her|their|an?|(?-i:[A-Z])\w+)"
)

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMERALS = {word: value for value, word in enumerate(_ONES)} | {
    word: 20 + 10 * number for number, word in enumerate(_TENS)
}
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_ORDINALS = {
    _IRREGULAR.get(
        word, "twelfth" if word == "twelve" else word.removesuffix("y") + ("ieth" if word[-1] == "y" else "th")
    ): value
    for word, value in _NUMERALS.items()
}

ENGLISH = Language(
    code="en",
    stem=english_stem,
    stopwords=words(
        """a an and are as at be been but by can could did do does doing done for from had has have having he her hers
        him his how i if in into is it its just me more most my no nor not of off on once only or other our out over
        own shall she should so some such than that the their them then there these they this those through to too
        under until up upon us very was we were what when where which while who whom whose why will with would you your
        yours ever please tell about know say said mr mrs am also any get got let may might much must"""
    ),
    abbreviations=words(
        """mr mrs ms dr st col capt prof rev hon sen jr sr esq lt sgt gen maj messrs mme mlle no vol p pp etc viz inst
        ult co bros"""
    ),
    talk=ENGLISH_TALK,
    telling=ENGLISH_TELLING,
    second_person=words("you your yours yourself"),
    in_third_person=(
        (re.compile(r"\b[Yy]our(?:s)?\b"), "{name}'s"),
        (re.compile(r"\b[Yy]ou(?:rself)?\b"), "{name}"),
    ),
    in_second_person={
        "i am": "you are",
        "i'm": "you are",
        "am i": "are you",
        "i was": "you were",
        "i've": "you have",
        "i'd": "you would",
        "i'll": "you will",
        "i": "you",
        "me": "you",
        "my": "your",
        "mine": "yours",
        "myself": "yourself",
        "i wasn't": "you were not",
        "call me": "I am to call you",
        "we": "you",
        "we're": "you are",
        "we've": "you have",
        "we'd": "you would",
        "we'll": "you will",
        "us": "you",
        "our": "your",
        "ours": "yours",
        "ourselves": "yourselves",
        "you are": "I am",
        "you're": "I am",
        **{f"{word} you": f"{word} I" for word in ("as", "that", "if", "when", "because", "what", "how", "who")},
        "you": "me",
        "your": "my",
        "yours": "mine",
    },
    explaining=re.compile(
        r"\W*(?:and |but |so )?(?:why|how(?! (?:many|much|long|old|far|often|big|tall|high|deep|large|heavy|fast)))\b",
        re.I,
    ),
    referring=words(
        """he she it they him her them his hers its their that this these those there then one ones who's one's"""
    ),
    continuing=words("and but so then or"),
    framing=re.compile(
        r"^(?:(?:please|pray),? )?"
        r"(?:tell me|can you tell me|could you tell me|do you (?:know|remember|recall)|i wonder)(?: please)?,? |"
        r"^in [^,]{3,40}, ",
        re.IGNORECASE,
    ),
    joining=re.compile(
        rf"[,;]?\s+(?:and|&|also|plus|but|then|as well as)(?: (?:also|then|finally|lastly|secondly|please))*,?\s+"
        rf"(?=(?:{_ASKED}|{_HAD}|the one|tell me|explain|describe)\b)|"
        rf"\s*;\s*(?=(?:{_ASKED}|{_HAD}|another|also|and)\b)|\s+(?:/|\||--?)\s+(?=(?:{_ASKED})\b)|"
        rf",\s+(?=(?:where|when|why|how|what) {_HAD})",
        re.IGNORECASE,
    ),
    listing=re.compile(rf",\s+(?=(?:{_ASKED}) (?:is|are|was|were|do|does|did|has|have|had)\b)", re.IGNORECASE),
    pairing=words("between both whether either neither"),
    saying=words(
        """said remarked answered asked cried replied observed continued murmured returned muttered whispered exclaimed
        explained laughed chuckled shouted began suggested resumed interrupted added snapped ejaculated demanded called
        growled retorted repeated commented admitted inquired enquired responded groaned gasped roared sighed
        interposed persisted"""
    ),
    somebody=r"(?:the|our|his|her) \w+",
    first_person="i",
    altering=ENGLISH_ALTERING,
    interrogative=any_of("which", "who", "whom", "whose", "what", "where", "when", "why", "how"),
    name=re.compile(rf"\b([{CAPITALS}][^\W\d_]*(?:['-][^\W\d_]+)*)"),
    name_in_question=re.compile(rf"(?<!^)(?<![.!?\"'] )\b([{CAPITALS}][{SMALL}]{{2,}})"),
    known_names=words("""i i'm i'll i've i'd mr mrs miss dr sir madam god heaven"""),
    before_name=words(
        """nothing nobody everything everybody everyone something somebody someone anything anybody anyone
        nowhere perhaps here others another people neither either both each half many several few little much
        less none enough today tonight tomorrow yesterday time yes no yet still thus hence next finally later
        often sometimes never always indeed alas however moreover quite even maybe please elementary evidently
        certainly precisely exactly truly really surely clearly thereupon therefore notes mine ours theirs
        yours silence thanks observe mark note pray come tell good excellent two three four five six seven
        eight nine ten hundreds thousands dozens rather nay aye well so now hm ah oh"""
    ),
    after_name=re.compile(
        r"'s\b|,? (?:who|whose|whom|which|where)\b| (?:is|was|were|are|has|had|did|does|will|would|could|can|said|says|"
        r"told|came|went|took|made|found|kept|stole|shot|hid|knew|saw|gave|wrote|led|left|lit|ran|fled|held|built|bought|sold|brought|met|sent|stood|spoke|heard|"
        r"drove|rode|broke|fell|threw|struck|won|lost|paid|put|cut|set|became|began|\w{2,}ed)\b|"
        rf" (?:and|or|of) [{CAPITALS}]|[.!?]*$"
    ),
    numerals=_NUMERALS | _ORDINALS,
    ordinals=frozenset(_ORDINALS),
    scales={"hundred": 100, "hundredth": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12},
    linking=words("and"),
    declining=(
        any_of(
            "do(?:es)? not (?:hold|say|tell|know|record|contain|answer|mention|give|name|state)",
            "(?:is|are|am|be|stand) silent",
            "nothing (?:upon|of|about|on|there|in my|that)",
            "no (?:record|note|mention|word|entry|line) (?:of|upon|on|about|in|there)",
            "will not (?:guess|invent|say|pretend)",
            "cannot (?:say|tell|answer)",
            "(?:never|not|no) (?:guess|conjecture)",
            "i do not know",
        ),
    ),
    hypothetical="Write one sentence from a book that answers this question: {question}",
    restriction="The answer to this question stands in the passage above.",
    remembered="What you told me on {month} {day}, {year}",
    months=tuple("January February March April May June July August September October November December".split()),
    visitor="the visitor",
    friend="my friend",
    later=ENGLISH_LATER,
    capitals=words(
        """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
        september october november december christmas yuletide easter michaelmas whitsun lent advent english
        british scottish scotch irish welsh french german italian spanish portuguese dutch belgian swiss austrian
        hungarian polish russian turkish greek roman latin egyptian indian chinese japanese american canadian australian
        african european asian oriental christian catholic protestant anglican jewish muslim hindu buddhist bible
        georgian tudor gothic englishman englishmen englishwoman frenchman frenchwoman scotsman irishman
        londoner lordship ladyship majesty highness parliament god lord lady sir doctor inspector colonel captain
        professor britain england scotland ireland wales europe"""
    ),
    places=words(
        """africa america asia australia austria belgium brazil bulgaria canada chile china cuba denmark egypt finland
        france germany greece holland hungary iceland india italy jamaica japan kenya korea mexico morocco netherlands
        nigeria norway persia peru poland portugal romania russia serbia siam spain sweden switzerland turkey ukraine
        amsterdam athens belfast berlin birmingham bombay boston brighton bristol brussels cairo calcutta cambridge
        cardiff chicago cologne constantinople delhi dublin edinburgh florence geneva glasgow hamburg leeds lisbon
        liverpool madrid manchester melbourne milan montreal moscow munich naples oxford paris rome sydney tokyo
        toronto venice vienna washington york yorkshire zurich new los angeles san south north"""
    ),
    prefixes=tuple("un re non over under out mis fore pre dis in im inter counter".split()),
    suffixes=tuple(
        "less ness ly able ably like ish er ers or ful fully wise ment ments s es ed ing ings y ier".split()
    ),
)
