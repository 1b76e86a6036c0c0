"""How English visitors put right what they told."""

from __future__ import annotations

import re

from chatbot.language.telling import Correcting

_VALUE = r"[^,.;!?]{1,60}?"
_SORRY = (
    r"\W*(?:(?:no|nay|sorry|actually|well|wait|oh|correction|pardon|excuse me|forgive me|i beg your pardon|i mean|"
    r"rather|"
    r"that's wrong|that was wrong|that is wrong|my mistake|i was wrong|i was mistaken|i mixed it up|or rather|i "
    r"must correct "
    r"myself|let me correct that|let me correct myself|sir|dear me)[,:;.!]* +)*"
)
_BY_THE_WAY = r"(?:,? (?:sorry|by the way|sir|actually|of course|i mean|in fact|mind you))*"

ENGLISH_CORRECTING = Correcting(
    patterns=(
        re.compile(
            rf"{_SORRY}not (?!at all|yet|really|quite|only|to\b|that\b|so\b)(?P<old>{_VALUE})(?:[,;:]|[,;:]? but) "
            rf"(?:but )?(?:it's |it is |it was |that's |rather )?"
            rf"(?!sorry\b|sir\b)(?P<new>{_VALUE})(?: it (?:was|is))?{_BY_THE_WAY}[.!]*$",
            re.I,
        ),
        re.compile(
            rf"{_SORRY}(?:it|that|this|[\w' -]{{1,40}}?)(?:'s| is| was| are| were| should be) (?:now |really |"
            rf"actually |called |"
            rf"named )*(?P<new>{_VALUE}){_BY_THE_WAY},? (?:and |it is |it was )?not "
            rf"(?P<old>{_VALUE}){_BY_THE_WAY}[.!]*$",
            re.I,
        ),
        re.compile(
            rf"{_SORRY}i (?:said|told you|wrote|think i said) (?:it was )?(?P<old>{_VALUE}),? but (?:(?:\w+ "
            rf"){{0,3}}?it(?:'s| is| "
            rf"was)|i meant|"
            rf"that's|i should have said) (?P<new>{_VALUE})(?: (?:that|that's|which|who|not)\b.*)?[.!]*$",
            re.I,
        ),
        # "It's the right shoulder, I said left by mistake"
        re.compile(
            rf"{_SORRY}(?:it|that)(?:'s| is| was| should be) (?P<new>{_VALUE})[,;:]? (?:and |but |not |when )*i "
            rf"(?:had )?(?:said|told you|wrote) "
            rf"(?P<old>{_VALUE})(?: by mistake| in error| before| earlier| wrongly)?[.!]*$",
            re.I,
        ),
        re.compile(
            rf"{_SORRY}i (?:meant|mean)(?: to say)? (?P<new>{_VALUE}),? (?:and )?not (?P<old>{_VALUE})[.!]*$", re.I
        ),
        re.compile(
            rf"{_SORRY}(?:it|that)(?:'s| is| was|'ll be| will be| should be) (?P<new>{_VALUE})"
            r"(?:,? (?:now|these days|nowadays|actually|after all|in fact|instead|in truth))+(?:,.*)?[.!]*$",
            re.I,
        ),
        re.compile(
            rf"(?=\W*(?:no|sorry|actually|wait|correction|i mean|rather|my mistake|pardon)\b){_SORRY}"
            rf"(?:it|that)(?:'s| is| was|'ll be| will be) (?P<new>{_VALUE})(?:,.*)?[.!]*$",
            re.I,
        ),
        re.compile(rf"{_SORRY}(?P<new>{_VALUE}) it (?:was|is){_BY_THE_WAY}[.!]*$", re.I),
        re.compile(rf"{_SORRY}(?:i (?:meant|mean)(?: to say)?|make (?:that|it)) (?P<new>{_VALUE})[.!]*$", re.I),
    ),
    denying=re.compile(
        rf"{_SORRY}not (?!at all|yet|really|quite|only|to\b|that\b|so\b)(?P<old>{_VALUE}){_BY_THE_WAY}[.!]*$", re.I
    ),
    filler=frozenset("the a an in on at to of for my from and so just really".split()),
    placeholder=frozenset({"one", "other"}),
)
