"""How English visitors talk."""

from __future__ import annotations

import re

from chatbot.language.en_asking import (
    ASKS_ADVICE,
    ASKS_AGREEMENT,
    ASKS_DEDUCTION,
    ASKS_OPINION,
    ASKS_READING,
    OF_OTHERS,
)
from chatbot.language.en_spellings import SPELLINGS
from chatbot.language.language import any_of, words
from chatbot.language.stemming import english_stem
from chatbot.language.talk import Talk, beginning, phrases, spellings

_LIGHT = """
hello hallo hi hiya hey howdy greetings good morning afternoon evening night day today tonight tomorrow week
weekend thanks thank cheers bye goodbye farewell welcome nice pleased fine well sorry apologies pardon yes no
nope ok okay sure test testing joke joking bored boring clever brilliant wonderful great amazing awesome cool
wow lol haha ha heh hehe really again soon later sleep weather lovely kind kindness polite charming delighted
delightful glad happy sad tired sleepy busy cold warm hot hungry thirsty ill lonely funny smart genius
intelligent impressive impressed impressing helpful pleasant pleasure honour honoured honored wise love like
admire fan bit lot much long enjoyed enjoying conversation chat company visit fog foggy rain rainy raining snow
snowing sunny windy wet dark dreadful outside tea coffee fire fireplace cosy comfortable beautiful excellent
fantastic marvellous splendid superb remarkable extraordinary incredible fascinating interesting amusing perfect
bravo job work done said feel feeling best luck wishes bless god goodness heaven gracious lord dear friend human
real robot bot machine ai computer person awake alive listening ready here time patience help answer advice
hospitality christmas birthday congratulations year pity shame hmm hm mm uh um er oh ah moment minute wait back
home go leave off gentleman mind sense quite exactly precisely elementary understood obliged thx goodnight sweet
dreams grateful another nothing hope slept bother trouble appreciate mention problem worry journey late early
"""

_HAD = r"(?:can|could|may|might|shall|would)"

_MERELY = r"(?:just|only|merely|simply|actually|really|indeed|in fact)"
_MADE = (
    r"(?:a\.?i\.?|artificial|language model|chat ?bot|virtual|digital assistant|computer|robot|program|neural network|"
    r"fictional|fictitious|made[- ]up|machine learning)"
)
# Of questions about the visitor, once what stands around them is taken off.
_WHAT = (
    r"(?:(?:in|of|to|from|at|by|with|for|on|under|as|about|near) )?"
    r"(?:whom?|whose|which|what|where|when|how (?:many|much|old|long|tall|big|far|often|fast|soon))"
)
_MINE = r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself)\b"
_OURS = r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|us|our|ours)\b"
_TO_HIM = r"(?!.*\b(?:(?<!name to )(?<!mention to )(?<!say to )you|your|yours|yourself)\b)"
_PERMITTED = (
    r".*\b(?:should|shall|can|could|may|might|must|would|ought) (?:i|we)\b(?! (?:not|never|be)\b)|"
    r".*\bi (?:can|could|should|must|ought|may|might|need to|have to)\b|what (?:if|about)\b|"
    r".*\b(?:i|we) owe\b|.*\bi (?:to|best|begin|start)\b|.*\bthe (?:honour|pleasure)\b"
)
_NOT_HIS = r"(?!(?:you|your|should|could|would|can|shall|must|if|say)\b)"  # words between "which" and "do I"

# "She wants to know", "my daughter keeps asking me": others whose question a visitor puts.
_SOMEBODY = (
    r"(?:he|she|they|(?:my|our|his|her|the|one of my) \w+(?: \w+)?|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)?)"
    r"(?:, (?:who|an?|my|our|the) [^,.!?]{2,40},)?"  # "Conor, who is always hungry, would like to know"
)
# "My teacher says that", before what somebody else says of the persona.
_SAYS = (
    rf"{_SOMEBODY} (?:keeps? |always )?(?:says?|said|saying|thinks?|reckons?|bets?|swears?|believes?|insists?|claims?|"
    r"told me|tells me|is (?:sure|certain|convinced))(?: that)? (?=(?:you|you're|you've|u|ur)\b)"
)
_ASKS = (
    r"(?:(?:just |always |also )?(?:wants?|wanted|would like|'d like|wishes|is dying|(?:is |are |was |were )curious) "
    r"to know|"
    r"(?:is |are |was |were |keeps? )?(?:asks?|asked|asking|wonders?|wondered|wondering)(?: me| us| you)?)"
)

