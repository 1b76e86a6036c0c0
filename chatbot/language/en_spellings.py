"""Spellings of chats and dialects of English, each with the usual one: the models and patterns know only that."""

_OF_CHATS = r"""
ur(?= (?:just|not|an?|the|really|too|very|only|so|like|full|lying|wrong|right)\b) = you're
u = you / ur = your / urself = yourself / r(?= (?:you|u|they|we|the)\b) = are
im = I'm / ive = I've / dont = don't / doesnt = doesn't / didnt = didn't / cant = can't / wont = won't
isnt = isn't / wasnt = wasn't / arent = aren't / werent = weren't / couldnt = couldn't / wouldnt = wouldn't
shouldnt = shouldn't / hasnt = hasn't / havent = haven't / whats = what's / whos = who's / wheres = where's
hows = how's / whens = when's / thats = that's / theres = there's / hes = he's / shes = she's / youre = you're
theyre = they're / theyve = they've / youve = you've / weve = we've / itll = it'll
lets(?= (?:go|see|talk|start|play|try)\b) = let's / cuz|coz|cos|bc = because / tho = though / thx|thnx = thanks
pls|plz = please / gonna = going to / wanna = want to / gotta = have to / gimme = give me / lemme = let me
dunno = don't know / idk = I don't know / kinda = kind of / sorta = sort of / ppl = people / btw = by the way
tbh = to be honest / imo = in my opinion / rly = really / ya = you / nite = night / tmrw|tmr = tomorrow
rember|remeber|rembember = remember / k|okey = okay / abt = about / wat|wot = what / (?:wt|t)f = on earth
"""

# Scots, Yorkshire, and endings that are dropped. What is another word as well is only read so in small letters, or
# before and behind such words as it then has.
_OF_DIALECTS = r"""
yer(?= (?:just|jist|not|an?|really|too|very|only|lying|talking|full of)\b) = you're
(?-i:ye|tha|thee)|ye(?= (?:ken|dae|daein|are|were|think|know|said|say)\b) = you / yer|thy = your
yersel|thysel|thyself = yourself / ye're|yer're = you're / ye'd = you'd / ye'll = you'll / ye've = you've
d'ye|d'you = do you
ah(?= (?:am|was|wis|have|hae|had|do|dae|did|dinnae|cannae|will|would|want|like|love|hate|need|know|ken)\b)(?! \w+ y) = I
ah(?= (?:sa(?:id|y)|told|feel|get|got|live|lost|think|work|wonder|started|play|drive|grow|made)\b)(?! \w+ y) = I
ah'm = I'm / ah've = I've / ah'd = I'd / ah'll = I'll / masel|mysel = myself / oor = our
(?<!my )ma(?= (?:wife|husband|sons?|daughter|sister|brother|mother|mum|dad|gran|granda|faither|dogs?|cats?)\b) = my
(?<!my )ma(?= (?:trade|job|work|hoose|house|name|man|boss|mates?|pals?|boy|lass|lad|own|tea|friends?|age)\b) = my
(?<!\b(?:call|give|gave|sold|made|tell|told|show|find) )me(?= (?:mum|mam|dad|dog|house|daughter|son|sister)\b) = my
(?<!\b(?:call|give|gave|sold|made|tell|told|show|find) )me(?= (?:brother|name|job|wife|missus|lad|kids)\b) = my
(?<!a )whit(?! (?:monday|sunday|week)\b) = what / wha(?= (?:was|is|wis|did|killed|stole)\b) = who
(?<!was )(?<!is )(?<!so )wan(?= (?:about|aboot|wi|with|that|where|when|o|at)\b) = one / wis = was / wisnae = wasn't
isnae = isn't / dinnae = don't / didnae = didn't / cannae = can't / couldnae = couldn't / wouldnae = wouldn't
havenae = haven't / hasnae = hasn't / (?-i:dae) = do / daein|doin'? = doing / gie = give / hae = have / wud = would
(?<!'m )(?<!am )gonnae(?= (?:no|tell|gie|give|help)\b) = will you / gonnae = going to
(?-i:tae)(?! kwon) = to
(?<!the )(?-i:fae)|frae = from / oot = out / aboot = about / (?-i:doon) = down / noo = now
(?-i:nae) = no / jist = just
(?-i:o)(?= (?:the|my|ma|mine|her|his|them|that|this|yours|your)\b)(?! my god) = of / wi'?(?= \w) = with / heid = head
heided = headed / faither = father / hoose = house / (?-i:auld|owd)(?! lang) = old / (?-i:guid) = good
(?-i:mair) = more / (?-i:hame) = home / summat = something / owt = anything / nowt|nuthin = nothing / fella = fellow
goin'? = going / talkin'? = talking / thinkin'? = thinking / livin'? = living / workin'? = working
drivin'? = driving / lookin'? = looking / keepin'? = keeping / gettin'? = getting / tellin'? = telling
sayin'? = saying / kiddin'? = joking / sittin'? = sitting / listenin'? = listening / feelin'? = feeling
tryna = trying to / tryin'? = trying / evenin'? = evening / mornin'? = morning / nothin'? = nothing
somethin'? = something
"""

SPELLINGS = _OF_CHATS + _OF_DIALECTS
