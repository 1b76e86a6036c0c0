"""How English visitors speak of their people, animals and things."""

from __future__ import annotations

import re

from chatbot.language.telling import Relations, found, same

DET = r"(?:an?|the|one|two|three|four|five|six|several|many|some|no)"
KIN = (
    r"(?:(?:step|half-|grand|great-)?(?:sister|brother|mother|father|son|daughter|child|children|parents?)s?|mum|mom|gran|granny|grandma|grandpa|grandad|nan|"
    r"dad|wife|husband|aunts?|uncles?|cousins?|nieces?|nephews?|twins?|fianc[eé]e?|betrothed|family|kids|baby|"
    r"girlfriend|boyfriend|partner)"
)
PET = (
    r"(?:dogs?|cats?|horses?|pon(?:y|ies)|parrots?|birds?|canar(?:y|ies)|rabbits?|hounds?|terriers?|spaniels?|kittens?|"
    r"pupp(?:y|ies)|goldfish|hens?|goats?|tortoises?|mares?|pets?|setters?|whippets?|greyhounds?|collies?|poodles?|"
    r"retrievers?|labradors?|mastiffs?|bulldogs?|dachshunds?|beagles?|pugs?|geldings?|stallions?|foals?|hamsters?|"
    r"guinea pigs?|budgies?|donkeys?|ferrets?|turtles?|mice|mouse|lizards?|snakes?|geckos?|iguanas?|"
    r"(?:bearded )?dragons?)"
)
PERSON = (
    r"(?:friends?|mates?|neighbou?rs?|land(?:lady|lord)|maids?|servants?|butler|cook|clients?|colleagues?|partners?|"
    r"girls?|boys?|lads?|lass(?:es)?|missus|teachers?|tutor|governess|pupils?|employers?|masters?|boss|chief|physician|doctor|surgeon|solicitor|lawyer|"
    r"banker|"
    r"tailor|clerk|assistant|lodgers?|patients?|flatmates?|ex|godfather|godmother|(?:mother|father|brother|"
    r"sister)-in-law)"
)
_CAPITAL = r"(?-i:[A-Z])[\w'-]+"
_TITLED = r"(?:(?:mr|mrs|miss|ms|dr|sir|lady|old|young|little|poor)\.? )*"

ENGLISH_RELATIONS = Relations(
    named=(
        re.compile(
            r"\b(?:my|our) (?:[\w-]+ )?(?P<of>[\w-]+),? (?:is |was )?(?:an?|the) [\w-]+ (?:called|named) "
            r"(?P<name>[\w'-]+)",
            re.I,
        ),
        re.compile(
            rf"\b(?P<of>{KIN}|{PET}|{PERSON}),? {_TITLED}(?P<name>{_CAPITAL})(?: (?P<last>{_CAPITAL}))?"
            rf"(?:(?:, (?P<second>{_CAPITAL}))?,? and (?P<third>{_CAPITAL}))?",
            re.I,
        ),
        re.compile(
            rf"\b(?:my|our|{DET}) (?:[\w-]+ ){{0,2}}?(?P<of>[\w-]+)(?:,?(?: (?:is|are|was|who is|which is|whom we))? "
            r"(?:called|named|christened)|'s names? (?:is|was|are)|,? by the name of) (?P<name>[\w'-]+)",
            re.I,
        ),
        re.compile(
            rf"\b(?:my|our|{DET}) (?:[\w-]+ ){{0,2}}?(?P<of>[\w-]+)(?:,| is| was)? "
            rf"{_TITLED}(?P<name>{_CAPITAL})(?: (?P<last>{_CAPITAL}))?"
            rf"(?:(?:, (?P<second>{_CAPITAL}))?,? and (?P<third>{_CAPITAL}))?",
            re.I,
        ),
        re.compile(
            rf"\b(?:my|our|{DET}) (?:[\w-]+ ){{0,2}}?(?P<of>{KIN}|{PET})\b.*?\b(?:his|her|its) name(?:'s| is) "
            r"(?P<name>[\w'-]+)",
            re.I,
        ),
        re.compile(rf"\b(?:my|our|{DET}) (?:[\w-]+ ){{0,2}}?(?P<of>{KIN}|{PET}), (?P<name>[\w'-]+)(?:, | who\b)", re.I),
        re.compile(rf"(?P<name>{_CAPITAL}), (?:who is )?(?:my|our) (?P<of>[\w-]+)", re.I),
        re.compile(  # "a truck, 19 years now. I call her Darlene", "a boat we named Hope"
            r"\b(?:my|our|an?) (?:[\w-]+ ){0,2}?(?P<of>[\w-]+)\b(?:[^.!?]*[.!?,] (?:and )?(?:i|we) (?:call|called|"
            r"named|christened) (?:him|her|it)| (?:that |which )?(?:i|we) (?:call|named|christened)) "
            rf"(?P<name>{_CAPITAL})\W*$",
            re.I,
        ),
    ),
    his=re.compile(r"\b(?:my|our) (?P<of>[\w'-]+(?: [\w'-]+){0,2})", re.I),
    alike=same(
        "wife spouse missus",
        "husband spouse",
        "partner: wife husband boyfriend girlfriend fiancé fiancée",
        "spouse: wife husband",
        "son boy lad",
        "daughter girl lass",
        "child children kid kids",
        "boys: sons son lads",
        "girls: daughters daughter",
        "lads: sons",
        "truck lorry rig",
        "car motor automobile",
        "boat ship yacht",
        "child: son sons daughter daughters boy girl twins baby",
        "children: son sons daughter daughters boy girl boys girls twins baby",
        "kids: son sons daughter daughters boy girl boys girls twins baby",
        "daughters: daughter twins",
        "sons: son twins",
        "twins: sons daughters",
        "mother mum mom mama",
        "grandmother gran granny grandma nan",
        "grandfather grandpa grandad",
        "father dad papa",
        "parents: mother father mum dad",
        "sibling: brother sister",
        "brothers: brother",
        "sisters: sister",
        "relative: brother sister mother father uncle aunt cousin nephew niece",
        "relatives: brother sister mother father uncle aunt cousin nephew niece",
        "family: brother sister mother father uncle aunt cousin nephew niece wife husband son daughter",
        "doctor physician surgeon",
        "master employer boss chief superior",
        "landlord landlady",
        "flatmate: girl girls flat",
        "flatmates: girls friends flat",
        "dog: terrier spaniel hound setter whippet greyhound collie poodle retriever labrador mastiff bulldog "
        "dachshund "
        "beagle pug puppy",
        "horse: mare pony gelding stallion foal",
        "cat: kitten tom tabby",
        "bird: parrot canary budgie",
        "pet: dog cat bird rabbit tortoise parrot horse terrier spaniel whippet dragon lizard gecko iguana snake "
        "turtle hamster goldfish ferret budgie puppy kitten pony",
        "animal: dog cat bird rabbit tortoise parrot horse dragon lizard snake turtle hamster puppy kitten pony",
        "friend mate pal chum",
        "house home flat rooms cottage lodgings",
    ),
    naming=frozenset("name names called named family first last own full title".split()),
    persons=found(KIN, PET, PERSON),
    asks_who=re.compile(
        r"\bwho(?:'s| is| was| are| were) my (?:late |old |dear |new |poor )?(?P<of>\w+(?: \w+)?)\W*$", re.I
    ),
    doing=re.compile(r"\b(?:do|did|am|was|were|have|had|will|shall|can|must)(?:n't)? i\b|^\W*what i do\b", re.I),
)
