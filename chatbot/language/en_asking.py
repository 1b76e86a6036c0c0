"""What English visitors ask for, where it is no fact: advice, an opinion, agreement, a deduction."""

from __future__ import annotations

import re

from chatbot.language.language import any_of

ASKS_ADVICE = any_of(
    r"(?:should|shall|can|could|must|ought) (?:i|we)(?! (?:know|have))",
    r"do (?:i|we)(?! (?:know|have|do for|work|live))",
    r"(?:what|how|where|who|whom|when) (?:to|(?:would|should) (?:you|one|i|we)) (?!called|have been)",
    r"(?:any|some|your) (?:advice|counsel|tips?|ideas?|suggestions?)",
    r"what (?:do|would|did|should) you (?:counsel|advise|advice|suggest|recommend)\b",
    r"what would you (?:do|reckon)\b|do i (?:take|accept|tell|leave|stay|confront|let|go) ",
    r"(?:advise|help|guide) me|what is (?:the )?(?:correct|right|best)|i accept or (?:no|not)",
    r"am i (?:being )?(?:\w+ )?(?:daft|wrong|selfish|silly|foolish|mad|a fool|right to|wrong to)",
    r"if you were (?:me|i)|in my (?:place|shoes)",
)
ASKS_OPINION = any_of(
    r"(?:do|did|would|could|don't|didn't) you (?:(?:ever|really|still|always|not) )*(?:think|make|rate|judge|feel|"
    r"like|love|admire|fear|hate|loathe|miss|trust|respect|regret|forgive|envy|enjoy|believe|find|say|describe)",
    r"your (?:\w+ )?(?:opinion|views?|verdict|impression|feelings?)|strikes? you|thoughts (?:on|about)",
    r"what (?:is|was) .* like",
)
ASKS_AGREEMENT = re.compile(
    r"(?:.*\b(?:but|so|and|now|well),? )?(?:is|are|was|were) (?:he|she|they|it|that|this) "
    r"(?:right|wrong|true|correct|so|mistaken|lying|telling the truth|having me on)\W*$",
    re.IGNORECASE,
)
ASKS_READING = any_of(
    r"what (?:can|could) you (?:\w+ )?(?:tell|deduce|infer|read|see|say|make|conclude|gather|learn)",
    r"(?:deduce|your deductions?|deduction|infer|read (?:me|him|her|the signs))|(?:guess|what's) my (?:job|trade)",
    r"go on,? do me|what do you (?:deduce|infer|read|see|make of me|conclude|gather)",
)
ASKS_DEDUCTION = any_of(
    r"what (?:can|could|do|would) you (?:\w+ )?(?:tell|deduce|infer|read|see|say|make|conclude|gather|learn)",
    r"(?:deduce|your deductions?|deduction|infer|read (?:me|him|her|that|this|the signs))",
    r"what (?:does|do) (?:it|that|this|they|these) (?:say|tell)(?: you)? (?:of|about)|what you can (?:say|tell)",
    r"what (?:sort|kind|manner) of (?:a )?(?:child|man|woman|person|fellow|girl|boy|owner|thief|place|house|life)",
    r"(?:your|the) (?:verdict|reading|conclusion)\b|what (?:do|would) you (?:conclude|make)\b|what do you reckon\b",
    r"what (?:is|was|are|were|has|have|had) (?:he|she|they|it|this) (?:been )?(?:doing|up to|hiding|after|missing)",
    r"what(?:'s| is) (?:his|her|their|the) (?:story|game|secret)|what(?:'s| is) going on|guess the reason|"
    r"what am i missing|who(?:m|'s| has| can have)? (?:done|dun|did|used|took|sent|to suspect|should i suspect)\b",
    r"(?:go|go on then|you tell me|thoughts|well)[.?!]*$|what is (?:his|her) (?:work|job)|"
    r"why does s?he do (?:so|it)",
    r"what (?:do|does) you (?:think|make|reckon)\b(?!.* (?:should|of (?:the|your|my)))",
    r"what (?:was|is) (?:the|its) owner like|who(?:se|m)? (?:is|was|does|did) (?:it|this|that|the owner)\b",
    r"(?:guess|what is|what's) my (?:job|trade|profession|work)|what (?:do i do for|am i\W*$)",
    r"who am i\b|go on,? do me",
)
OF_OTHERS = any_of(
    r"(?:my|our|his|her|the) \w+'s",
    r"(?<!am )(?<!i'm )(?:a|an|the|this|that|some) (?:\w+ )?"
    r"(?:man|woman|boy|girl|lady|gentleman|fellow|guy|bloke|stranger|person|colleague|kid|child)",
    r"my (?:\w+ )?(?:friend|husband|wife|brother|sister|mother|father|mum|mom|dad|son|daughter|boss|neighbou?r|"
    r"uncle|aunt|colleague|teacher|lodger|flatmate|roommate|landlord|landlady|opening scene|novel|story|hero\w*)",
)
