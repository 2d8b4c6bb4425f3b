"""What the simulated model knows of English: how common words are, irregular forms, and words of one subject.

Own lists, from general knowledge of the language; nothing is taken from a trained model. Words are compared by their stems.
"""

from __future__ import annotations

FUNCTION = """
a about above after again all also am an and any are as at be because been before being below between both but by can could did do
does doing done down during each either else ever every few for from had has have having he her here hers him his how i if in into is
it its itself just may me might mine more most much must my neither no nor not of off often on once one only or other others our ours
out over own per please rather same shall she should since so some such than that the their theirs them then there these they this
those though through thus to together too toward under until up upon us very was we were what whatever when where whether which while
who whole whom whose why will with within without would yes yet you your yours
"""
"""Words that say nothing of a subject."""
VERY_COMMON = """
ask back become begin best better big bring call case change come day different end even example fact far find first follow form
general get give go good great group hand happen hold important include keep kind know large last late lead leave less let like little
long look lot make many mean men need never new next now number old open order part people place point possible put read right run say
second see seem set show side small something sort start state still stop system take tell thing think three time try turn two use way
week well whenever word work world write year
"""
COMMON = """
able accept according account across act action actual add additional age ago allow almost alone along already always amount another
answer anyone anything appear apply area around arrive available away base become behind believe beyond body book break build
business buy care carry catch cause centre certain check choose city clear close cold common company complete consider contain
continue control copy correct cost country course cover create crew cut daily date deal decide describe detail develop difficult
direct does double draw drive drop easy effect eight either else enough enter entry equal especially evening event exact expect
explain extra eye face fail fall family fast feel field fill final fine finish five fix force found four free front full further
future gate given ground grow half hard head hear heavy help high history home hour house hundred idea immediate inside instead
interest involve issue itself job join key landing later law lay learn least left letter level life light limit line list live local
lose low main manage matter maximum member method middle minimum minute miss moment month morning move name near necessary night none
normal north note nothing notice obtain offer office outside page paper particular pass past pay perform period person piece plan
play possible power prepare present pressure price probably problem process produce program provide public pull purpose push quarter
question quick quite reach ready real reason receive record reduce regular relate remain remember remove repeat report require rest
result return rise room round rule safe save season section send serve service seven several sheet short sign similar simple single
site six size slow soon south space special speak stand stay step story street strong study subject suggest suppose sure table ten
test though thought top total touch town travel true type understand unit usual value various view visit wait walk want watch water
weather weight west wide win word worker wrong
"""
IRREGULAR = {
    "began": "begin", "begun": "begin", "bought": "buy", "brought": "bring", "broke": "break", "broken": "break", "built": "build",
    "caught": "catch", "chose": "choose", "chosen": "choose", "children": "child", "came": "come", "drew": "draw", "drawn": "draw",
    "drove": "drive", "driven": "drive", "ate": "eat", "eaten": "eat", "fell": "fall", "fallen": "fall", "feet": "foot", "flew": "fly",
    "flown": "fly", "forgot": "forget", "forgotten": "forget", "froze": "freeze", "frozen": "freeze", "gave": "give", "given": "give",
    "went": "go", "gone": "go", "grew": "grow", "grown": "grow", "heard": "hear", "held": "hold", "kept": "keep", "knew": "know",
    "known": "know", "laid": "lay", "led": "lead", "left": "leave", "lent": "lend", "lost": "lose", "made": "make", "meant": "mean",
    "met": "meet", "mice": "mouse", "paid": "pay", "ran": "run", "rang": "ring", "rose": "rise", "risen": "rise", "said": "say",
    "saw": "see", "seen": "see", "sent": "send", "shook": "shake", "shaken": "shake", "slept": "sleep", "sold": "sell", "sought": "seek",
    "spent": "spend", "spoke": "speak", "spoken": "speak", "stole": "steal", "stolen": "steal", "stood": "stand", "swam": "swim",
    "swum": "swim", "taught": "teach", "took": "take", "taken": "take", "teeth": "tooth", "thought": "think", "threw": "throw",
    "thrown": "throw", "told": "tell", "tore": "tear", "torn": "tear", "understood": "understand", "wore": "wear", "worn": "wear",
    "women": "woman", "won": "win", "wrote": "write", "written": "write", "dying": "die", "lying": "lie", "tying": "tie",
    "cities": "city", "knives": "knife", "lives": "life", "leaves": "leaf", "wives": "wife", "shelves": "shelf", "wolves": "wolf",
    "maximal": "maximum", "minimal": "minimum", "analyses": "analysis", "indices": "index", "vertices": "vertex",
}  # fmt: skip
SUBJECTS = """
boat ship vessel ferry craft yacht barge trawler tug dinghy
harbour harbor port quay dock pier berth wharf jetty marina mooring landing
sailor crew seaman mariner captain skipper deckhand
sea ocean water tide wave coast shore bay
storm gale wind weather tempest hurricane squall
rain rainfall wet shower downpour drizzle flood
snow ice frost freeze cold winter chill frozen
heat hot warm summer temperature thermal
sun sunny sunshine daylight bright
car automobile vehicle drive driver motor truck lorry van
road street highway motorway lane traffic
train railway rail station locomotive tram
plane aircraft flight fly pilot airport aeroplane airline
bicycle bike cycle cyclist pedal
travel trip journey voyage holiday vacation tourist tour
hotel room lodging accommodation guest stay inn
money cash currency pay payment fund finance
price cost fee charge expense expensive cheap
bank loan credit debt interest mortgage borrow lend
tax duty levy revenue
buy purchase acquire order shop shopping customer buyer
sell sale seller vendor trade merchant
shop store market supermarket retail
company firm business enterprise corporation employer
job work employment occupation career profession employee worker staff
salary wage income earnings pay
boss manager supervisor director chief head leader
meeting conference assembly gathering session
contract agreement deal treaty
law legal lawyer attorney court judge justice
crime criminal theft steal thief rob burglar robbery
police officer detective arrest
prison jail inmate sentence
war battle fight conflict army soldier military
weapon gun bomb missile rifle
government state minister parliament politics political
vote election ballot candidate elect
country nation land state
king queen monarch royal crown prince
doctor physician surgeon medic clinic
hospital ward clinic patient nurse treatment
illness disease sickness sick ill infection virus
medicine drug pill tablet medication remedy
pain ache hurt sore injury wound
heart cardiac blood artery pulse
brain mind memory think cognitive
sleep bed nap rest night dream insomnia
tired exhausted weary fatigue sleepy
food meal eat dish dinner lunch breakfast cuisine
cook kitchen recipe bake oven boil fry roast chef
bread flour dough bake loaf baker wheat
fruit apple banana orange pear berry
vegetable carrot potato onion cabbage tomato salad
meat beef pork chicken steak lamb sausage
fish salmon trout cod tuna catch angler fishing fisherman
milk cheese butter dairy cream cow
drink beverage water juice tea coffee thirsty
beer wine alcohol drunk bar pub
sugar sweet candy chocolate cake dessert
dog puppy hound canine
cat kitten feline
horse pony stallion ride rider gallop
bird feather wing nest fly beak
animal creature beast wildlife mammal
insect bee ant beetle butterfly fly
tree forest wood timber branch leaf oak
plant flower garden bloom grow seed gardener
farm farmer agriculture crop harvest field
mountain hill peak summit climb climber
river stream creek bank brook
lake pond reservoir
city town urban village municipal
house home dwelling residence flat apartment
building construction build architect tower
door gate entrance entry doorway
key lock unlock padlock
window glass pane
wall brick concrete plaster
paint colour color brush painter pigment coat
roof ceiling tile attic
furniture chair table sofa desk
light lamp bulb bright illuminate lantern
dark night darkness dim
electricity electric power current voltage electrical
energy fuel power petrol gas oil diesel
engine motor machine machinery
repair fix mend restore maintenance maintain service
broken damage damaged faulty defect fault break crack
inspect inspection examine check survey audit review
clean wash wipe tidy scrub rinse
dirty dirt mud dust stain
rope line cable cord chain wire
winch hoist crane lift pulley
anchor moor mooring chain
fire flame burn blaze smoke extinguisher
alarm siren warning alert bell
danger hazard risk peril dangerous unsafe
safe safety secure protect protection
accident crash collision incident
rescue save lifeboat lifejacket emergency
helmet gloves goggles boots protective
school pupil student class lesson classroom
teacher teach instructor tutor professor lecturer
learn study education course train training
university college degree campus graduate
exam test quiz examination
book novel read reader library author
writer author write poet
newspaper press journalist news article magazine
letter mail post email message send
word language speak speech tongue talk
talk speak conversation discuss chat say
phone telephone mobile call dial
computer pc laptop machine software
program software code application developer programming
internet web online website network
password login credential secret authenticate
data information database record store
file document paper folder
picture image photo photograph camera
film movie cinema actor screen
music song melody tune sing singer concert
piano guitar violin instrument orchestra
dance ballet dancer
art paint museum gallery sculpture artist exhibition
game play player match
football soccer goal team league
ball throw catch hit
run jog race runner sprint marathon
swim swimming pool swimmer
win victory triumph beat
lose defeat loss
child kid infant baby toddler boy girl
mother mum mom father dad parent
wife husband spouse marriage marry wedding married
friend companion buddy pal
family relative kin
man male gentleman guy
woman female lady
old elderly aged ancient pension retire
young youth teenage youthful
death die dead funeral deceased kill
birth born pregnant pregnancy
happy glad joy pleased cheerful delight
sad unhappy sorrow grief
angry anger furious mad rage annoyed
fear afraid scared frightened terror
love affection adore fond
quick fast rapid swift speed
slow slowly sluggish
big large huge enormous great giant
small little tiny minor miniature
begin start commence launch
end finish stop conclude terminate close
increase rise grow growth raise
decrease reduce fall decline drop lower
allow permit let authorise permission
forbid prohibit ban disallow
need require necessary must
help assist aid support
show display exhibit demonstrate
hide conceal secret cover
find discover locate
search seek look hunt
choose select pick option choice
join connect link attach
cut slice chop saw knife
push press shove
pull drag tow haul
carry transport haul deliver delivery cargo freight
load cargo freight goods
box crate container package parcel
weight heavy weigh mass load
tall high height
deep depth
length long metre
time hour minute clock watch
day daily date
week weekly fortnight
month monthly
year annual yearly
morning dawn sunrise
evening dusk sunset
early soon before
late delay overdue
often frequent frequently regularly interval
rare seldom rarely
map chart atlas navigation navigate
star planet space astronomy astronaut galaxy moon rocket telescope
science scientist research laboratory experiment
chemical chemistry acid molecule
mathematics number calculate arithmetic algebra sum
metal iron steel copper rust corrosion
gold silver jewel jewellery ring
cloth fabric garment clothes wear dress shirt
shoe boot footwear
religion church god pray priest temple faith
climate environment pollution emission ecology
waste rubbish trash garbage recycle recycling bin
earth soil ground
volcano lava eruption earthquake quake
island isle
desert sand dune
beach seaside shore sand
guard watchman sentry lookout
visitor guest passenger
ticket fare pass
form application apply
complaint complain grievance
holiday leave absence
shift rota schedule timetable roster
log ledger register journal record
tool hammer spanner screwdriver wrench
pump hose valve pipe leak
bridge span crossing
tunnel underground subway
parking park garage
"""
"""Words of one subject, a subject to a line."""
