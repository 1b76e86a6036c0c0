"""How English visitors speak of themselves."""

from __future__ import annotations

import re

from chatbot.language.en_changing import ENGLISH_CHANGING, ENGLISH_RENEWING
from chatbot.language.en_correcting import ENGLISH_CORRECTING
from chatbot.language.en_relations import DET, ENGLISH_RELATIONS, KIN, PET
from chatbot.language.en_trades import ENGLISH_BESIDES, NOW, SELF, WORK
from chatbot.language.telling import Telling, found, rule, whole

_AT = r"(?:in|at|on|near|outside|above|behind|by|over|to|into|beside|opposite|close to|not far from)"
_NUMBER = (
    r"(?:\d+|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
_FEW = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+)(?= at home\b| now\b| of us\b|[,.!]|$)"
# What stands behind a comma or "and" and is a statement of its own: "my laptop" is none.
_CLAUSE = (
    r"(?:i|i'm|i've|i'd|i'll)\b|we(?:'re|'ve)?\b (?!both\b)|(?:my|our) (?:[\w-]+ ){1,3}?(?:is|are|was|were|has|have|"
    r"had|does|"
    r"will|can|\w+(?:es|ed)|lives|works|keeps|plays|likes|loves|hates|wants|sings|paints|runs|makes|sells|reads|"
    r"writes)\b|"
    r"(?:my|our) \w+(?:'s| is| are| was| has)\b"
)

_AT_HOME = r"(?:mother|father|mum|mummy|mom|mama|papa|dad|daddy|gran|granny|grandma|grandpa|grandad|nan)"

