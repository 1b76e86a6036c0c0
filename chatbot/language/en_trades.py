"""Trades that English visitors name, what they do who name none, and what a sentence tells besides, as patterns."""

from __future__ import annotations

from chatbot.language.telling import rule

SELF = r"\b(?:i|we)(?:'m|'ve|'d|'ll| am| are| have| had| will| shall)?"
NOW = r"(?: (?:now|just|still|only|also|recently|lately|currently|really|quite|rather|mostly|mainly|not|no longer))*"
WORK = (
    r"(?:accountant|actor|actress|apothecary|architect|artist|author|baker|banker|barber|barrister|blacksmith|"
    r"bookseller|"
    r"bookkeeper|botanist|bricklayer|brewer|builder|butcher|butler|cabman|captain|carpenter|chemist|clergyman|clerk|"
    r"coachman|conductor|constable|consultant|cook|curate|curator|dentist|designer|developer|diplomat|doctor|"
    r"draper|dressmaker|driver|economist|editor|electrician|engineer|engraver|farmer|fisherman|florist|gamekeeper|"
    r"gardener|geologist|glazier|goldsmith|governess|grocer|historian|housekeeper|inspector|innkeeper|jeweller|joiner|"
    r"journalist|judge|laundress|lawyer|lecturer|librarian|maid|manager|mason|mathematician|mechanic|merchant|midwife|"
    r"miller|milliner|miner|minister|musician|nurse|officer|optician|painter|pharmacist|philosopher|photographer|"
    r"physician|physicist|pianist|pilot|plumber|poet|policeman|porter|postman|potter|priest|printer|professor|"
    r"programmer|publisher|reporter|sailor|saddler|schoolmaster|schoolmistress|schoolteacher|scientist|sculptor|"
    r"seamstress|secretary|sexton|shepherd|shopkeeper|smith|soldier|solicitor|stationer|statistician|steward|"
    r"stockbroker|student|surgeon|surveyor|tailor|teacher|translator|tutor|typist|undertaker|upholsterer|vet|vicar|"
    r"barista|bartender|cabbie|caretaker|cashier|chef|cleaner|coach|cop|dancer|fireman|firefighter|"
    r"freshman|hairdresser|headmaster|headmistress|headteacher|janitor|nanny|paramedic|plasterer|policewoman|psychologist|"
    r"receptionist|researcher|roofer|salesman|saleswoman|sergeant|singer|sophomore|stonemason|therapist|trucker|"
    r"undergraduate|welder|"
    r"violinist|waiter|waitress|warden|watchmaker|weaver|writer|zoologist|\w+(?:ologist|wright|smith|monger))"
)
# What somebody does whose trade it is, in his own words.
TRADE = (
    r"(?:repair|mend|restore|tune|sell|teach|build|design|bake|brew|breed|translate|edit|publish|haul|deliver|install|"
    r"paint houses|cut hair|look after|write for|"
    r"(?:run|own|manage|keep) (?:an?|the|my|our|my own) (?:[\w-]+ ){0,2}?(?:shop|store|stall|bakery|pub|inn|bar|"
    r"caf[eé]|restaurant|hotel|garage|school|business|company|firm|farm|salon|practice|workshop|yard|stand)|"
    r"(?:drive|driving) (?:an?|the|my) (?:[\w-]+ ){0,2}?(?:truck|lorry|rig|bus|taxi|cab|tram|train|van|tractor|"
    r"ambulance))"
)

ENGLISH_BESIDES = (
    rule(
        "work",
        "",
        rf"{SELF}{NOW} (?:used to |once )?{TRADE}\b(?!.*\b(?:hobby|spare|free time|weekends?|for fun)\b)",
        rf"\byears (?:as |of being )?an? (?:[\w-]+ ){{0,2}}?{WORK}\b",
        r"\bfor a living\b",
    ),
    rule(
        "family",
        "",
        r"\b(?:i am|i'm|i was|we are|we're|we were|i've been|i got)\b[\w ,'-]*\b(?:married|engaged|widowed|"
        r"divorced|single|an? (?:widow(?:er)?|bachelor))\b(?! \w+ (?:to|from)\b)",
    ),
    rule(
        "home",
        "",
        rf"{SELF}(?! no longer)(?: an? (?:[\w-]+ ){{0,3}}?{WORK}| {TRADE}| work| teach| study)\b[\w ,'-]* "
        r"(?:in|at|near|from|outside) (?-i:[A-Z])",
        r"\b(?:i am|i'm|we are|we're) (?:up |over |out |down |here )?in (?-i:[A-Z])(?!ove\b|eed\b|rouble\b|urry\b)",
    ),
)