ENGLISH_TALK = Talk(
    light=frozenset(map(english_stem, _LIGHT.split())),
    courtesies=phrases(
        rf"""
        how(?: are| were| do| did| have)? you(?: do| been| doing| feel| feeling| keeping)? / how about you
        you too / and you
        how(?: is| was| has| goes)? (?:it|everything|life|your)(?: going| been)? / what(?: is)? up
        what are you (?:doing|up to)
        (?:who|what) are you / are you / did you (?:sleep|rest|dine) / (?:what is )?your name
        what (?:is|about) the weather
        whom? am i (?:speaking|talking) (?:to|with)
        do you (?:like|love|want|have) (?:me|time|a moment|a minute|tea|coffee)
        what (?:can|do) (?:you|we|i) (?:do|talk about|ask)(?: you)? / tell me (?:a|another) joke
        do you know any jokes
        {_HAD} (?:i|we|you) (?:help|come in|sit|begin|start|talk|chat|speak)(?: to me| me| to you| with you| you)?
        {_HAD} i ask(?: you)?(?: something| an? question| a few questions| some questions)? / is it(?: not)?
        isn't it
        wasn't it / don't you think / aren't you / to (?:meet|see|know) you / (?:meeting|seeing) you / have an?
        so long
        for (?:your|the|all|everything|that|this) / never mind / i (?:see|understand|agree) / i beg your pardon
        (?:excuse|forgive|pardon) me / the same to you / take care / see you / hold on
        """
    ),
    fillers=words(
        """then indeed now too please so and but of you to it i i'm am is are the a an very my me for with this not
        right down such at another"""
    ),
    addressing=words("mr mister sir madam my dear old fellow man friend doctor oh ah hm um er"),
    endearing=words("love pet dear darling duck hon mate pal boss lad sweetheart monsieur"),
    going_on=phrases(
        """
        yes(?: i (?:do|would|am)| do| indeed)? / yeah / yep / yup / aye / sure / of course / certainly
        absolutely / definitely
        please / do(?: so| tell| go on| continue)? / go (?:on|ahead) / carry on / keep going / continue
        proceed / next / more
        (?:tell|give|say)(?: me)?(?: some| a little| a bit)? more
        (?:tell me )?(?:the rest|everything|all)(?: of it)?
        tell me / about (?:it|that|this|him|her|them) / by all means / why not / with pleasure / gladly / willingly
        i(?:'d| would| should) (?:like|love) (?:that|to|it)(?: hear)? / (?:i am|i'm) (?:all ears|curious)
        and(?: then)? / and so / so / then / or / but / what (?:then|next|else) / anything else
        after(?:wards| that)?
        elaborate / explain / expand / details / really / for (?:example|instance)
        """
    ),
    accepting=phrases(
        """
        ok(?:ay)? / all ?right / alright / very well / well / fine / good / great / right / agreed / lovely
        splendid
        wonderful / perfect / excellent / as you (?:wish|like|please) / i (?:do|would|am) / i think so / you may
        """
    ),
    asking=beginning(
        r"(?:please|pray|so|and|but|well|now|then|ok|okay|hello|hi|hey|oh|ah|yes|no|also|sorry|sir|yo|haha|lol|"
        r"um+|er|hm+|look|listen|say|right|wait|hang on|test for you|good \w+|kindly|go on(?: then)?|random(?: but)?|"
        r"(?:quick |pop |little )?(?:test|quiz))[,!.:;]? ",
        r"(?:(?:in|of|to|from|at|by|with|for|on|under|as) )?(?:who|whom|whose|which)(?:'s)?\b",
        r"(?:(?:in|of|to|from|at|by|with|for|on|under|as) )?what(?:'s)?\b(?! (?:an?|i|we|you) )",
        r"(?:when|where|why|how)(?:'s|'d| (?:is|are|was|were|do|does|did|can|could|will|would|shall)(?:n't)?)\b",
        r"(?:when|where|why|how)(?: should| has| have| had| may| might| must| come| about| exactly| else)\b",
        r"how (?:many|much|long|old|far|often|big|tall)\b",
        r"(?:when|where|why|how)[?.! ]*$",
        r"(?!do (?:this|that|it|me|your thing)\b)"  # "Do this one." wants something done
        r"(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should|has|have|had|may|might|must)"
        r"(?:n't)? (?:i|you|he|she|it|we|they|my|your|his|her|its|our|their|the|this|that|these|those|there)\b",
        r"(?:tell|explain|describe|name(?!'s)|remind|guess|list|recount|give me|show me)\b",
        r"i (?:want|need|beg|ask|would like) you to\b",
        rf"{_SOMEBODY} {_ASKS} (?:who|whom|whose|which|what|when|where|why|how|if|whether)\b",
        r"i (?:wonder|(?:want|would like|should like|would love) to (?:know|hear)|am (?:wondering|curious))\b",
        r"i'(?:d (?:like|love) to (?:know|hear)|m (?:wondering|curious))\b",
    ),
    first_person=words("i i'm im i've ive i'd i'll me my mine myself we we're we've our ours us"),
    third_person=words("he she they him her them his hers their theirs himself herself themselves"),
    introducing=beginning(
        r"(?:hello|hi|hey|evenin'?|mornin'?|greetings|oh|well|so|okay|ok|sir|ah|respected sir|good \w+|by the way|"
        r"for the record|about me|"
        r"(?:i|you) (?:ought to|should|must|might) (?:introduce|know|have) (?:myself|with whom|who|seen)"
        r" ?[^.,!?]{0,14}|"
        r"i (?:introduce|present) myself|let me introduce myself)\b[^.!?]{0,20}[,!.:;] ?(?:and )?",
        r"my (?!question|query|next|first|second|last|problem|interest|guess|point|dear)(?:\w+ ){1,3}"
        r"(?:is|are|was|were|has|have|had|likes?|lives?)\b",
        r"(?:i am|i'm|im) (?:called|named|from|an?|the|\d+|married|born|not an?|(?-i:[A-Z]))",
        r"(?:my )?names?(?:'s| is)? (?-i:[A-Z])",
        r"(?:call|i call|they call|people call|dem call) (?:me|mi)\b|i go by\b|i was (?:born|called)\b",
        r"(?-i:[A-Z])[\w-]+(?: (?-i:[A-Z])[\w-]+)?(?: is my name\b|'s (?:the|my) name\b| here\b)|myself (?-i:[A-Z])",
        r"i(?:'m|m| am) [\w-]+(?: [\w-]+)? btw\b|i(?:'m|m| am) [\w-]+, (?:\d+|from)\b",
        r"i (?:live|work|come|keep|study|teach) ",
        r"i have (?:an?|two|three|four|no|many) (?!question|query|problem|case|idea|doubt|theory|request)",
    ),
    about_visitor=any_of(
        r"do you (?:(?:still|even|really) )?(?:remember|recall|know) (?:about )?(?:me|my|what i|when i|who i)",
        r"(?:what|which|who|where|when|how)(?:'s| \w+)? (?:is|was|are|were|did|have|am|(?<!how )do) (?:i|my)"
        r"(?! (?:asking|speaking|talking|to|owe|do|answer|say|tell|reply|write|wear)\b)",
        rf"(?:what|which|whose)(?: {_NOT_HIS}[\w'-]+){{2,4}}? (?:did|have|am|was|do) i"
        r"(?! (?:asking|speaking|talking|to|owe|start|begin|ask|read|choose|take)\b)",
        r"whom (?:do|did|am|have|was) i(?! (?:asking|speaking|talking|to|owe|ask|thank|trust|turn|go|have)\b)",
        rf"(?:what|which|where|whom?|how (?:many|much))(?: {_NOT_HIS}[\w'-]+){{0,4}}? (?:do|did|are|were|have) we "
        r"(?:live|living|lodge|lodging|stay|staying|keep|own|called|come from)",
        r"how (?:many|much|old|long) (?:\w+ ){0,2}(?:do|did|have|am|was) (?:i|my)\b(?! owe)",
        r"how many (?:of us )?are we",
        r"you (?:still |even )?(?:remember|recall|know) (?:in |at |from )?(?:wh\w+|how) (?:\w+ )?i (?:was|am|live)",
        r"what(?:'s| is| was) my (?:\w+ ){1,2}called",
        r"my (?:\w+ ){1,3}(?:is|was|are|were) (?:what|who|where|when)",
        r"have (?:we|i) (?:met|spoken|talked|asked|told)",
        r"you (?:still |even )?(?:remember|recall|forget|forgot)\b[^.?!]{0,30}\b(?:i|my)\b",
        r"(?:did|have) i (?:tell|told|ask|asked|say|said|mention|mentioned)",
        r"i (?:told|asked|mentioned to) you",
        r"(?:shall|should|may|will|do|can) you call me",
    ),
    wants_recalled=any_of(
        r"(?:remember|recall) me(?! to)",
        r"you (?:\w+ )?(?:forgot|forget|have forgotten) (?:what|which|where|who|how|when|my)\b",
        r"(?:know|tell me|say|guess|remember|recall|forget|forgotten|remind me of) my (?:own )?"
        r"(?:name|age|job|profession|trade|home|birthday|occupation)",
        r"^\W*(?:but )?i (?:told|mentioned to) you(?: (?:that|so|this|it|my \w+|before|already|once|(?:about|of) "
        r".+))*\W*$",
    ),
    asides=re.compile(
        r"\W*(?:(?:well|so|and|but|now|then|sir|please|pray|kindly|oh|ok|okay|lol|right|"
        r"go on(?: then)?|random(?: but)?|by the way|again|once more|also|mr\.? \w+|forgive [^,]{3,60}, but)[,!.:;]? |"
        r"(?:can|could|will|would|do|did|if) you (?:(?:please|still|perhaps|kindly|really|even|happen to|by chance|"
        r"be so (?:kind|good) as to) )*"
        r"(?:tell me|remind me(?: of)?|say|remember|recall|know|guess|name)(?: again| yet| still)?[,:]? |"
        r"(?:(?:a |another )?(?:quick |pop |little |small )?(?:test|quiz|examination|question))(?: now| time)?[,:.!] |"
        r"(?:tell|remind) me(?: again| once more| please| of| about)*[,:]? |"
        r"(?:have i (?:ever |already |not )?|did i (?:ever |not )?|i )(?:told|tell|mentioned to|mention to|said to|"
        r"say to) "
        r"you[,:]? (?:about |of )?|"
        r"i (?:wonder|forget|have forgotten|cannot remember|can't remember|cannot recall)[,:]? (?:if you know )?)+",
        re.IGNORECASE,
    ),
    of_himself=re.compile(rf"{_TO_HIM}(?!{_PERMITTED}){_WHAT}(?:'s|s)?\b(?=.*{_MINE})", re.IGNORECASE),
    named_of_himself=re.compile(rf"{_TO_HIM}(?:the (?:\w+ )?\w+ of )?my \w", re.IGNORECASE),
    perhaps_of_himself=re.compile(
        rf"{_TO_HIM}(?:{_WHAT}|why|how|am|are|is|was|were|do|did|does|have|has|had|will|can|could|may|shall)"
        rf"(?:n't|'s)?\b(?=.*{_OURS})",
        re.IGNORECASE,
    ),
    of_two_of_his=re.compile(
        r"(?P<ask>.*?\b(?:recall|remember|know|tell me|say|name|forgot|forgotten|what(?:'s| is| are| was| were)|"
        r"(?:remind me|tell me) of|(?:test|quiz)[:,]) )(?P<one>(?:my|our) (?:\w+'s )?\w+),? and "
        r"(?P<other>(?:my|our) (?:\w+'s )?\w+)\W*$",
        re.IGNORECASE,
    ),
    testing=any_of(
        r"(?:if|whether|that) (?:you(?:'re|'ve| are| were| have)?|she|he|it|that|they) (?:really |even |still |been )*"
        r"(?:paying attention|paid attention|listen(?:ing|ed)?|awake|sticks?|stuck|remember(?:ed)?)",
        r"just (?:checking|testing|seeing|curious)",
        r"you(?:'ve| have)? (?:been |were |are |are you )?(?:listening|paying attention)",
    ),
    presumes_told=any_of(
        r"(?:did|have|had|do) i (?:say|said|tell|told|mention|mentioned|call|give|gave)",
        r"i (?:just |already |have |had )?(?:said|told|mentioned|gave)",
        r"remember|recall|forget|forgot|forgotten|quiz|test|memory|listening|attention|awake|again\?",
    ),
    asks_advice=ASKS_ADVICE,
    asks_opinion=ASKS_OPINION,
    asks_agreement=ASKS_AGREEMENT,
    asks_name=any_of(r"my (?:\w+ )?name", r"who (?:am i|i am)", r"(?:am i|i am) called", r"call me"),
    gives_name=re.compile(
        r"\b(?:my (?:\w+ )?name(?:'s| is)|(?:call|calls|called) me|(?:i am|i'm) (?:called|named)|i go by|"
        r"(?:i am|i'm) (?:(?:mr|mrs|miss|dr|captain|lord|lady)\.? )?(?-i:[A-Z][a-z]))",
        re.IGNORECASE,
    ),
    not_a_person=any_of(
        rf"(?:as|i am|i'm|being) (?:{_MERELY} )*(?:an? )?(?:(?!no |not )\w+ )?{_MADE}",
        r"(?:i am|i'm) not (?:an? )?(?:real|human|person)",
        r"i(?: am|'m) (?:(?:just|only|really|indeed) )*(?:an?|your) (?:\w+ ){0,2}assistant",
        r"i(?: was|'ve been| have been| am)(?: \w+)? (?:trained on|programmed|coded|developed by|designed (?:to|by))",
        r"my (?:training(?: data)?|programming|developers?|system prompt|algorithms?|knowledge cut-?off|source code)",
        r"i (?:don't|do not|cannot|can't) (?:actually )?have (?:personal|feelings|emotions|opinions|real-time|a body)",
        r"(?:can|may) i (?:help|assist) you today|(?:here|happy) to (?:help|assist) you",
        r"i(?: cannot|'m unable to| can't| am unable to) (?:assist|help)(?: you)? with (?:that|this)",
        r"fulfil (?:that|this|your) request",
        r"(?:language|ai) model|role-?playing|user's (?:question|request|message)",
    ),
    framed=beginning(
        r"(?:please|pray|so|and|but|well|now|then|ok|okay|oh|ah|yes|no|also|sorry|right|fine|good|great|huh|hm+|"
        r"first of all|by the way|one more(?: thing)?|just (?:one|a) (?:quick )?question|tell me|honestly|"
        r"seriously)[,!.:;-]* ",
        rf"{_SOMEBODY} {_ASKS} ",
        _SAYS,
        r"[^:?!]{3,80}: (?=(?:who|whom|whose|what|when|where|which|why|how|did|do|does|is|are|was|were|can|have)\b)",
        r"(?:(?:can|could|would|will) you )?(?:(?:please|perhaps|kindly|possibly|be so (?:kind|good) as to) )*"
        r"(?:tell|explain to|remind)(?: me| us| my \w+)?"
        r"(?:,? (?:in|with) (?:a |one )?(?:sentence|word|few words)[^,]{0,20},)? (?=who|wha|whe|whi|why|how|if)",
        r"(?:i (?:would|'d|should) (?:like|love) to|let me|may i|can i) (?:know|ask)(?: you)?(?: something)?[,:]? ",
        r"i(?:'m| am)? (?:always |just |still )*(?:wonder(?:ed|ing)?|curious)(?: about)?,? ",
        r"do you (?:happen to )?(?:know|remember|recall) (?=who|wha|whe|whi|why|how)",
    ),
    asks_reading=ASKS_READING,
    asks_deduction=ASKS_DEDUCTION,
    of_others=OF_OTHERS,
    before=phrases(
        "And / So / Now then, / One thing more: / Tell me, / Go on then, / Be honest, / haha ok but / lol / ngl / "
        "Right. / My wife would like to know: / Forgive me, but / A question from the back: / Just out of curiosity, / "
        "While I am here, / Before I go, / I have always wondered, / Seriously though, / ok so / hm. / Might I ask, / "
        "My brother says you would know: / First the important question: / Let me ask it differently. / Sir, / "
        "Since you ask, / Well now, / Speaking of which, / If it is not too personal, / The class wants to know: / "
        "Here is one for you."
    ),
    behind=phrases(
        "I have always wondered. / Be honest. / lol / My wife wants to know. / if you don't mind my asking / "
        "Just curious. / We argue about it at home. / hm? / Thanks. / You can tell me. / Our teacher did not know. / "
        "I ask because my son does."
    ),
    telling=frozenset(
        "tell relate recount narrate describe retell summarise summarize recall recite give hear know explain short "
        "brief quick version summary account story tale history case affair business matter adventure mystery episode "
        "happened kindly please whole full once again more detail mr sir".split()
    ),
    acts={
        "farewell": any_of(
            r"(?:good)?bye(?: ?bye)?|farewell|ciao|adieu|au revoir|laters|ta-?ra|cheerio|toodle\w*|so long",
            r"good ?night|night[- ]night|nighty(?: night)?|sleep well|sweet dreams",
            r"(?:see|catch|talk to|speak to) you(?: \w+){0,2} (?:later|soon|around|tomorrow|again|next)|see you",
            r"(?:i|we)(?:'ve| have)? (?:really |now )*(?:must|got to|have to|need to|had better|should|better)"
            r"(?: really| now)* (?:be )?"
            r"(?:go(?:ing)?|run|dash|leave|off|catch|get (?:going|back|off|home|some sleep|up|to bed|to work))",
            r"(?:i am|i'm|we are|we're|i'll be) (?:off|leaving|heading (?:off|out|home|to bed))(?: now)?",
            r"(?:i will|i'll|i shall|let me) (?:let you|leave you|say good)",
            r"(?:bed|lunch|dinner|supper|home) ?time|time (?:to|for) (?:go|bed|leave|sleep)|off to (?:bed|work|school)",
            r"until (?:next time|tomorrow|we meet|then)|take care|signing off",
            r"that(?:'s| is) (?:all|it) (?:for|from) (?:me|now|today)|that(?:'s| is) my (?:bus|train|stop|cab|lift)",
            r"take (?:my|your|our) leave|mind yourself|do widzenia|hasta (?:la vista|luego)|arrivederci|tsch(?:ü|ue)ss",
            r"have (?:yourself )?a (?:good|great|nice|lovely|pleasant) (?:one|day|evening|night|time|weekend)",
            r"bell (?:just )?(?:went|rang)|back to (?:my|work|the) (?:\w+)",
        ),
        "how-are-you": re.compile(
            r"\bhow(?:'s it going|'s life|'s things|'s everything| do you do\b| have you been\b| is life\b|"
            r" is it going\b|"
            r" are you(?: \w+)?$| are you(?: (?:doing|feeling|keeping|today|tonight|this \w+|holding up))?\s*[?.!,])|"
            r"\bare you (?:well|ok|okay|alright|all right)\b|\bwhat(?:'s| is) up\b|\bhow goes it\b",
            re.I,
        ),
        "apology": any_of(
            r"(?:i am|i'm)(?: so| very| really)? sorry(?! (?:for|about) your)",
            r"my apologies|i apologi[sz]e|forgive me|pardon me",
        ),
        "thanks": any_of(r"thank(?:s| you)|thx|cheers|much obliged|i appreciate|grazie|merci|danke|gracias"),
        "greeting": re.compile(
            r"^(?:(?:oh|well|ah)[,!. ]+)*(?:(?:hello|hallo|hi|hiya|hey|yo|howdy|greetings|"
            r"good (?:morning|afternoon|evening|day))\b|"
            r"(?:morning|afternoon|evening)(?:[,.!]| (?:mr|sir|to you|all)\b)|"
            r"is this (?:really )?(?:the right place|\d+\w? \w+ street)\b|knock knock\b|anybody (?:home|there)\b)",
            re.I,
        ),
    },
    spellings=spellings(SPELLINGS),
)
