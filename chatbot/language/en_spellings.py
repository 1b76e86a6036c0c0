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

# Scots, Yorkshire, and what is heard and not spelt: as far as a word is not another one as well.
_OF_DIALECTS = r"""
yer(?= (?:just|jist|not|an?|the|really|too|very|only|so|like|full|lying|wrong|right|talking)\b) = you're
ye|tha|thee = you / yer|thy = your / yersel|thysel|thyself = yourself / ye're|yer're = you're
d'ye|d'you = do you
ah(?= (?:am|was|wis|have|hae|had|do|dae|did|dinnae|cannae|will|would|want|like|love|hate|need|know|ken)\b) = I
ah(?= (?:sa(?:id|y)|tell|told|feel|get|got|live|lost|think|work|wonder|started|play|drive|grow|made)\b) = I
ah'm = I'm / ah've = I've / ah'd = I'd / ah'll = I'll
ma(?= (?!says?\b|said\b|told\b|is\b|was\b|and\b|ma'am\b)\w) = my / masel|mysel = myself / oor = our
me(?= (?:mum|mam|dad|daughter|son|sister|brother|mates?|name|job|dog|house|wife|missus|lad|kids|own)\b) = my
whit = what / wha(?= (?:was|is|wis|did|killed|stole)\b) = who
wan(?= (?:about|aboot|wi|with|that|where|when|of|o|at)\b) = one / wis = was / wisnae = wasn't
isnae = isn't / dinnae = don't / didnae = didn't / cannae = can't / couldnae = couldn't / wouldnae = wouldn't
havenae = haven't / hasnae = hasn't / dae = do / daein|doin = doing / gie = give / hae = have
gonnae = will you
tae = to / fae|frae = from / oot = out / aboot = about / doon = down / noo = now / nae = no / jist = just
o(?= (?:the|my|ma|mine|her|his|it|them|that|this|yours|your)\b) = of / wi(?= \w) = with / heid = head
heided = headed / faither = father / hoose = house / auld|owd = old / guid = good / mair = more / hame = home
summat = something / owt = anything / nowt|nuthin = nothing / gaffer = boss / fella|feller = fellow
goin = going / talkin = talking / thinkin = thinking / livin = living / workin = working / drivin = driving
lookin = looking / keepin = keeping
gettin = getting / tellin = telling / sayin = saying / kiddin = joking / sittin = sitting
listenin = listening / feelin = feeling / tryin|tryna = trying to / evenin = evening / mornin = morning
nothin = nothing / somethin = something / ye'd = you'd / ye'll = you'll / ye've = you've
"""

SPELLINGS = _OF_CHATS + _OF_DIALECTS
