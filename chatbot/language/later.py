"""Words of times later than 1930, which a persona of earlier times has no idea of; one whose books have them does.

How usual a word is does not tell: that was counted in our time. Other forms of a word are known by their stem.
"""

from __future__ import annotations

from chatbot.language.language import words

LATER_YEARS = range(1930, 2100)

# What has the same name in every language: things, brands, people, figures of fiction.
INTERNATIONAL = words(
    """
    smartphone iphone ipad ipod android samsung nokia pixel huawei xiaomi macbook microsoft linux ubuntu google
    gmail chrome firefox yahoo bing wikipedia facebook instagram whatsapp snapchat tiktok twitter tweet youtube
    youtuber netflix spotify skype zoom reddit pinterest linkedin hulu disney pixar hbo ebay paypal uber airbnb
    tesla spacex starlink openai chatgpt gpt chatbot siri alexa copilot intel nvidia amd ibm sony playstation xbox
    nintendo gameboy sega atari pokemon pikachu minecraft fortnite tetris roblox zelda pacman lego barbie ikea
    starbucks mcdonalds mcdonald's kfc nutella pepsi nike adidas toyota honda nissan mazda hyundai volkswagen
    porsche ferrari lamborghini audi boeing airbus concorde computer laptop pc cpu gpu usb hdmi cd cd-rom dvd
    blu-ray vhs mp3 jpeg pdf html css javascript sql api url http https www email e-mail spam emoji emoticon gif
    meme blog vlog blogger podcast influencer selfie internet online offline intranet wlan wifi wi-fi bluetooth gps
    lte 5g 4g sms app apps software hardware firmware malware hacker bitcoin ethereum blockchain crypto
    cryptocurrency nft metaverse cyber cyberspace cyberpunk modem browser startup download upload livestream laser
    radar sonar robot cyborg transistor television tv hd 4k video videotape walkman jukebox synthesizer helicopter
    scooter moped motel supermarket nylon polyester teflon velcro plastic penicillin antibiotic dna rna genome
    crispr aids hiv covid covid-19 coronavirus ebola pandemic mri viagra prozac lsd ecstasy quark boson higgs
    neutrino antimatter plutonium nuclear hiroshima nagasaki chernobyl fukushima auschwitz holocaust nazi hitler
    stalin mussolini goebbels himmler roosevelt kennedy jfk nixon reagan thatcher gorbachev putin obama trump biden
    merkel macron zelensky brexit nato unesco unicef euro opec nasa fbi cia kgb sputnik astronaut cosmonaut einstein
    oppenheimer hawking turing feynman hubble beatles elvis presley beyonce rihanna eminem metallica bowie sinatra
    hollywood marvel avengers batman superman spiderman spider-man ironman x-men thanos wakanda gandalf frodo bilbo
    hobbit sauron mordor voldemort hogwarts dumbledore hermione quidditch muggle muggles vader skywalker yoda jedi
    lightsaber starwars darth spock picard startrek klingon tardis dalek godzilla terminator jurassic simpsons shrek
    narnia westeros targaryen lannister katniss poirot marple maigret columbo tintin asterix snoopy garfield mickey
    007 zombie messi ronaldo neymar pele maradona mbappe federer nadal djokovic schumacher lebron karate judo yoga
    sushi pizza hamburger cheeseburger burger ketchup taco burrito kebab latte cappuccino reggae techno hip-hop
    rapper rock'n'roll dj jeans bikini t-shirt sneaker hippie punk skateboard snowboard frisbee
    """
)

