"""How German visitors talk."""

from __future__ import annotations

import re

from chatbot.language.language import any_of, words
from chatbot.language.stemming import german_stem
from chatbot.language.talk import Talk, beginning, phrases

_LIGHT = """
hallo hi grüß grüße grüss gruß grüßgott gott guten gutes morgen tag abend nacht mittag nachmittag heute
willkommen danke dank dankbar vielen vielmals herzlichen herzlich schönen wiedersehen lebewohl leb lebt wohl
tschüss servus ade moin bald freut freue gefreut erfreut seid gegrüßt danke dankt genügt reicht nichts nein
gut gute schlecht schön nett freundlich lieb verzeihung verzeih verzeiht verzeihen entschuldigung entschuldige
entschuldigt leid wetter langweilig witz klug weise wunderbar großartig herrlich toll prima super haha freund
freundin danken hilfe auskunft antwort zeit geduld müde krank gesund froh glücklich traurig hungrig durstig kalt
warm heiß kühl nass regen regnet regnerisch schnee schneit sonne sonnig nebel neblig windig draußen segne behüte
friede frieden himmel hm ah oh ach ja ok okay genau richtig stimmt verstehe verstanden interessant bemerkenswert
beeindruckend angenehm ruhig schlaf schlaft moment augenblick test mensch maschine computer roboter echt später
"""

ASKED_BY = (
    r"(?:wer|wem|wen|wessen|was|wann|warum|weshalb|wieso|wie|wo|wohin|woher|womit|woran|worin|worauf|wozu|wovon|wovor)"
)