ENGLISH_TELLING = Telling(
    rules=(
        rule(
            "name",
            "name",
            r"\bmy (?:(?:full|real|own|christian|first|last|family|married|maiden) )?name(?:'s| is)\b",
            r"^the name(?:'s| is) (?-i:[A-Z])",
            rf"\b(?:i am|i'm|i was|we are){NOW} (?:called|named)\b|\bi go by\b",
            r"\b(?:know|knows) me as (?:(?:mr|mrs|miss|dr)\.? )?\w",
            r"\b(?:call|calls|called) me (?:(?:mr|mrs|miss|dr)\.? )?(?-i:[A-Z])",
            r"^(?:well,? |sir,? |and )?(?:i am|i'm) (?:(?:mr|mrs|miss|ms|dr|captain|colonel|major|lord|lady|sir|"
            r"professor|inspector|sister|father)\.? )?"
            r"(?-i:[A-Z][a-z]+)(?: (?-i:[A-Z][\w'-]+\.?)){0,3}(?:[,.!]| and\b| of the\b|$)",
        ),
        rule(
            "origin",
            "origin",
            rf"{SELF}{NOW} (?:(?:come |came )?from\b.* (?:originally|by birth)|originally (?:come |came )?from|hail "
            rf"from)\b",
        ),
        rule(
            "home",
            "home",
            rf"{SELF}{NOW} (?:live|lived|living|reside|dwell|lodge|lodging|stay|staying|moved|shifted|settled|rent|"
            rf"house)\b"
            rf"(?: [\w',.-]+){{0,6}}? {_AT}\b",
            rf"{SELF}{NOW} (?:taken|took|found|bought) (?:an?|the|new)? ?(?:\w+ )?(?:rooms?|flat|lodgings|house|"
            rf"cottage)\b",
            r"\bi do(?:n't| not) live\b.*\bany ?(?:more|longer)\b",
            rf"\bmy (?:\w+ )?(?:home|house|flat|rooms|lodgings|address) (?:is|are) (?:now )?(?:{_AT}|\d)\b",
            rf"{SELF}{NOW} (?:from|come from)\b",
            rf"{SELF}{NOW} (?:up|over|out|down) (?:in|at) (?-i:[A-Z])",
        ),
        rule("origin", "origin", rf"{SELF}{NOW} (?:was |were )?(?:born (?:in|at|near)|grew up|raised in)\b"),
        rule("birthday", "birthday", r"\bmy birthday\b", rf"{SELF} (?:was )?born on\b"),
        rule(
            "age",
            "age",
            rf"{SELF}{NOW} (?:be )?{_NUMBER}(?: years| and| on\b| next| this| in\b|[,.!]|$)",
            r"\bmy age is\b",
            rf"\bi was {_NUMBER} (?:yesterday|(?:last|this|on) (?:week|month|\w+day)\b)",
            rf"\b{_NUMBER} i turned(?= (?:last|this|on|yesterday)\b|\W*$)",
            rf"\bi (?:have |just )*turned {_NUMBER}",
        ),
        rule("household", "household", rf"^(?:now |and )?(?:we are|we're){NOW} {_FEW}(?: of us)?\b"),
        rule(
            "called", "called:{of}", r"\bmy (?P<of>\w+(?: \w+)?)(?:'s name is| (?:is|are) (?:called|named)| goes by)\b"
        ),
        rule("called", "called:{of}", r"\bthe name of my (?P<of>\w+(?: \w+)?) is\b"),
        rule(
            "home",
            "home:{of}",
            rf"\bmy (?P<of>{KIN})\b(?: (?-i:[A-Z]\w+))?(?: (?:has|have|now|still))*"
            rf" (?:live|lives|moved|settled|stays)\b ?{_AT}\b",
        ),
        rule(
            "work",
            "work:{of}",
            rf"\bmy (?P<of>{KIN})\b(?: (?-i:[A-Z]\w+))? (?:works as|is an?|has become an?) (?:\w+ ){{0,2}}?{WORK}\b",
        ),
        rule(
            "family",
            "marital",
            rf"{SELF}{NOW} (?:married|engaged|widowed|divorced|single|an? (?:widow(?:er)?|bachelor))\b",
        ),
        rule("family", "", rf"\b(?:my|our) (?:\w+ ){{0,2}}{KIN}\b", rf"\b{DET} (?:\w+ )?{KIN}\b"),
        rule(
            "work",
            "work",
            rf"{SELF}{NOW} (?:an?|the|your|become an?) (?:[\w-]+ ){{0,3}}?{WORK}\b",
            rf"{SELF}{NOW} (?:work|worked|working|employed|serve|train|trained|training) as\b",
            r"\bmy (?:\w+ )?(?:job|work|profession|trade|occupation|business|post|calling) (?:is|was)\b",
            rf"{SELF}{NOW} (?:retired|an? retired)\b",
            r"\bi earn my (?:living|bread)\b",
            rf"{SELF}{NOW} (?:got|have|found|taken) (?:an?|the|another|some) (?:[\w-]+ ){{0,2}}(?:job|post|position|"
            rf"situation)"
            r"\b",
        ),
        rule(
            "work",
            "work at",
            rf"{SELF}{NOW} (?:work|working|employed|teach|lecture|serve)\b"
            r"(?! (?:the|an?|nights?|days?|on|late|hard)\b)",
            rf"{SELF}{NOW} practi[cs]e (?:law|medicine|in|at)\b",
        ),
        rule("work", "study", rf"{SELF}{NOW} study\b"),
        rule(
            "club",
            "club",
            r"\bmy club (?:is|was)\b",
            rf"{SELF}{NOW} (?:belong to|joined|an? member of)\b.*\bclub\b",
            rf"{SELF}{NOW} (?:belong to|joined|(?:been )?elected to|an? member of) the (?-i:[A-Z])",
        ),
        rule(
            "reading",
            "reading",
            rf"{SELF}{NOW} (?:reading|rereading|halfway through|in the middle of) (?!you|about you)",
        ),
        rule("pet", "", rf"\b(?:my|our) (?:\w+ ){{0,2}}{PET}\b", rf"\b{DET} (?:[\w-]+ ){{0,2}}{PET}\b"),
        rule("taste", "favourite:{of}", r"\bmy favou?rite (?P<of>\w+)"),
        rule(
            "taste",
            "taste:{of}",
            r"\bi(?: (?:do|don't|can|can't|cannot|not|never|no longer|really|quite|rather|also|still|always|"
            r"very much|now|am|much))*"
            r" (?:like|love|enjoy|prefer|adore|hate|dislike|detest|loathe|stand|bear|abide|fond of|care for|relish)"
            r" (?!you\b|your\b|to know\b|it\b|that\b|this\b)(?:\w+ ){0,2}?(?P<of>\w+)"
            r"(?=[.,;!]|$| (?:in|on|at|with|to|very|and|but|when|for|of|from|any|best|no)\b)",
        ),
        rule(
            "plan",
            "",
            r"\b(?:i|we)(?: (?:shall|will|am going to|are going to|am to|plan to|intend to|mean to|hope to|want to|"
            r"would like to|am about to)|'m going to|'ll) (?!ask|tell|see you|be brief|say|think|try|know|hear|"
            r"talk)\w+",
            r"\b(?:i|we) (?:leave|sail|depart|set off|fly|travel|go home|go back|return|move|get married|"
            r"marry)\b.*\b(?:on|in|"
            r"at|next|tomorrow|tonight|this|for|to)\b",
            r"\b(?:i|we)(?: am| are|'m|'re) (?:\w+ )?(?:leaving|travelling|traveling|sailing|moving|going|visiting|"
            r"flying|off to|"
            r"getting married|taking|starting|planning)\b",
            r"\bmy (?:\w+ )?(?:train|ship|boat|wedding|appointment|journey|examination|trial|holiday)s? (?:is|are|"
            r"leaves|sails|begins)\b",
        ),
    ),
    besides=ENGLISH_BESIDES,
    asks={
        "name": found(r"my (?:\w+ )?name", r"who (?:am i|i am)", r"(?:am i|i am) called", r"call me"),
        "home": found(
            r"(?:do|did|am|have) i (?:now )?(?:live|living|lodge|reside|stay|staying|moved)",
            r"(?:i|my) live",
            r"i (?:now )?(?:live|reside|lodge)",
            r"my (?:home|house|address|town|city|lodgings?)",
            r"(?:am i|i am|i'm|do i come|i come) from",
        ),
        "origin": found(r"(?:was i|i was) born", r"i (?:grew|grow) up", r"my birthplace"),
        "birthday": found(r"my birthday"),
        "club": found(r"my club", r"(?:what|which) clubs?\b.*\bi"),
        "household": found(r"how many (?:of us )?(?:are|were) (?:we|there of us)", r"my household"),
        "age": found(r"my age", r"how old (?:am i|i am)"),
        "work": found(
            r"my (?:\w+ )?(?:job|work|profession|trade|occupation|business|living|calling|employment)",
            r"(?:do|am) i (?:work|do(?:ing)? for (?:a|my) living|employed)",
            r"what (?:do i do|i do)",
            r"i work",
        ),
        "family": found(r"my marital status", r"(?:am|was) i (?:still )?(?:married|single|divorced|engaged|widowed)"),
        "reading": found(r"i (?:now )?reading", r"(?:am|have) i (?:\w+ )?read(?:ing)?"),
        "taste": found(r"my favou?rite", r"(?:do|did|can) i (?:like|love|enjoy|prefer|hate|dislike|stand|bear)"),
        "plan": found(
            r"my plans?",
            r"(?:am|was) i (?:going|planning|leaving|travelling)",
            r"(?:do|will|shall) i (?:plan|intend|mean|want|go|travel|leave)\b",
        ),
    },
    questions={
        "name": "What is my name?",
        "home": "Where do I live?",
        "work": "What is my profession?",
        "age": "How old am I?",
    },
    asks_about=re.compile(
        r"\b(?:tell|told|say|said|mention|mentioned)(?: to)?(?: you)? (?:about|of|concerning) (?P<about>.+)",
        re.IGNORECASE,
    ),
    asks_called=found(
        r"(?:my|our) (?:\w+ ){0,2}?(?P<of>\w+)(?:'s?|s) names?(?=\W*$| (?:is|was)\b)",
        r"names? of (?:my|our) (?:\w+ )?(?P<whose>\w+)(?=\W*$)",
        r"(?:my|our) (?:\w+ ){0,2}?(?P<who>\w+)(?: now| these days| nowadays)? (?:called|named)",
    ),
    everything=found(
        r"(?:remember|recall|know) (?:about )?me",
        r"know (?:about|of) me",
        r"who (?:am i|i am)",
        r"(?:what|everything|all)(?: that)? (?:have i |did i |i have |i )(?:told|tell|said|"
        r"say)(?: to)?(?: you)?(?: (?:so far|before|about (?:me|myself)))?(?=\W*$)",
        r"have (?:we|i) (?:met|spoken|talked)",
    ),
    heads=(
        (
            re.compile(
                r"^(?:hi|hello|hey|well|oh|good (?:morning|afternoon|evening|day))(?: there| again| sir)?[,!.]? (?=\w)",
                re.I,
            ),
            "",
        ),
        # "I told you green, but the book was brown"
        (
            re.compile(r"^i (?:told you|said|think i said)\b[^,;]*[,;]? but (?=\w+ (?!(?:is|was)\b.{0,3}$)\w+)", re.I),
            "",
        ),
        (re.compile(r"\bim\b", re.I), "I'm"),
        (re.compile(r"\bive\b", re.I), "I've"),
        (re.compile(rf"^({_AT_HOME})\b(?=(?:'s)? \w)", re.I), r"My \1"),
    ),
    cuts=(
        # "I am a botanist from Leeds": two statements.
        (re.compile(r"\b(i am|i'm) (an? [\w -]+?) from (?=(?-i:[A-Z]))", re.I), r"\1 \2.\n\1 from "),
        # "I'm Nadia, a nurse from Cardiff": three.
        (
            re.compile(
                r"^(i am|i'm) ((?-i:[A-Z][\w'-]+)(?: (?-i:[A-Z][\w'-]+)){0,2}), (an? [\w -]+?) from (?=(?-i:[A-Z]))",
                re.I,
            ),
            r"\1 \2.\n\1 \3.\n\1 from ",
        ),
        (
            re.compile(r"^(i am|i'm) ((?-i:[A-Z][\w'-]+)(?: (?-i:[A-Z][\w'-]+)){0,2}), (?=(?:an?|the) \w)", re.I),
            r"\1 \2.\n\1 ",
        ),
        (re.compile(r"[,;]? (?:and|but) (?=(?:this|these|here) (?:is|are) my\b)", re.I), ".\n"),
        (re.compile(rf"[,;]? (?:and|but|though|although) (?={_CLAUSE})", re.I), ".\n"),
        (re.compile(rf"[,;] (?={_CLAUSE})", re.I), ".\n"),
        (
            re.compile(
                r"\b(i)\b([^.\n]*?),? and (?=(?:(?:now|also) )?(?:live|work|keep|teach|study|have|own|play|like|"
                r"love|am|was)\b)",
                re.I,
            ),
            r"\1\2.\n\1 ",
        ),
    ),
    idle=re.compile(
        r"\W*(?:(?:well|oh|so|and|but|then|sir|yes|no|now|perhaps),? )*"
        r"(?:i(?:'d| would| should)? (?:(?:do|don't|do not|cannot|can't|really|only|just|quite|also) )*"
        r"(?:think|believe|suppose|guess|know|knew|see you|see that|see$|saw your|understand|wonder|ask|asked|told|"
        r"said|say|"
        r"mean(?! to)|(?:hear|heard)(?= (?:that|of|about|you|it)\b)|read about|"
        r"agree|doubt|imagine|thought|(?:want(?:ed)?|wish|wished|came|am here) to (?:know|hear|ask|talk|speak|say|"
        r"tell|see you|"
        r"learn|understand|thank|meet you|consult|discuss|be clear)|hope you|hope that|beg|remember|forget|"
        r"need you|need your|thank|mixed|got (?:it|that) wrong|"
        r"like to (?:know|hear|ask)|love to (?:know|hear|ask)|want you|would|have (?:an?|one|another|"
        r"some) (?:question|query|problem|case|request|idea|doubt|theory)s?)\b|"
        r"(?:i am|i'm) (?:sure|sorry|afraid(?! of)|curious|glad|certain|grateful|obliged|asking|talking|speaking|"
        r"here|told|"
        r"surprised|confused|wondering|interested to|not sure|delighted|happy to|pleased)\b|"
        r"(?:let me|tell me|give me|show me|my (?:question|point|dear|next|first question)|to me|it seems to me))",
        re.I,
    ),
    changing=ENGLISH_CHANGING,
    renewing=ENGLISH_RENEWING,
    naming=re.compile(
        r"(?:and )?(?:i|we|everyone|everybody) (?:call|called|named|christened) (?:him|her|it|them) "
        r"(?-i:[A-Z])[\w'-]+\W*$",
        re.I,
    ),
    going_on=found(r"no longer", r"any ?more", r"any longer", r"used to"),
    correcting=ENGLISH_CORRECTING,
    relations=ENGLISH_RELATIONS,
    needs=(
        (
            re.compile(r"\b(?:when|what time|at what hour|(?:which|what) (?:day|date|month|year|season|hour))\b", re.I),
            re.compile(
                r"\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|may|june|"
                r"july|august|"
                r"september|october|november|december|spring|summer|autumn|winter|fall|easter|christmas|whitsun|"
                r"michaelmas|"
                r"yesterday|today|tonight|tomorrow|morning|afternoon|evening|night|noon|midnight|o'clock|week|weeks|"
                r"weekend|"
                r"month|months|year|years|next|last|ago|since|\w+teenth|\w+tieth|\w*(?:first|second|third|fourth|"
                r"fifth|sixth|"
                r"seventh|eighth|ninth|tenth|eleventh|twelfth)|one|two|three|four|five|six|seven|eight|nine|ten|"
                r"eleven|twelve)"
                r"\b",
                re.I,
            ),
        ),
        (
            re.compile(r"\bhow (?:many|old)\b|\b(?:what|which) age\b", re.I),
            re.compile(
                rf"\d|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|both|twins?|"
                rf"couple|no|"
                rf"only|{_NUMBER})\b",
                re.I,
            ),
        ),
    ),
    forget_last=whole(
        r"(?:please |pray |kindly |now )?(?:forget|disregard|strike|erase|delete)(?: about)? (?:that|it|this|"
        r"that last (?:thing|one)|"
        r"what i (?:have )?(?:just )?(?:said|told you)|the last thing(?: i (?:said|told you))?)(?:,? (?:please|"
        r"again|now|at once))*",
        r"never mind (?:that|what i (?:just )?(?:said|told you))",
    ),
    forget_all=whole(
        r"(?:please |pray |kindly )?(?:forget|erase|delete) (?:everything|all|all that|anything|whatever)"
        r"(?:(?: that)? (?:i|i've|i have)(?: ever)? (?:told|said)(?: to)?(?: you)?)?(?: (?:about|of) (?:me|"
        r"myself))?(?:,? please)?",
        r"(?:please )?forget (?:about )?me(?:,? please)?",
    ),
    forget=re.compile(
        r"\W*(?:please |pray |kindly |now |would you |could you |can you |you (?:can|may|should) |i want you to |"
        r"i would like you to )*"
        r"(?:forget|erase|delete|disregard) (?:about )?"
        r"(?:(?:what|everything|all|anything|whatever)(?: that)? (?:i|i've|i have)(?: just| ever)? (?:told|"
        r"said)(?: to)?(?: you)? (?:about|of|on|concerning) (?P<about>.+)|"
        r"(?P<mine>my .+)|(?:that|where|what|how|when|who) (?P<that>(?:i|my|we)\b.+))",
        re.I,
    ),
    name_is="My name is {name}.",
    forgotten="It is forgotten.",
)