ENGLISH_LATER = INTERNATIONAL | words(
    """
    website webpage web-page web homepage touchscreen screenshot joystick gamer videogame smartwatch fitbit airpod
    earbud headphone headset loudspeaker microchip microprocessor semiconductor megabyte gigabyte terabyte kilobyte
    pixel gigahertz bandwidth broadband fibre-optic ethernet password login username hashtag subscriber clickbait
    crowdfunding algorithm database spreadsheet powerpoint programmer smart-phone cellphone voicemail answerphone
    pager fax photocopier photocopy xerox barcode camcorder webcam cameraphone polaroid photoshop cgi sitcom
    soap-opera blockbuster talkie tv-show teleprompter newsreel newscaster broadcaster broadcast radio hi-fi stereo
    cassette vinyl turntable karaoke microwave dishwasher fridge freezer refrigerator air-conditioning
    air-conditioner vacuum-cleaner hoover hairdryer toaster blender tumble-dryer airplane aeroplane aircraft
    airliner airline airport airfield airbag spaceship spacecraft spaceflight spacesuit rocket-ship moonlanding
    moon-landing hovercraft hoverboard segway e-scooter e-bike motorway freeway expressway interstate seatbelt
    windscreen hatchback minivan suv limo forklift bulldozer speedbump sat-nav satnav self-driving electric-car
    carbon-footprint greenhouse-gas climate-change recycling fracking biofuel solar-panel photovoltaic
    superconductor nanotechnology nanobot biotechnology bioengineering gene-therapy geneticist genomics epigenetic
    in-vitro ivf lockdown defibrillator pacemaker chemotherapy radiotherapy ultrasound ecg antidepressant
    antihistamine paracetamol ibuprofen steroid contraceptive botox liposuction teenager superhero supervillain
    lightsabre hyperdrive warp-drive teleport teleporter multiverse wormhole relativity quantum black-hole big-bang
    superstring fission reactor atom-bomb a-bomb h-bomb thermonuclear warhead ballistic icbm bazooka kamikaze
    blitzkrieg spitfire luftwaffe d-day blitz paratrooper genocide apartheid decolonisation cold-war superpower
    perestroika glasnost transgender nonbinary lgbt lgbtq racism sexism multicultural globalisation globalization
    outsourcing stagflation hedge-fund cashpoint atm debit-card credit-card contactless direct-debit e-commerce
    shopping-mall hypermarket drive-through fast-food cola milkshake smoothie energy-drink decaf teabag cornflakes
    muesli tofu vegan gluten-free keto superfood basketball volleyball motocross snowboarding skateboarding
    windsurfing paragliding bungee superbowl super-bowl nba nfl nhl ufc fifa uefa wimbledon-final paralympics
    bestseller paperback manga anime cosplay comic-book fanfic fandom reboot pop-star popstar boyband girlband k-pop
    heavy-metal remix playlist soundtrack mixtape psychotherapy psychotherapist mindfulness burnout adhd autism
    workaholic brainwash fingerprint-scanner polygraph lie-detector forensics-lab cctv bodycam taser breathalyser
    wiretap cybercrime identity-theft phishing ransomware encryption-key deepfake livestreamer babysitter sunscreen
    ballpoint biro sellotape post-it tupperware cling-film aerosol deodorant tampon
    """
)

GERMAN_LATER = INTERNATIONAL | words(
    """
    handy fernseher fernsehen fernsehsender bildschirm tastatur webseite webseiten internetseite netzwerk datenbank
    passwort rundfunk radio lautsprecher kopfhörer schallplatte plattenspieler kühlschrank geschirrspüler
    spülmaschine waschmaschine staubsauger mikrowelle toaster fön klimaanlage akku anrufbeantworter kino kinofilm
    film auto autobahn lastwagen lkw pkw bus flugzeug flughafen hubschrauber rakete raumschiff raumfahrt satellit
    weltraum mondlandung astronaut atombombe kernkraft kernkraftwerk atomkraft reaktor bundeskanzler bundestag
    bundesrepublik mauerfall weltkrieg nationalsozialismus impfung impfstoff ultraschall chemotherapie antibiotikum
    kunststoff plastik diesel tankstelle fußball bundesliga weltmeisterschaft olympiade popmusik rockmusik
    schlagersänger videospiel influencerin klimawandel solaranlage windkraft elektroauto kreditkarte geldautomat
    supermarkt
    """
)