GERMAN_TALK = Talk(
    light=frozenset(map(german_stem, _LIGHT.split())),
    courtesies=phrases(
        """
        wie geht(?:'s| es)?(?: dir| euch| ihnen)? / wer (?:bist du|seid ihr|sind sie)
        wie (?:heißt du|heißt ihr|heißen sie)
        wie ist (?:dein|euer|ihr) name / wie war (?:dein|euer|ihr|der) / was (?:machst du|macht ihr|machen sie)
        und (?:dir|euch|ihnen|du|ihr|sie|selbst) / (?:bist du|seid ihr|sind sie) / mit wem (?:spreche|rede) ich
        (?:hast du|habt ihr|haben sie) (?:gut )?geschlafen / (?:kannst du|könnt ihr|können sie) mir helfen
        (?:darf|kann|könnte) ich(?: dich| euch| sie)?(?: etwas| was)?(?: fragen| eintreten| hereinkommen)?
        bis (?:bald|morgen|später|dann) / auf wiedersehen / macht nichts / (?:das )?(?:ist|war) sehr / nicht wahr
        für (?:die|alles|deine|eure|ihre|den) / lebt? wohl / leben sie wohl
        (?:dich|euch|sie) (?:kennenzulernen|zu sehen)
        wie (?:schön|nett|gut|freundlich|klug|traurig|schade) / es (?:freut|tut) mich / tut mir leid / das ist alles
        """
    ),
    fillers=words(
        """und sehr so ja doch aber nun jetzt bitte auch ich du ihr sie mir dir euch ihnen bin ist sind es der die das
        ein eine zu nicht von denn eigentlich"""
    ),
    addressing=words(
        "herr frau mein meine lieber liebe werter werte ehrwürdige mutter schwester freund freundin oh ach ah hm"
    ),
    going_on=phrases(
        """
        ja(?: bitte| gerne?| doch| natürlich)? / jawohl / gerne? / bitte(?: sehr)? / natürlich / gewiss / sicher
        klar
        selbstverständlich / unbedingt / freilich / (?:nur )?weiter / mach(?:t|en sie)? weiter
        fahr(?:t|en sie)? fort
        (?:erzähl|sag|sprich|rede)(?:e|t|en sie)?(?: mir| bitte| ruhig| nur)*(?: weiter| mehr| alles| davon)?
        mehr(?: davon| darüber)? / und(?: dann| weiter| danach| nun)? / also / dann / danach / wirklich
        zum beispiel
        was (?:dann|noch|weiter|geschah dann) / sonst noch etwas / noch etwas / ich höre / warum nicht / nur zu
        """
    ),
    accepting=phrases(
        """
        ok(?:ay)? / gut / schön / in ordnung / einverstanden / meinetwegen / sehr (?:gerne?|gut) / wunderbar
        ausgezeichnet
        wie (?:du|ihr|sie) (?:willst|wollt|wollen|magst|mögt|mögen)
        das (?:wäre|würde) (?:schön|nett|gut|mich freuen)
        """
    ),
    asking=beginning(
        r"(?:bitte|und|aber|also|nun|dann|ja|nein|ach|oh|hallo|verzeihung|entschuldigung)[,!.:;]? ",
        rf"(?:(?:in|an|auf|von|mit|zu|für|aus|bei|nach) )?(?:{ASKED_BY}|welche[mnrs]?)\b",
        r"(?:ist|sind|war|waren|wird|wurde|wurden|hat|haben|hatte|hatten|kann|können|konnte|soll|darf|muss|gibt|"
        r"bist|seid|hast|habt|kannst|könnt|weißt|wisst|kennst|kennt|warst|wart|hattest|hattet|willst|wollt) "
        r"(?:ich|du|er|sie|es|wir|ihr|man|der|die|das|eine?|meine?|deine?|seine?|ihre|euer|eure|jemand|da)\b",
        r"(?:sag|sagt|erzähle?|erzählt|nennt?|nenne|erklär|erkläre|erklärt|beschreibe?|beschreibt|rate)\b(?! ich)",
        r"ich (?:wüsste gern|möchte wissen|will wissen|frage mich)\b",
    ),
    first_person=words(
        "ich mir mich mein meine meinem meinen meiner meines wir uns unser unsere unserem unseren unserer"
    ),
    third_person=words("er ihn ihm sein seine seinem seinen seiner seines ihre ihrem ihren ihrer ihres deren dessen"),
    introducing=beginning(
        r"(?:hallo|grüß|guten|ach|oh)\b[^.!?]{0,20}[,!.:;] ?(?:und )?",
        r"mein(?:e[nmr]?)? (?!frage|anliegen|erste|nächste|letzte|liebe)(?:\w+ ){1,3}"
        r"(?:ist|sind|war|waren|heißt|heißen|hat|haben|lebt|wohnt)\b",
        r"ich (?:heiße|wohne|lebe|komme|arbeite|stamme)\b|man nennt mich\b|nenn(?:e|t|en sie)? mich\b",
        r"ich bin (?:eine?|der|die|aus|von|\d+|verheiratet|geboren|keine?|(?-i:[A-ZÄÖÜ]))",
        r"ich (?:habe|besitze) (?:einen?|ein|zwei|drei|vier|viele|keine?n?) (?!frage|anliegen|bitte)",
    ),
    about_visitor=any_of(
        r"(?:erinner|entsinn)\w* (?:du|ihr|sie) (?:dich|euch|sich) (?:noch )?(?:an (?:mich|mein\w*)|was ich)",
        r"(?:weißt|wisst|wissen|kennst|kennt|kennen) (?:du|ihr|sie) (?:noch )?(?:mich|mein\w*|was ich|wer ich|wie ich)",
        r"(?:wie|wo|was|wer|wann|welche[rs]?) (?:heiße|hieß|ist|war|sind|waren|bin|habe) (?:ich|mein\w*)",
        r"(?:wie|wo|was|wer|wann|welche[rs]?|ob) (?:ich|mein\w*) (?:\w+ ){0,3}"
        r"(?:heiße|hieß|ist|war|sind|waren|bin|habe|wohne|komme)",
        r"(?:sage?|sagt|nenne|nennt|rate|errate|erratet) (?:mir )?mein\w* (?:namen?|alter|beruf|heimat)",
        r"(?:wo|was|wer|wie|woher) (?:wohne|lebe|arbeite|komme|stamme) ich",
        r"(?:sind|haben) wir uns (?:schon |bereits )?(?:begegnet|gesehen|getroffen|gesprochen)",
        r"(?:habe|hatte) ich (?:dir|euch|ihnen)?\b.{0,40}\b(?:gesagt|erzählt|gefragt|erwähnt)",
        r"ich (?:dir|euch|ihnen) (?:\w+ )?(?:gesagt|erzählt|erwähnt)",
    ),
    wants_recalled=any_of(
        r"erinner\w* (?:dich|euch|sich) (?:noch )?an mich",
        r"(?:sage?|sagt|nenne|nennt|rate|errate|erratet) (?:mir )?mein\w* (?:namen?|alter|beruf|heimat)",
        r"ich (?:dir|euch|ihnen) (?:\w+ )?(?:gesagt|erzählt|erwähnt)",
    ),
    asks_advice=any_of(
        r"(?:soll|sollte|kann|könnte|muss|darf) ich",
        r"(?:soll|sollen|sollten|können) wir",
        r"was (?:würdest|würden|rätst|raten) (?:du|sie)",
        r"(?:einen|deinen|ihren|irgendeinen) (?:rat|ratschlag)",
        r"(?:rate|raten sie|hilf|helfen sie) mir",
        r"an meiner stelle",
    ),
    asks_opinion=any_of(
        r"(?:hältst|halten|denkst|denken|meinst|meinung|findest|magst|liebst|bewunderst|hasst|fürchtest)"
    ),
    asks_name=any_of(r"(?:heiße|hieß) ich", r"ich (?:heiße|hieß)", r"mein\w* namen?", r"wer (?:bin ich|ich bin)"),
    gives_name=re.compile(
        r"\b(?:ich (?:heiße|hieß)|mein name ist|nennt mich|nenn(?:e|en sie)? mich|"
        r"ich bin (?:(?:herr|frau|die|der|schwester|bruder|meister) )?(?-i:[A-ZÄÖÜ][a-zäöüß]))",
        re.IGNORECASE,
    ),
    not_a_person=any_of(
        r"(?:als|ich bin|bin ich) (?:(?:nur|bloß|lediglich|eigentlich|wirklich|in wahrheit) )*(?:ein(?:e[rnms]?)? )?"
        r"(?:\w+ )?(?:ki|k\.i\.|künstliche intelligenz|sprachmodell|chat-?bot|computer\w*|roboter|programm|"
        r"virtuelle\w*|assistent\w*|erfunden|erfundene\w*|fiktive\w*|romanfigur)",
        r"ich bin (?:kein mensch|nicht (?:echt|wirklich))",
        r"ich (?:wurde|bin) (?:\w+ ){0,4}(?:trainiert|programmiert|entwickelt worden)",
        r"mein\w* (?:training|trainingsdaten|programmierung|entwickler|systemprompt|algorithm\w*|quelltext)",
        r"ich habe keine (?:persönlichen|eigenen)? ?(?:gefühle|meinungen?|emotionen)",
        r"(?:wie|womit) kann ich (?:dir|ihnen|euch) (?:heute )?(?:helfen|behilflich sein)",
        r"sprachmodell|rollenspiel",
    ),
    framed=beginning(
        r"(?:bitte|und|aber|also|nun|dann|ja|nein|ach|oh|gut|verzeihung|übrigens|sagt?(?: mir)?)[,!.:;]* ",
        rf"(?:er|sie|meine? \w+) (?:fragt(?: mich)?|möchte wissen|will wissen|wüsste gern),? (?={ASKED_BY})",
        rf"(?:kannst|könntest|könnt|könntet) (?:du|ihr) (?:mir|uns) (?:bitte )?(?:sagen|erklären),? (?={ASKED_BY})",
    ),
    asks_reading=any_of(r"was (?:kannst|könnt|siehst|seht|schließt|liest) (?:du|ihr)"),
    asks_deduction=any_of(r"was (?:kannst|könnt|siehst|seht|schließt|liest) (?:du|ihr)"),
    of_others=any_of(r"(?:ein|der|dieser) (?:mann|fremder|pilger)|(?:eine|die|diese) (?:frau|fremde)"),
    before=phrases("Und / Also, / Sagt, / Ehrlich: / Noch etwas: / Verzeihung, / Nun, / Meine Frau möchte wissen:"),
    behind=phrases("Das wüsste ich gern. / Ehrlich. / Ich frage nur."),
    telling=frozenset("erzähle erzählt erzählen berichte berichtet schildert geschichte fall sache bitte".split()),
    acts={
        "farewell": any_of(
            r"auf wiedersehen|leb(?:t)? wohl|ade|tschüss?|gute nacht|bis (?:bald|morgen|dann)|behüte? (?:dich|euch)",
            r"ich muss (?:jetzt |nun )?(?:gehen|fort|los|heim)",
        ),
        "thanks": any_of(r"danke?|vielen dank|vergelt'?s gott"),
        "greeting": beginning(r"(?:ach|oh)[,! ]+", r"(?:hallo|grüß gott|gott zum gruß|guten (?:tag|morgen|abend))\b"),
    },
)
