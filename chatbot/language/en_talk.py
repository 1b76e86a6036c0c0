"""How English visitors talk."""

from __future__ import annotations

import re

from chatbot.language.language import any_of, words
from chatbot.language.stemming import english_stem
from chatbot.language.talk import Talk, beginning, phrases

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
        r"(?:please|pray|so|and|but|well|now|then|ok|okay|hello|hi|hey|oh|ah|yes|no|also|sorry|sir|good \w+)[,!.:;]? ",
        r"(?:(?:in|of|to|from|at|by|with|for|on|under|as) )?(?:who|whom|whose|which)(?:'s)?\b",
        r"(?:(?:in|of|to|from|at|by|with|for|on|under|as) )?what(?:'s)?\b(?! (?:an?|i|we) )",
        r"(?:when|where|why|how)(?:'s|'d| is| are| was| were| do| does| did| can| could| will| would| shall)\b",
        r"(?:when|where|why|how)(?: should| has| have| had| may| might| must| come| about| exactly| else)\b",
        r"how (?:many|much|long|old|far|often|big|tall)\b",
        r"(?:when|where|why|how)[?.! ]*$",
        r"(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should|has|have|had|may|might|must)"
        r"(?:n't)? (?:i|you|he|she|it|we|they|my|your|his|her|its|our|their|the|this|that|these|those|there)\b",
        r"(?:tell|explain|describe|name|remind|guess|list|recount|give me|show me)\b",
        r"i (?:want|need|beg|ask|would like) you to\b",
        r"i (?:wonder|(?:want|would like|should like|would love) to (?:know|hear)|am (?:wondering|curious))\b",
        r"i'(?:d (?:like|love) to (?:know|hear)|m (?:wondering|curious))\b",
    ),
    first_person=words("i i'm i've i'd i'll me my mine myself we we're we've our ours us"),
    third_person=words("he she they him her them his hers their theirs himself herself themselves"),
    introducing=beginning(
        r"(?:hello|hi|hey|greetings|oh|well|sir|ah|good \w+|by the way)\b[^.!?]{0,20}[,!.:;] ?(?:and )?",
        r"my (?!question|query|next|first|second|last|problem|interest|guess|point|dear)(?:\w+ ){1,3}"
        r"(?:is|are|was|were|has|have|had|likes?|lives?)\b",
        r"(?:i am|i'm|im) (?:called|named|from|an?|the|\d+|married|born|not an?|(?-i:[A-Z]))",
        r"(?:call|they call|people call) me\b|i go by\b|i was (?:born|called)\b",
        r"i (?:live|work|come|keep|study|teach) ",
        r"i have (?:an?|two|three|four|no|many) (?!question|query|problem|case|idea|doubt|theory|request)",
    ),
    about_visitor=any_of(
        r"do you (?:(?:still|even|really) )?(?:remember|recall|know) (?:about )?(?:me|my|what i|when i|who i)",
        r"(?:remember|recall) me\b",
        r"(?:what|which|who|where|when|how)(?:'s| \w+)? (?:is|was|are|were|did|have|am|(?<!how )do) (?:i|my)"
        r"(?! (?:asking|speaking|talking))",
        r"how (?:many|much|old|long) (?:\w+ ){0,2}(?:do|did|have|am|was) (?:i|my)\b",
        r"(?:what|which|who|where|when|how)(?:'s)? (?:i|my)(?! (?:ask|begin|start|expect|know|call you|help|do|say)\b)",
        r"(?:know|tell me|say|guess|remember|recall|forget|forgotten|remind me of) my (?:own )?"
        r"(?:name|age|job|profession|trade|home|birthday|occupation)",
        r"my (?:\w+ ){1,3}(?:is|was|are|were) (?:what|who|where|when)",
        r"have (?:we|i) (?:met|spoken|talked|asked|told)",
        r"(?:did|have) i (?:tell|told|ask|asked|say|said|mention|mentioned)",
        r"i (?:told|asked|mentioned to) you",
    ),
    asks_advice=any_of(
        r"(?:should|shall|can|could|must|how do) (?:i|we)",
        r"(?:what|how|where|who|whom|when) (?:to|(?:would|should) (?:you|one|i|we)) (?!called|have been)",
        r"(?:any|some|your) (?:advice|counsel|tips?|ideas?|suggestions?)",
        r"(?:advise|help) me",
        r"if you were (?:me|i)|in my (?:place|shoes)",
    ),
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
)
