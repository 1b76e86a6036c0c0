"""What English visitors are by trade, and how those say it who only say what they do; as patterns."""

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
    r"(?:taught|sold|built|drove|mended|repaired|repair|mend|fix|restore|tune|sell|teach|build|design|bake|brew|breed|translate|edit|publish|haul|deliver|fit|"
    r"install|farm|clean|nurse|paint houses|cut hair|look after|write for|"
    r"(?:run|own|manage|keep|have) (?:an?|the|my|our|my own) (?:[\w-]+ ){0,2}?(?:shop|store|stall|bakery|pub|inn|bar|"
    r"caf[eé]|restaurant|hotel|garage|school|business|company|firm|farm|salon|practice|workshop|yard|stand)|"
    r"(?:drive|driving) (?:an?|the|my) (?:[\w-]+ ){0,2}?(?:truck|lorry|rig|bus|taxi|cab|tram|train|van|tractor|"
    r"ambulance))"
)
