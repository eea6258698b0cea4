"""The code lists of the damage register, each code with its English words and the facts that belong to it.

Codes are never reused and never change their meaning. Words are message ids: they are translated where they are shown.
Unknown (`UNK`), other (`OTH`) and not asked (NULL) are three different things. Pure: no framework is imported here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.core.choices import N_, Choice, OrderedChoice

# ── Damage, function, access, safety: four axes that are never folded into one ──────────────────────────────────────


class DamageGrade(Choice):
    """How badly a structure is damaged; stored as an interval of grades, DU standing for "cannot tell"."""

    D0 = (
        "D0",
        N_("No visible damage"),
        "damage-d0",
        N_("I looked. Nothing is broken."),
        N_("Inspected, no damage found"),
    )
    D1 = (
        "D1",
        N_("Minor damage"),
        "damage-d1",
        N_("Broken windows or doors, part of the roof covering, small cracks, scorching outside."),
        N_("Non-structural damage only"),
    )
    D2 = (
        "D2",
        N_("Moderate damage"),
        "damage-d2",
        N_("Whole roof or many windows gone, large cracks, one wall hurt, small fire. The building stands."),
        N_("Limited structural damage; repairable"),
    )
    D3 = (
        "D3",
        N_("Severe damage"),
        "damage-d3",
        N_("Part of the building fell down, holes through walls or floors, burnt out. Unsafe."),
        N_("Load-bearing elements lost, partial collapse"),
    )
    D4 = (
        "D4",
        N_("Destroyed"),
        "damage-d4",
        N_("Most or all has fallen down."),
        N_("Total or near-total collapse; to be demolished"),
    )
    DU = (
        "DU",
        N_("Cannot tell"),
        "damage-du",
        N_("I could not see it, or only heard it."),
        N_("Not assessed, not accessible, or only possible"),
    )

    def __init__(self, _code: str, _label: str = "", _icon: str = "", citizen: str = "", cue: str = "") -> None:
        """Keep the wording shown to residents and the cue shown to trained people."""
        self.citizen = citizen
        self.cue = cue

    @property
    def level(self) -> int | None:
        """Return 0 to 4, or None for "cannot tell"."""
        return None if self is DamageGrade.DU else int(self.value[1])


class FunctionalStatus(Choice):
    """Whether the place does its work, in the terms of HeRAMS; independent of how it looks."""

    F4 = "F4", N_("Fully functioning")
    F3 = "F3", N_("Partially functioning")
    F2 = "F2", N_("Not functioning")
    F1 = "F1", N_("Closed for good")
    F0 = "F0", N_("Functioning not known")


class ServiceReductionBand(OrderedChoice):
    """How much of the usual service is lost."""

    R0 = "R0", N_("No reduction")
    R1_25 = "R1_25", N_("Reduced by 1–25%")
    R26_50 = "R26_50", N_("Reduced by 26–50%")
    R51_75 = "R51_75", N_("Reduced by 51–75%")
    R76_100 = "R76_100", N_("Reduced by 76–100%")


class ImpairmentCause(Choice):
    """Why a place does not work as it should (several may apply)."""

    DAMAGE = "DAMAGE", N_("Damage to the building or equipment")
    POWER = "POWER", N_("No electricity")
    WATER = "WATER", N_("No water supply")
    FUEL = "FUEL", N_("Lack of fuel")
    STAFF = "STAFF", N_("Lack of staff")
    SUPPLIES = "SUPPLIES", N_("Lack of supplies")
    ACCESS = "ACCESS", N_("Cannot be reached")
    SECURITY = "SECURITY", N_("Insecurity")
    FINANCE = "FINANCE", N_("Lack of money")
    OTHER = "OTHER", N_("Other cause")


class BackupPower(OrderedChoice):
    """How long the place can run without the grid; a restricted field."""

    NONE = "NONE", N_("No backup power")
    LT24H = "LT24H", N_("Backup power for less than 24 hours")
    D1_3 = "D1_3", N_("Backup power for 1 to 3 days")
    GT3D = "GT3D", N_("Backup power for more than 3 days")


class AccessStatus(Choice):
    """Whether people can get to the place, in the terms of HeRAMS."""

    FULL = "FULL", N_("Fully accessible")
    PARTIAL = "PARTIAL", N_("Partially accessible")
    NONE = "NONE", N_("Not accessible")
    UNK = "UNK", N_("Access not known")


class AccessConstraint(Choice):
    """What stands in the way."""

    ACC_OPEN = "ACC.OPEN", N_("Way is open"), "humanitarian-access"
    ACC_DEBRIS = "ACC.DEBRIS", N_("Blocked by debris"), "debris-management"
    ACC_ROAD_DAMAGED = "ACC.ROAD_DAMAGED", N_("Road damaged"), "road-affected"
    ACC_BRIDGE_OUT = "ACC.BRIDGE_OUT", N_("Bridge out"), "bridge-destroyed"
    ACC_FLOOD = "ACC.FLOOD", N_("Flooded"), "flood"
    ACC_UXO = "ACC.UXO", N_("Mines or explosive items on the way"), "mine"
    ACC_HOSTILITIES = "ACC.HOSTILITIES", N_("Fighting or shelling"), "conflict"
    ACC_CURFEW = "ACC.CURFEW", N_("Curfew"), "time"
    ACC_CHECKPOINT = "ACC.CHECKPOINT", N_("Checkpoint"), "checkpoint"
    ACC_PERMISSION = "ACC.PERMISSION", N_("Permission needed"), "policy"
    ACC_FUEL = "ACC.FUEL", N_("No fuel for vehicles"), "gas-station"
    ACC_WEATHER = "ACC.WEATHER", N_("Weather"), "heavy-rain"
    ACC_UNK = "ACC.UNK", N_("Way not known"), "help"


class Passability(OrderedChoice):
    """Who can pass a road, bridge or other line; PU is not a step of the scale."""

    P0 = "P0", N_("Closed to all traffic")
    P1 = "P1", N_("On foot only")
    P2 = "P2", N_("Light or four-wheel-drive vehicles")
    P3 = "P3", N_("Lorries up to a weight limit")
    P4 = "P4", N_("All vehicles")
    PU = "PU", N_("Passability not known")


class SafetyTag(Choice):
    """What an engineer posted on the building after ATC-20; never derived from damage."""

    GREEN = "GREEN", N_("Inspected: may be entered")
    YELLOW = "YELLOW", N_("Restricted use")
    RED = "RED", N_("Unsafe: do not enter")


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Sector(Choice):
    """The sectors of the Global Coordination Group, as HDX uses them, and MS for several sectors."""

    SHL = "SHL", N_("Shelter and non-food items"), "shelter"
    CCM = "CCM", N_("Camp coordination and camp management"), "camp-coordination-and-camp-management"
    PRO_MIN = "PRO-MIN", N_("Mine action"), "mine"
    FSC = "FSC", N_("Food security"), "food-security"
    WSH = "WSH", N_("Water, sanitation and hygiene"), "water-sanitation-and-hygiene"
    LOG = "LOG", N_("Logistics"), "logistics"
    PRO_CPN = "PRO-CPN", N_("Child protection"), "child-protection"
    PRO = "PRO", N_("Protection"), "protection"
    EDU = "EDU", N_("Education"), "education"
    NUT = "NUT", N_("Nutrition"), "nutrition"
    HEA = "HEA", N_("Health"), "health"
    ERY = "ERY", N_("Early recovery"), "early-recovery"
    TEL = "TEL", N_("Emergency telecommunications"), "emergency-telecommunications"
    PRO_GBV = "PRO-GBV", N_("Gender-based violence"), "gender-based-violence"
    PRO_HLP = "PRO-HLP", N_("Housing, land and property"), "house"
    MS = "MS", N_("Several sectors"), "multi-cluster-sector"


class SensitivityClass(OrderedChoice):
    """How much harm exact knowledge of a place could do; drives the publication rules."""

    S0 = "S0", N_("Not sensitive")
    S1 = "S1", N_("Low sensitivity")
    S2 = "S2", N_("Moderate sensitivity")
    S3 = "S3", N_("High sensitivity")
    S4 = "S4", N_("Severe sensitivity")


class SiteGroup(Choice):
    """The first part of every site type."""

    RES = "RES", N_("Homes"), "house"
    SHE = "SHE", N_("Shelters and warming points"), "shelter"
    HEA = "HEA", N_("Health care"), "health"
    EDU = "EDU", N_("Schools and learning"), "education"
    WSH = "WSH", N_("Water and sanitation"), "water-sanitation-and-hygiene"
    ENE = "ENE", N_("Energy"), "power-electricity"
    TRA = "TRA", N_("Transport"), "road"
    COM = "COM", N_("Communications"), "cell-tower"
    FOO = "FOO", N_("Food and markets"), "food"
    GOV = "GOV", N_("Public services"), "government-office"
    CUL = "CUL", N_("Culture and worship"), "community-building"
    HUM = "HUM", N_("Aid organisations"), "ngo-office"
    IND = "IND", N_("Industry"), "infrastructure"
    SOC = "SOC", N_("Children, sport and leisure"), "children"
    ENV = "ENV", N_("Land and nature"), "environment"
    MEDIA = "MEDIA", N_("Press and broadcasting"), "radio"
    OTH = "OTH", N_("Other kinds of place"), "infrastructure"
    UNK = "UNK", N_("Not known"), "help"


_S = SensitivityClass
_X = Sector


class SiteType(Choice):
    """What kind of civilian place is damaged. Military places have no code here and are refused (`REFUSED_SITES`)."""

    RES_APT = (
        "RES.APT",
        N_("Apartment block"),
        "building",
        _X.SHL,
        _S.S1,
        ("building=apartments", "building=dormitory"),
    )
    RES_HOUSE = (
        "RES.HOUSE",
        N_("House"),
        "house",
        _X.SHL,
        _S.S1,
        ("building=house", "building=detached", "building=residential"),
    )
    RES_COLLECTIVE = (
        "RES.COLLECTIVE",
        N_("Collective centre for displaced people"),
        "transition-site",
        _X.CCM,
        _S.S4,
        ("social_facility=shelter", "amenity=refugee_site"),
    )
    RES_CAMP = (
        "RES.CAMP",
        N_("Camp or informal settlement"),
        "idp-refugee-camp",
        _X.CCM,
        _S.S4,
        ("amenity=refugee_site",),
    )
    RES_INSTITUTION = (
        "RES.INSTITUTION",
        N_("Orphanage, care home or psychiatric home"),
        "elderly",
        _X.PRO,
        _S.S4,
        ("social_facility=group_home", "social_facility=nursing_home"),
    )
    SHE_BOMB = (
        "SHE.BOMB",
        N_("Bomb shelter or safe room"),
        "assembly-point",
        _X.PRO,
        _S.S4,
        ("amenity=shelter+shelter_type=bomb_shelter",),
    )
    SHE_HUB = "SHE.HUB", N_("Warming or invincibility point"), "stove", _X.SHL, _S.S4, ()
    HEA_HOSP = "HEA.HOSP", N_("Hospital"), "hospital", _X.HEA, _S.S3, ("amenity=hospital", "healthcare=hospital")
    HEA_MATERNITY = (
        "HEA.MATERNITY",
        N_("Maternity or children's hospital"),
        "pregnant",
        _X.HEA,
        _S.S3,
        ("healthcare:speciality=*",),
    )
    HEA_CLINIC = (
        "HEA.CLINIC",
        N_("Clinic, doctor or dentist"),
        "clinic",
        _X.HEA,
        _S.S3,
        ("amenity=clinic", "amenity=doctors"),
    )
    HEA_PHARM = "HEA.PHARM", N_("Pharmacy"), "medicine", _X.HEA, _S.S2, ("amenity=pharmacy",)
    HEA_AMB = (
        "HEA.AMB",
        N_("Ambulance station or ambulance"),
        "mobile-clinic",
        _X.HEA,
        _S.S4,
        ("emergency=ambulance_station",),
    )
    HEA_BLOOD = (
        "HEA.BLOOD",
        N_("Blood bank, laboratory or medical store"),
        "medical-supply",
        _X.HEA,
        _S.S3,
        ("healthcare=blood_bank", "healthcare=laboratory"),
    )
    EDU_PRE = "EDU.PRE", N_("Kindergarten"), "children", _X.EDU, _S.S2, ("amenity=kindergarten",)
    EDU_SCHOOL = "EDU.SCHOOL", N_("School"), "school", _X.EDU, _S.S2, ("amenity=school",)
    EDU_HIGHER = (
        "EDU.HIGHER",
        N_("University or college"),
        "university",
        _X.EDU,
        _S.S2,
        ("amenity=university", "amenity=college"),
    )
    EDU_OTH = "EDU.OTH", N_("Library or training centre"), "learning", _X.EDU, _S.S1, ("amenity=library",)
    WSH_TREAT = (
        "WSH.TREAT",
        N_("Water treatment or pumping station"),
        "submersible-pump",
        _X.WSH,
        _S.S3,
        ("man_made=water_works", "man_made=pumping_station"),
    )
    WSH_STORE = (
        "WSH.STORE",
        N_("Water tower, reservoir or borehole"),
        "borehole",
        _X.WSH,
        _S.S3,
        ("man_made=water_tower", "man_made=water_well"),
    )
    WSH_NET = (
        "WSH.NET",
        N_("Water main or water point"),
        "potable-water-source",
        _X.WSH,
        _S.S2,
        ("man_made=pipeline+substance=water", "amenity=water_point"),
    )
    WSH_WASTE = (
        "WSH.WASTE",
        N_("Wastewater plant or sewer"),
        "sanitation",
        _X.WSH,
        _S.S3,
        ("man_made=wastewater_plant",),
    )
    WSH_SOLID = "WSH.SOLID", N_("Waste site"), "solid-waste", _X.WSH, _S.S1, ("landuse=landfill",)
    WSH_DAM = "WSH.DAM", N_("Dam, dyke or lock"), "flood", _X.WSH, _S.S3, ("waterway=dam", "man_made=embankment")
    ENE_GEN = "ENE.GEN", N_("Power plant"), "power-electricity", _X.ERY, _S.S3, ("power=plant", "power=generator")
    ENE_NUC = "ENE.NUC", N_("Nuclear installation"), "dangerous-area", _X.ERY, _S.S3, ("plant:source=nuclear",)
    ENE_SUB = (
        "ENE.SUB",
        N_("Substation or transformer"),
        "power-electricity",
        _X.ERY,
        _S.S3,
        ("power=substation", "power=transformer"),
    )
    ENE_LINE = "ENE.LINE", N_("Power line"), "power-outage", _X.ERY, _S.S2, ("power=line", "power=minor_line")
    ENE_HEAT = "ENE.HEAT", N_("District heating or boiler house"), "stove", _X.ERY, _S.S3, ("man_made=heating_plant",)
    ENE_GAS = (
        "ENE.GAS",
        N_("Gas facility or pipeline"),
        "oil-facility",
        _X.ERY,
        _S.S3,
        ("man_made=gasometer", "man_made=pipeline+substance=gas"),
    )
    ENE_FUEL = (
        "ENE.FUEL",
        N_("Fuel depot or filling station"),
        "gas-station",
        _X.ERY,
        _S.S3,
        ("amenity=fuel", "man_made=storage_tank"),
    )
    TRA_ROAD = "TRA.ROAD", N_("Road"), "road", _X.LOG, _S.S0, ("highway=*",)
    TRA_BRIDGE = "TRA.BRIDGE", N_("Bridge or tunnel"), "bridge", _X.LOG, _S.S3, ("bridge=yes", "tunnel=yes")
    TRA_RAIL = "TRA.RAIL", N_("Railway or station"), "train", _X.LOG, _S.S3, ("railway=*",)
    TRA_PORT = "TRA.PORT", N_("Port or ferry"), "port", _X.LOG, _S.S3, ("harbour=*", "amenity=ferry_terminal")
    TRA_AIR = "TRA.AIR", N_("Civil airport"), "airport", _X.LOG, _S.S3, ("aeroway=*",)
    TRA_BUS = (
        "TRA.BUS",
        N_("Bus or tram stop, depot or vehicle"),
        "bus",
        _X.LOG,
        _S.S2,
        ("amenity=bus_station", "public_transport=*"),
    )
    COM_MAST = (
        "COM.MAST",
        N_("Telecom mast or exchange"),
        "cell-tower",
        _X.TEL,
        _S.S3,
        ("man_made=mast", "man_made=communications_tower", "telecom=exchange"),
    )
    COM_DATA = (
        "COM.DATA",
        N_("Data centre or post office"),
        "e-mail",
        _X.TEL,
        _S.S3,
        ("building=data_center", "amenity=post_office"),
    )
    FOO_MARKET = "FOO.MARKET", N_("Market, shop or mall"), "market", _X.FSC, _S.S2, ("amenity=marketplace", "shop=*")
    FOO_STORE = (
        "FOO.STORE",
        N_("Grain silo or food warehouse"),
        "food-warehouse",
        _X.FSC,
        _S.S3,
        ("man_made=silo", "building=warehouse"),
    )
    FOO_PROC = (
        "FOO.PROC",
        N_("Bakery, mill or food processing"),
        "flour",
        _X.FSC,
        _S.S2,
        ("craft=bakery", "industrial=food"),
    )
    FOO_FARM = (
        "FOO.FARM",
        N_("Farm, livestock or irrigation"),
        "agriculture",
        _X.FSC,
        _S.S0,
        ("landuse=farmyard", "landuse=farmland"),
    )
    GOV_ADMIN = (
        "GOV.ADMIN",
        N_("Local administration or court"),
        "government-office",
        _X.ERY,
        _S.S2,
        ("office=government", "amenity=townhall", "amenity=courthouse"),
    )
    GOV_FIRE = "GOV.FIRE", N_("Fire or rescue station"), "search-and-rescue", _X.ERY, _S.S4, ("amenity=fire_station",)
    GOV_POLICE = "GOV.POLICE", N_("Police (civilian)"), "police-station", _X.ERY, _S.S4, ("amenity=police",)
    GOV_PRISON = "GOV.PRISON", N_("Place of detention"), "arrest-detention", _X.PRO, _S.S4, ("amenity=prison",)
    CUL_RELIG = (
        "CUL.RELIG",
        N_("Place of worship"),
        "community-building",
        _X.ERY,
        _S.S2,
        ("amenity=place_of_worship",),
    )
    CUL_HERIT = (
        "CUL.HERIT",
        N_("Museum, monument or archive"),
        "observation-tower",
        _X.ERY,
        _S.S2,
        ("tourism=museum", "historic=*"),
    )
    CUL_CEM = "CUL.CEM", N_("Cemetery"), "dead", _X.ERY, _S.S1, ("landuse=cemetery",)
    HUM_OFFICE = (
        "HUM.OFFICE",
        N_("Aid office, warehouse, convoy or distribution point"),
        "distribution-site",
        _X.LOG,
        _S.S4,
        ("office=ngo",),
    )
    HUM_SAFE = "HUM.SAFE", N_("Protection safe space"), "protection", _X.PRO_GBV, _S.S4, ()
    IND_GEN = (
        "IND.GEN",
        N_("Factory or workshop"),
        "infrastructure",
        _X.ERY,
        _S.S2,
        ("landuse=industrial", "building=industrial"),
    )
    IND_CHEM = (
        "IND.CHEM",
        N_("Chemical or hazardous store"),
        "technological-disaster",
        _X.ERY,
        _S.S3,
        ("industrial=chemical",),
    )
    SOC_CHILD = "SOC.CHILD", N_("Playground or youth centre"), "children", _X.PRO_CPN, _S.S1, ("leisure=playground",)
    SOC_SPORT = "SOC.SPORT", N_("Sports ground or park"), "people-reached", _X.ERY, _S.S0, ("leisure=*",)
    ENV_LAND = "ENV.LAND", N_("Forest, river or contaminated land"), "environment", _X.ERY, _S.S0, ("natural=*",)
    MEDIA = "MEDIA", N_("Press office or broadcaster"), "radio", _X.PRO, _S.S4, ("amenity=studio",)
    OTH = "OTH", N_("Other place"), "location", _X.MS, _S.S2, ()
    UNK = "UNK", N_("Kind of place not known"), "help", _X.MS, _S.S2, ()

    def __init__(
        self, code: str, _label: str, _icon: str, sector: Sector, sensitivity: SensitivityClass, osm: tuple[str, ...]
    ) -> None:
        """Keep the facts of the kind: its group, sector, sensitivity class and OSM tags (any one of them matches)."""
        self.group = SiteGroup(code.partition(".")[0])
        self.sector = sector
        self.sensitivity = sensitivity
        self.osm = osm


REFUSED_SITES = frozenset({"MIL"})
"""Codes that are recognised only to be refused: nothing about a military place is ever stored."""


class InUseAs(Choice):
    """What a place is used for now, where that differs from what it was built for; it can only raise the class."""

    COLLECTIVE = "COLLECTIVE", N_("People displaced from home live here"), "transition-site", _S.S4
    SHELTER = "SHELTER", N_("People take shelter here"), "shelter", _S.S4
    AID = "AID", N_("Aid is stored or given out here"), "distribution-site", _S.S4
    HEALTH = "HEALTH", N_("Patients are treated here"), "health", _S.S3

    def __init__(self, _code: str, _label: str, _icon: str, sensitivity: SensitivityClass) -> None:
        """Keep the sensitivity class this use brings with it."""
        self.sensitivity = sensitivity


# ── Cause ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class CauseGroup(Choice):
    """The coarse cause; there is no code for who did it."""

    CONFLICT = "CONFLICT", N_("Armed conflict"), "conflict"
    NATURAL = "NATURAL", N_("Natural hazard"), "earthquake"
    TECHNOLOGICAL = "TECHNOLOGICAL", N_("Technical accident"), "technological-disaster"
    ARSON_CRIME = "ARSON_CRIME", N_("Arson or crime"), "fire"
    UNK = "UNK", N_("Cause not known"), "help"


class LaunchMethod(Choice):
    """How a weapon arrived; a restricted field."""

    AIR_UNCREWED = "AIR_UNCREWED", N_("From the air, without crew")
    AIR_CREWED = "AIR_CREWED", N_("From an aircraft with crew")
    AIR = "AIR", N_("From the air")
    GROUND = "GROUND", N_("From the ground")
    SEA = "SEA", N_("From the sea")
    DIRECTLY_EMPLACED = "DIRECTLY_EMPLACED", N_("Placed by hand")
    UXO = "UXO", N_("Left-over ammunition")
    UNSPECIFIED = "UNSPECIFIED", N_("Launch not known")


_C = CauseGroup
_L = LaunchMethod


class WeaponType(Choice):
    """The detailed cause: a weapon, an act, a natural hazard or an accident. Set by verifiers, never by residents.

    `launch` lists the possible methods; `acled`, `aoav` and `hrmmu` are the terms of those bodies, empty where unknown.
    """

    WPN_UAV_OWA = (
        "WPN.UAV.OWA",
        N_("One-way attack drone"),
        "attack",
        _C.CONFLICT,
        (_L.AIR_UNCREWED,),
        "Air/drone strike",
        "air-launched: drone",
        "long-range weapons (missiles & loitering munitions)",
    )
    WPN_UAV_FPV = (
        "WPN.UAV.FPV",
        N_("Short-range drone"),
        "attack",
        _C.CONFLICT,
        (_L.AIR_UNCREWED,),
        "Air/drone strike",
        "drone",
        "short-range drones",
    )
    WPN_UAV_DROP = (
        "WPN.UAV.DROP",
        N_("Munition dropped by a drone"),
        "attack",
        _C.CONFLICT,
        (_L.AIR_UNCREWED,),
        "Air/drone strike",
        "drone",
        "short-range drones",
    )
    WPN_MSL_BAL = (
        "WPN.MSL.BAL",
        N_("Ballistic missile"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND, _L.AIR),
        "Shelling/artillery/missile",
        "missile",
        "missiles",
    )
    WPN_MSL_CRU = (
        "WPN.MSL.CRU",
        N_("Cruise missile"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND, _L.AIR, _L.SEA),
        "Shelling/artillery/missile",
        "missile",
        "missiles",
    )
    WPN_MSL_OTH = (
        "WPN.MSL.OTH",
        N_("Other missile"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND,),
        "Shelling/artillery/missile",
        "missile",
        "missiles",
    )
    WPN_BOMB = (
        "WPN.BOMB",
        N_("Bomb dropped from an aircraft"),
        "attack",
        _C.CONFLICT,
        (_L.AIR_CREWED,),
        "Air/drone strike",
        "Air-Launched: Plane / Aerial Bomb",
        "aerial (glide) bombs",
    )
    WPN_ROCKET = (
        "WPN.ROCKET",
        N_("Rocket or multiple-launch rocket"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND,),
        "Shelling/artillery/missile",
        "Rocket",
        "shelling, MLRS",
    )
    WPN_ARTY = (
        "WPN.ARTY",
        N_("Artillery or tank shell"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND,),
        "Shelling/artillery/missile",
        "Artillery / Shelling",
        "shelling",
    )
    WPN_MORTAR = (
        "WPN.MORTAR",
        N_("Mortar"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND,),
        "Shelling/artillery/missile",
        "Mortar",
        "shelling",
    )
    WPN_CLUSTER = "WPN.CLUSTER", N_("Cluster munition"), "attack", _C.CONFLICT, (), "", "cluster", "cluster"
    WPN_INCEND = "WPN.INCEND", N_("Incendiary weapon"), "fire", _C.CONFLICT, (), "", "", ""
    WPN_MINE = (
        "WPN.MINE",
        N_("Landmine"),
        "mine",
        _C.CONFLICT,
        (_L.DIRECTLY_EMPLACED,),
        "Remote explosive/landmine/IED",
        "Directly-Emplaced / Mine",
        "mines & ERW",
    )
    WPN_ERW = (
        "WPN.ERW",
        N_("Explosive remnant of war"),
        "mine",
        _C.CONFLICT,
        (_L.UXO,),
        "Remote explosive/landmine/IED",
        "UXO / UXO",
        "mines & ERW",
    )
    WPN_IED = (
        "WPN.IED",
        N_("Improvised explosive device"),
        "mine",
        _C.CONFLICT,
        (_L.DIRECTLY_EMPLACED,),
        "Remote explosive/landmine/IED / Suicide bomb",
        "Unspecified IED",
        "",
    )
    WPN_GRENADE = (
        "WPN.GRENADE",
        N_("Hand grenade"),
        "attack",
        _C.CONFLICT,
        (_L.DIRECTLY_EMPLACED,),
        "Grenade",
        "Hand Grenade",
        "",
    )
    WPN_SMALL = (
        "WPN.SMALL",
        N_("Small arms"),
        "attack",
        _C.CONFLICT,
        (_L.GROUND,),
        "Armed clash / Attack",
        "",
        "small arms",
    )
    WPN_CHEM = (
        "WPN.CHEM",
        N_("Chemical agent suspected"),
        "dangerous-area",
        _C.CONFLICT,
        (),
        "Chemical weapon",
        "",
        "",
    )
    WPN_UNSPEC = (
        "WPN.UNSPEC",
        N_("Explosion, weapon not known"),
        "attack",
        _C.CONFLICT,
        (_L.UNSPECIFIED,),
        "",
        "Unspecified Explosive / Unspecified Launch Method",
        "",
    )
    CF_LOOT = "CF.LOOT", N_("Looting"), "robbery", _C.CONFLICT, (), "Looting/property destruction", "", ""
    CF_OCCUPY = "CF.OCCUPY", N_("Used by armed people"), "forced-entry", _C.CONFLICT, (), "", "", ""
    CF_ARSON = (
        "CF.ARSON",
        N_("Set on fire by armed people"),
        "fire",
        _C.CONFLICT,
        (),
        "Looting/property destruction",
        "",
        "",
    )
    NAT_EQ = "NAT.EQ", N_("Earthquake"), "earthquake", _C.NATURAL, (), "", "", ""
    NAT_FLOOD = "NAT.FLOOD", N_("Flood"), "flood", _C.NATURAL, (), "", "", ""
    NAT_LANDSLIDE = "NAT.LANDSLIDE", N_("Landslide or mudslide"), "landslide-mudslide", _C.NATURAL, (), "", "", ""
    NAT_STORM = "NAT.STORM", N_("Storm"), "storm", _C.NATURAL, (), "", "", ""
    NAT_TSUNAMI = "NAT.TSUNAMI", N_("Tsunami"), "tsunami", _C.NATURAL, (), "", "", ""
    NAT_WILDFIRE = "NAT.WILDFIRE", N_("Wildfire"), "fire", _C.NATURAL, (), "", "", ""
    NAT_VOLC = "NAT.VOLC", N_("Volcanic eruption"), "volcano", _C.NATURAL, (), "", "", ""
    NAT_COLD = "NAT.COLD", N_("Extreme cold"), "cold-wave", _C.NATURAL, (), "", "", ""
    NAT_DROUGHT = "NAT.DROUGHT", N_("Drought"), "drought", _C.NATURAL, (), "", "", ""
    TEC_DAM = "TEC.DAM", N_("Dam failure"), "flash-flood", _C.TECHNOLOGICAL, (), "", "", ""
    TEC_INDUSTRIAL = (
        "TEC.INDUSTRIAL",
        N_("Industrial accident"),
        "technological-disaster",
        _C.TECHNOLOGICAL,
        (),
        "",
        "",
        "",
    )
    TEC_FIRE = "TEC.FIRE", N_("Accidental fire"), "fire", _C.TECHNOLOGICAL, (), "", "", ""
    TEC_CHEM = "TEC.CHEM", N_("Chemical accident"), "dangerous-area", _C.TECHNOLOGICAL, (), "", "", ""
    TEC_NUC = "TEC.NUC", N_("Nuclear accident"), "dangerous-area", _C.TECHNOLOGICAL, (), "", "", ""
    TEC_COLLAPSE = (
        "TEC.COLLAPSE",
        N_("Structural collapse"),
        "building-facility-destroyed",
        _C.TECHNOLOGICAL,
        (),
        "",
        "",
        "",
    )
    ARS = "ARS", N_("Arson (criminal)"), "fire", _C.ARSON_CRIME, (), "", "", ""
    UNK = "UNK", N_("Detailed cause not known"), "help", _C.UNK, (), "", "", ""

    def __init__(
        self,
        _code: str,
        _label: str,
        _icon: str,
        cause_group: CauseGroup,
        launch: tuple[LaunchMethod, ...],
        acled: str,
        aoav: str,
        hrmmu: str,
    ) -> None:
        """Keep the cause group, the possible launch methods and the words of ACLED, AOAV and HRMMU."""
        self.cause_group = cause_group
        self.launch = launch
        self.acled = acled
        self.aoav = aoav
        self.hrmmu = hrmmu


class WeaponConfidence(OrderedChoice):
    """How sure the verifier is of the weapon type, the surest first."""

    A = "A", N_("Weapon certain")
    B = "B", N_("Weapon likely")
    C = "C", N_("Weapon uncertain")


_W = WeaponType


class CitizenCause(Choice):
    """The eight causes a resident chooses among; everything finer is a verifier's work."""

    DRONE = (
        "DRONE",
        N_("Drone"),
        "attack",
        _C.CONFLICT,
        (_W.WPN_UAV_OWA, _W.WPN_UAV_FPV, _W.WPN_UAV_DROP),
    )
    MISSILE = (
        "MISSILE",
        N_("Missile or rocket"),
        "alert",
        _C.CONFLICT,
        (_W.WPN_MSL_BAL, _W.WPN_MSL_CRU, _W.WPN_MSL_OTH, _W.WPN_ROCKET),
    )
    BOMB = "BOMB", N_("Bomb from an aircraft"), "dangerous-area", _C.CONFLICT, (_W.WPN_BOMB,)
    SHELLING = "SHELLING", N_("Shelling"), "conflict", _C.CONFLICT, (_W.WPN_ARTY, _W.WPN_MORTAR)
    MINE = (
        "MINE",
        N_("Mine or left-over ammunition"),
        "mine",
        _C.CONFLICT,
        (_W.WPN_MINE, _W.WPN_ERW, _W.WPN_IED, _W.WPN_CLUSTER),
    )
    # A fire alone does not tell an accident from arson or a strike: the group stays open.
    FIRE = "FIRE", N_("Fire"), "fire", _C.UNK, (_W.TEC_FIRE, _W.NAT_WILDFIRE, _W.ARS, _W.CF_ARSON, _W.WPN_INCEND)
    NATURAL = (
        "NATURAL",
        N_("Earthquake, flood or storm"),
        "earthquake",
        _C.NATURAL,
        (
            _W.NAT_EQ,
            _W.NAT_FLOOD,
            _W.NAT_LANDSLIDE,
            _W.NAT_STORM,
            _W.NAT_TSUNAMI,
            _W.NAT_WILDFIRE,
            _W.NAT_VOLC,
            _W.NAT_COLD,
            _W.NAT_DROUGHT,
        ),
    )
    UNK = "UNK", N_("I don't know"), "help", _C.UNK, ()

    def __init__(
        self, _code: str, _label: str, _icon: str, cause_group: CauseGroup, weapon_types: tuple[WeaponType, ...]
    ) -> None:
        """Keep the cause group and the detailed causes this answer may stand for."""
        self.cause_group = cause_group
        self.weapon_types = weapon_types


class Effect(Choice):
    """What did the damage; never public in active conflict, because it tells how accurate a strike was."""

    DIRECT_IMPACT = "DIRECT_IMPACT", N_("Direct impact")
    NEAR_MISS = "NEAR_MISS", N_("Near miss")
    DEBRIS = "DEBRIS", N_("Falling debris")
    BLAST_WAVE = "BLAST_WAVE", N_("Blast wave")
    FIRE_SPREAD = "FIRE_SPREAD", N_("Spread of fire")
    UNK = "UNK", N_("Effect not known")


# ── Hazards and needs ────────────────────────────────────────────────────────────────────────────────────────────────


class Hazard(Choice):
    """What is still dangerous on the site (several may apply)."""

    HZ_UXO = "HZ.UXO", N_("Unexploded or suspicious item"), "mine"
    HZ_MINE = "HZ.MINE", N_("Mined area"), "mine"
    HZ_SUBMUN = "HZ.SUBMUN", N_("Submunitions"), "mine"
    HZ_COLLAPSE = "HZ.COLLAPSE", N_("May collapse"), "building-facility-destroyed"
    HZ_FIRE = "HZ.FIRE", N_("Fire or smoke"), "fire"
    HZ_GAS = "HZ.GAS", N_("Smell of gas"), "warning-error"
    HZ_POWER = "HZ.POWER", N_("Live power lines"), "power-electricity"
    HZ_CHEM = "HZ.CHEM", N_("Chemicals"), "dangerous-area"
    HZ_RAD = "HZ.RAD", N_("Radiation"), "dangerous-area"
    HZ_ASB = "HZ.ASB", N_("Asbestos or harmful dust"), "mask"
    HZ_WATER = "HZ.WATER", N_("Flooding or contaminated water"), "flood"
    HZ_SEWAGE = "HZ.SEWAGE", N_("Sewage"), "sanitation"
    HZ_BODY = "HZ.BODY", N_("Human remains"), "dead"
    HZ_RESTRIKE = "HZ.RESTRIKE", N_("Another strike may follow"), "attack"
    HZ_CRIME = "HZ.CRIME", N_("Looting or armed people"), "robbery"
    HZ_NONE = "HZ.NONE", N_("Checked: no hazard found"), "secured"
    HZ_UNK = "HZ.UNK", N_("Hazards not known"), "help"


class HazardState(Choice):
    """What is known of a hazard; a resident can only suspect, only accredited people can clear."""

    SUSPECTED = "SUSPECTED", N_("Suspected")
    CONFIRMED = "CONFIRMED", N_("Hazard confirmed")
    CLEARED = "CLEARED", N_("Cleared")


class NeedType(Choice):
    """What is needed; each kind belongs to one sector."""

    SAR = "SAR", N_("Search and rescue"), "search-and-rescue", _X.MS
    EVAC = "EVAC", N_("Evacuation"), "internally-displaced", _X.PRO
    MED = "MED", N_("Medical help"), "doctor", _X.HEA
    MED_SUPPLY = "MED_SUPPLY", N_("Medicines and medical supplies"), "medical-supply", _X.HEA
    SHELTER = "SHELTER", N_("A place to stay"), "shelter", _X.SHL
    NFI = "NFI", N_("Household items and clothing"), "non-food-items", _X.SHL
    REPAIR_LIGHT = "REPAIR_LIGHT", N_("Light repair: windows, plastic sheeting"), "plastic-sheeting", _X.SHL
    REPAIR_STRUCT = "REPAIR_STRUCT", N_("Structural repair"), "reconstruction", _X.SHL
    WATER = "WATER", N_("Drinking water"), "potable-water", _X.WSH
    SANITATION = "SANITATION", N_("Toilets and hygiene"), "sanitation", _X.WSH
    FOOD = "FOOD", N_("Food"), "food", _X.FSC
    INFANT = "INFANT", N_("Baby food and care"), "infant-formula", _X.NUT
    CASH = "CASH", N_("Cash assistance"), "cash-transfer", _X.MS
    POWER = "POWER", N_("Electricity or a generator"), "power-electricity", _X.ERY
    FUEL = "FUEL", N_("Fuel"), "oil", _X.LOG
    HEAT = "HEAT", N_("Heating"), "stove", _X.SHL
    TELECOM = "TELECOM", N_("Phone or internet"), "internet", _X.TEL
    DEBRIS = "DEBRIS", N_("Debris removal"), "debris-management", _X.ERY
    EOD = "EOD", N_("Removal of explosives"), "mine", _X.PRO_MIN
    TRANSPORT = "TRANSPORT", N_("Transport"), "truck", _X.LOG
    PROTECTION = "PROTECTION", N_("Protection"), "protection", _X.PRO
    MHPSS = "MHPSS", N_("Mental health and psychosocial support"), "chat", _X.HEA
    CHILD_PROT = "CHILD_PROT", N_("Child protection"), "child-protection", _X.PRO_CPN
    LEGAL_HLP = "LEGAL_HLP", N_("Help with documents, housing and property"), "document", _X.PRO_HLP
    INFO = "INFO", N_("Information"), "public-information", _X.MS
    ANIMAL = "ANIMAL", N_("Help for animals"), "livestock", _X.FSC
    OTH = "OTH", N_("Other need"), "relief-goods", _X.MS

    def __init__(self, _code: str, _label: str, _icon: str, sector: Sector) -> None:
        """Keep the one sector this need belongs to."""
        self.sector = sector


class Urgency(OrderedChoice):
    """How soon help is needed, the most urgent first."""

    U1 = "U1", N_("Life-saving, within hours")
    U2 = "U2", N_("Within 1 to 3 days")
    U3 = "U3", N_("Within 2 weeks")
    U4 = "U4", N_("Later")


class NeedStatus(Choice):
    """What became of a need."""

    OPEN = "OPEN", N_("Open need")
    REFERRED = "REFERRED", N_("Referred")
    IN_PROGRESS = "IN_PROGRESS", N_("In progress")
    PARTIALLY_MET = "PARTIALLY_MET", N_("Partially met")
    MET = "MET", N_("Need met")
    CLOSED_UNMET = "CLOSED_UNMET", N_("Closed, not met")
    DUPLICATE = "DUPLICATE", N_("Duplicate")
    NOT_VALID = "NOT_VALID", N_("Not a need after all")


class ForWhom(Choice):
    """Whom a need is for. No names, ever."""

    ALL = "ALL", N_("Everyone there")
    CHILDREN = "CHILDREN", N_("Children")
    WOMEN = "WOMEN", N_("Women and girls")
    OLDER = "OLDER", N_("Older people")
    DISABLED = "DISABLED", N_("People with a disability")
    PATIENTS = "PATIENTS", N_("Patients")
    DISPLACED = "DISPLACED", N_("Displaced people")
    STAFF = "STAFF", N_("Staff")


class NeedUnit(Choice):
    """What a quantity of help is counted in."""

    PERSON = "PERSON", N_("people")
    HOUSEHOLD = "HOUSEHOLD", N_("households")
    PIECE = "PIECE", N_("pieces")
    KIT = "KIT", N_("kits")
    LITRE = "LITRE", N_("litres")
    KG = "KG", N_("kilograms")
    M2 = "M2", N_("square metres")
    KW = "KW", N_("kilowatts")
    VEHICLE = "VEHICLE", N_("vehicles")
    TEAM = "TEAM", N_("teams")
    DAY = "DAY", N_("days")


class OfferState(Choice):
    """What became of something that one organisation was asked to take on: a referral, an assignment."""

    OFFERED = "OFFERED", N_("Offered")
    ACCEPTED = "ACCEPTED", N_("Accepted")
    DECLINED = "DECLINED", N_("Declined")
    HANDED_BACK = "HANDED_BACK", N_("Handed back")
    ENDED = "ENDED", N_("Ended by a coordinator")
    EXPIRED = "EXPIRED", N_("Time ran out")


# ── People harmed and affected ───────────────────────────────────────────────────────────────────────────────────────


class CasualtyBand(Choice):
    """How many people were killed, injured, missing or trapped; `low` and `high` are inclusive, None is open."""

    C0 = "C0", N_("Nobody"), "", 0, 0
    C1_2 = "C1_2", N_("1–2"), "", 1, 2
    C3_5 = "C3_5", N_("3–5"), "", 3, 5
    C6_10 = "C6_10", N_("6–10"), "", 6, 10
    C11_20 = "C11_20", N_("11–20"), "", 11, 20
    C21_50 = "C21_50", N_("21–50"), "", 21, 50
    C51_100 = "C51_100", N_("51–100"), "", 51, 100
    C100_PLUS = "C100_PLUS", N_("More than 100"), "", 101, None
    UNK = "UNK", N_("Number not known"), "", None, None

    def __init__(self, _code: str, _label: str, _icon: str, low: int | None, high: int | None) -> None:
        """Keep both ends of the band."""
        self.low = low
        self.high = high


class AffectedBand(Choice):
    """How many people are affected or displaced; `low` and `high` are inclusive, None is open."""

    A1_9 = "A1_9", N_("Fewer than 10"), "", 0, 9
    A10_49 = "A10_49", N_("10–49"), "", 10, 49
    A50_199 = "A50_199", N_("50–199"), "", 50, 199
    A200_999 = "A200_999", N_("200–999"), "", 200, 999
    A1000_4999 = "A1000_4999", N_("1,000–4,999"), "", 1000, 4999
    A5000_PLUS = "A5000_PLUS", N_("5,000 or more"), "", 5000, None

    def __init__(self, _code: str, _label: str, _icon: str, low: int | None, high: int | None) -> None:
        """Keep both ends of the band."""
        self.low = low
        self.high = high


class CountStatus(OrderedChoice):
    """How settled a count is."""

    INITIAL = "INITIAL", N_("First count")
    OFFICIAL = "OFFICIAL", N_("Official count")
    REVISED = "REVISED", N_("Revised count")
    FINAL = "FINAL", N_("Final count")


# ── Sources, evidence, certainty ─────────────────────────────────────────────────────────────────────────────────────


class SourceType(Choice):
    """Where an account comes from."""

    SELF_WITNESS = "SELF_WITNESS", N_("Witness")
    SELF_OWNER = "SELF_OWNER", N_("Owner or resident")
    FIELD_NGO = "FIELD_NGO", N_("NGO field worker")
    FIELD_UN = "FIELD_UN", N_("UN field worker")
    RC_MOVEMENT = "RC_MOVEMENT", N_("Red Cross or Red Crescent")
    AUTH_LOCAL = "AUTH_LOCAL", N_("Local authority")
    AUTH_NATIONAL = "AUTH_NATIONAL", N_("National authority")
    EMERGENCY_SVC = "EMERGENCY_SVC", N_("Emergency service")
    UTILITY = "UTILITY", N_("Utility company")
    FACILITY_STAFF = "FACILITY_STAFF", N_("Staff of the facility")
    MEDIA_LOCAL = "MEDIA_LOCAL", N_("Local media")
    MEDIA_INTL = "MEDIA_INTL", N_("International media")
    SOCIAL_MEDIA = "SOCIAL_MEDIA", N_("Social media")
    SAT_ANALYST = "SAT_ANALYST", N_("Satellite image read by an analyst")
    SAT_MODEL = "SAT_MODEL", N_("Satellite image read by a model")
    DRONE = "DRONE", N_("Civilian drone image")
    SENSOR = "SENSOR", N_("Sensor")
    PARTNER_DB = "PARTNER_DB", N_("Partner database")
    HEARSAY = "HEARSAY", N_("Hearsay")


class WitnessProximity(OrderedChoice):
    """How near the person was, the nearest first."""

    INSIDE = "INSIDE", N_("I was inside")
    SAW_IT = "SAW_IT", N_("I saw it happen")
    SAW_AFTER = "SAW_AFTER", N_("I saw it afterwards")
    HEARD_SOUND = "HEARD_SOUND", N_("I heard it")
    TOLD = "TOLD", N_("Someone told me")


class AdmiraltySource(Choice):
    """The track record of a source; scored apart from the item it sent."""

    A = "A", N_("Completely reliable")
    B = "B", N_("Usually reliable")
    C = "C", N_("Fairly reliable")
    D = "D", N_("Not usually reliable")
    E = "E", N_("Unreliable")
    F = "F", N_("Reliability cannot be judged")


class AdmiraltyItem(Choice):
    """The credibility of one item; scored apart from its source."""

    I1 = "1", N_("Confirmed by other sources")
    I2 = "2", N_("Probably true")
    I3 = "3", N_("Possibly true")
    I4 = "4", N_("Doubtful")
    I5 = "5", N_("Improbable")
    I6 = "6", N_("Truth cannot be judged")


class Certainty(Choice):
    """How sure we are of a damage record. REFUTED is not the top of the scale but its denial."""

    RUMOUR = "RUMOUR", N_("Rumour")
    POSSIBLE = "POSSIBLE", N_("Possible")
    PROBABLE = "PROBABLE", N_("Probable")
    CONFIRMED = "CONFIRMED", N_("Confirmed")
    REFUTED = "REFUTED", N_("Refuted")


class EvidenceKind(Choice):
    """What a piece of evidence is."""

    PHOTO = "PHOTO", N_("Photo")
    VIDEO = "VIDEO", N_("Video")
    AUDIO = "AUDIO", N_("Sound recording")
    DOC = "DOC", N_("Document")
    SAT = "SAT", N_("Satellite image")
    OSINT = "OSINT", N_("Open source")
    OFFICIAL = "OFFICIAL", N_("Official statement")
    FIELD_VISIT = "FIELD_VISIT", N_("Field visit")
    SENSOR = "SENSOR", N_("Sensor reading")


class Stance(Choice):
    """What a piece of evidence does to the claim it is laid beside."""

    SUPPORTS = "SUPPORTS", N_("Supports")
    CONTRADICTS = "CONTRADICTS", N_("Contradicts")
    CONTEXT = "CONTEXT", N_("Gives context")


class WorkflowState(Choice):
    """Whose desk a damage record is on; says nothing of what is true."""

    NEW = "NEW", N_("New")
    TRIAGE = "TRIAGE", N_("Triage")
    NEEDS_INFO = "NEEDS_INFO", N_("Needs information")
    IN_VERIFICATION = "IN_VERIFICATION", N_("In verification")
    DECIDED = "DECIDED", N_("Decided")
    CLOSED = "CLOSED", N_("Closed record")
    QUARANTINED = "QUARANTINED", N_("Quarantined")
    WITHDRAWN = "WITHDRAWN", N_("Withdrawn")
    MERGED_INTO = "MERGED_INTO", N_("Merged into another record")
    REOPENED = "REOPENED", N_("Reopened")


# ── When, where and by which door ────────────────────────────────────────────────────────────────────────────────────


class EventPrecision(OrderedChoice):
    """How exactly the time of the event is known, the most exact first."""

    EXACT_MIN = "EXACT_MIN", N_("To the minute")
    HOUR = "HOUR", N_("To the hour")
    DAYPART = "DAYPART", N_("Part of the day")
    DAY = "DAY", N_("That day")
    WEEK = "WEEK", N_("That week")
    MONTH = "MONTH", N_("That month")
    UNK = "UNK", N_("Time not known")


class PinMethod(Choice):
    """How the point on the map came about."""

    MAP_TAP = "MAP_TAP", N_("Chosen on the map")
    DEVICE_GPS = "DEVICE_GPS", N_("Position of the device")
    ADDRESS = "ADDRESS", N_("Address or place name")
    COORDINATES = "COORDINATES", N_("Typed coordinates")
    PLUSCODE = "PLUSCODE", N_("Plus code")
    MGRS = "MGRS", N_("Military grid reference")
    PHOTO_EXIF = "PHOTO_EXIF", N_("Place stored in the photo")


class Channel(Choice):
    """The door a report came in by."""

    WEB = "WEB", N_("Web form")
    API = "API", N_("Programming interface")
    BULK = "BULK", N_("Spreadsheet import")
    SMS = "SMS", N_("Text message")
    PHONE = "PHONE", N_("Phone call")
    OPENROSA = "OPENROSA", N_("ODK or Kobo")
    OPEN311 = "OPEN311", N_("Open311")


# ── Who may see what, and when ───────────────────────────────────────────────────────────────────────────────────────


class Audience(OrderedChoice):
    """Who may see a field, the widest first: a field for PARTNER is also seen by COORD and INTERNAL."""

    PUBLIC = "PUBLIC", N_("Everyone")
    PARTNER = "PARTNER", N_("Partner organisations")
    COORD = "COORD", N_("Coordinators")
    INTERNAL = "INTERNAL", N_("Only inside the system")


class Tier(OrderedChoice):
    """The publication tier a rule decides for, the widest first."""

    PUBLIC = "PUBLIC", N_("Public")
    PARTNER = "PARTNER", N_("Partners")
    COORD = "COORD", N_("Coordination")
    INTERNAL = "INTERNAL", N_("Internal")


class ContextMode(Choice):
    """The situation in an area; unknown counts as active conflict."""

    CONFLICT_ACTIVE = "CONFLICT_ACTIVE", N_("Active conflict")
    CONFLICT_LOW = "CONFLICT_LOW", N_("Low-intensity conflict")
    POST_CONFLICT = "POST_CONFLICT", N_("After conflict")
    DISASTER = "DISASTER", N_("Disaster without conflict")
    MIXED = "MIXED", N_("Conflict and disaster together")


class LegalProfile(Choice):
    """The law that sets a floor under every delay."""

    NONE = "NONE", N_("No special law")
    UKR_ML = "UKR_ML", N_("Ukraine under martial law")


class Decision(Choice):
    """What the publication rules answer."""

    PUBLISH = "PUBLISH", N_("Publish")
    HOLD_UNTIL = "HOLD_UNTIL", N_("Hold for now")
    AGGREGATE_ONLY = "AGGREGATE_ONLY", N_("Only in totals")
    SUPPRESS = "SUPPRESS", N_("Do not publish")


class GeometryLevel(OrderedChoice):
    """How exactly a place is shown, the finest first."""

    POINT = "POINT", N_("Exact point")
    H3_9 = "H3_9", N_("Cell of about 0.1 km²")
    H3_8 = "H3_8", N_("Cell of about 0.7 km²")
    H3_7 = "H3_7", N_("Cell of about 5 km²")
    H3_6 = "H3_6", N_("Cell of about 36 km²")
    ADM2 = "ADM2", N_("District")
    ADM1 = "ADM1", N_("Region")
    NONE = "NONE", N_("No place shown")


class TimeLevel(OrderedChoice):
    """How exactly a time is shown, the finest first."""

    MINUTE = "MINUTE", N_("Minute")
    HOUR = "HOUR", N_("Hour")
    DAY = "DAY", N_("Day")
    WEEK = "WEEK", N_("Week")
    MONTH = "MONTH", N_("Month")


class MediaLevel(OrderedChoice):
    """Which copy of a photo may be shown, the safest first."""

    NONE = "NONE", N_("No photos")
    REDACTED_DERIVATIVE = "REDACTED_DERIVATIVE", N_("Redacted copy")
    WORKING_BLURRED = "WORKING_BLURRED", N_("Blurred working copy")
    WORKING = "WORKING", N_("Working copy")


class ConsentPurpose(Choice):
    """What a reporter may additionally agree to; sending a report needs none of these."""

    KEEP_CONTACT = "KEEP_CONTACT", N_("Keep my contact")
    MAY_CALL = "MAY_CALL", N_("You may call me")
    SHARE_MEDIA = "SHARE_MEDIA", N_("Share my photos with partner organisations")
    PUBLISH_MEDIA = "PUBLISH_MEDIA", N_("Publish my photos after redaction")
    KEEP_EVIDENCE = "KEEP_EVIDENCE", N_("Keep the original as evidence")


class HintAnswer(Choice):
    """What a reporter answered when shown what is already known nearby."""

    SAME_DAMAGE = "SAME_DAMAGE", N_("It is the same damage")
    NEW_STRIKE = "NEW_STRIKE", N_("It was hit again")
    OTHER = "OTHER", N_("It is something else")


class ReporterQuestion(Choice):
    """What the desk may ask through a receipt. Each can be answered from memory: none sends anybody back to look."""

    WATER_OFF = "WATER_OFF", N_("Is the water still off where you are?")
    POWER_OFF = "POWER_OFF", N_("Is the power still off where you are?")
    HELP_CAME = "HELP_CAME", N_("As far as you know, has help come already?")
    PEOPLE_THERE = "PEOPLE_THERE", N_("As far as you know, do people still live there?")
    HIT_BEFORE = "HIT_BEFORE", N_("As far as you know, was it hit before?")
    WHICH_PART = "WHICH_PART", N_("Do you remember which floor or part was hit?")
    WHAT_TIME = "WHAT_TIME", N_("Do you remember the time more exactly?")
    WHAT_PLACE = "WHAT_PLACE", N_("Can you describe the place in other words, from memory?")
    OWN_WORDS = "OWN_WORDS", N_("A question in our own words")


class ReplyChoice(Choice):
    """The short answer to a question of the desk; words may go with it."""

    YES = "YES", N_("Yes")
    NO = "NO", N_("No")
    UNSURE = "UNSURE", N_("I do not know")


class HandlingState(Choice):
    """All that a receipt tells about the handling of one report."""

    RECEIVED = "RECEIVED", N_("Received")
    READ = "READ", N_("It was read")
    QUESTION = "QUESTION", N_("There is a question")
    CLOSED = "CLOSED", N_("Closed")


# ── People at work ───────────────────────────────────────────────────────────────────────────────────────────────────


class Role(Choice):
    """What a person may do here. ADMIN runs accounts and sees no reports."""

    REPORTER = "REPORTER", N_("Reporter")
    FIELD = "FIELD", N_("Field worker")
    TRIAGE = "TRIAGE", N_("Triage officer")
    VERIFIER = "VERIFIER", N_("Verifier")
    COORD = "COORD", N_("Coordinator")
    STEWARD = "STEWARD", N_("Data steward")
    PROTECTION = "PROTECTION", N_("Protection focal point")
    ADMIN = "ADMIN", N_("Administrator")
    AUDITOR = "AUDITOR", N_("Auditor")
    PARTNER = "PARTNER", N_("Partner organisation member")
    AUTHORITY = "AUTHORITY", N_("Mine action, rescue or utility authority")


class UpkeepKind(Choice):
    """The works of keeping a server."""

    BACKUP = "BACKUP", N_("Backup")
    DRILL = "DRILL", N_("Restore tried out")
    RESTORE = "RESTORE", N_("Restore")
    CHECK = "CHECK", N_("Backup read again and checked")
    BASE = "BASE", N_("Base of the database's log kept")


class OrganisationType(Choice):
    """The kinds of organisation HDX knows; `hdx` is its number there."""

    ACADEMIC = "ACADEMIC", N_("University or research"), "", "431"
    DONOR = "DONOR", N_("Donor"), "", "433"
    GOVERNMENT = "GOVERNMENT", N_("Government"), "", "435"
    INTL_NGO = "INTL_NGO", N_("International NGO"), "", "437"
    INTL_ORG = "INTL_ORG", N_("International organisation"), "", "438"
    NATIONAL_NGO = "NATIONAL_NGO", N_("National NGO"), "", "441"
    PRIVATE = "PRIVATE", N_("Private sector"), "", "444"
    RED_CROSS = "RED_CROSS", N_("Red Cross and Red Crescent Movement"), "", "445"
    UN = "UN", N_("United Nations"), "", "447"

    def __init__(self, _code: str, _label: str = "", _icon: str = "", hdx: str = "") -> None:
        """Keep the HDX number of the kind."""
        self.hdx = hdx


class ActivityStatus(Choice):
    """Where a response activity stands."""

    PLANNED = "PLANNED", N_("Planned")
    ONGOING = "ONGOING", N_("Ongoing")
    COMPLETED = "COMPLETED", N_("Completed")
    SUSPENDED = "SUSPENDED", N_("Suspended")


# ── What a resident is offered ───────────────────────────────────────────────────────────────────────────────────────

CITIZEN_SITES: tuple[SiteType, ...] = (
    SiteType.RES_APT,
    SiteType.RES_HOUSE,
    SiteType.EDU_SCHOOL,
    SiteType.EDU_PRE,
    SiteType.HEA_HOSP,
    SiteType.HEA_CLINIC,
    SiteType.ENE_SUB,
    SiteType.WSH_NET,
    SiteType.TRA_ROAD,
    SiteType.TRA_BRIDGE,
    SiteType.FOO_MARKET,
    SiteType.CUL_RELIG,
    SiteType.COM_MAST,
    SiteType.OTH,
)
"""The kinds of place the phone shows first, as pictograms; the others follow in a list by group."""

CITIZEN_HAZARDS: tuple[Hazard, ...] = (
    Hazard.HZ_UXO,
    Hazard.HZ_COLLAPSE,
    Hazard.HZ_FIRE,
    Hazard.HZ_GAS,
    Hazard.HZ_POWER,
    Hazard.HZ_CHEM,
    Hazard.HZ_WATER,
    Hazard.HZ_UNK,
)
"""The hazards a resident may suspect. "Checked: none" is missing on purpose: only trained people may say so."""

CITIZEN_NEEDS: tuple[NeedType, ...] = (
    NeedType.SAR,
    NeedType.MED,
    NeedType.EVAC,
    NeedType.SHELTER,
    NeedType.WATER,
    NeedType.FOOD,
    NeedType.MED_SUPPLY,
    NeedType.INFANT,
    NeedType.HEAT,
    NeedType.POWER,
    NeedType.REPAIR_LIGHT,
    NeedType.OTH,
)
"""The needs a resident is asked about."""

NEVER_FROM_CITIZENS = frozenset({SiteType.HUM_SAFE})
"""Kinds of place that may never be stored as a point on a resident's word."""


def sites_by_group() -> dict[SiteGroup, tuple[SiteType, ...]]:
    """Return every kind of place under its group, in the order of the lists."""
    return {group: tuple(site for site in SiteType if site.group is group) for group in SiteGroup}


# ── Judgements about places ──────────────────────────────────────────────────────────────────────────────────────────


def effective_class(site_type: SiteType | None, in_use_as: InUseAs | None = None) -> SensitivityClass:
    """Return the stricter of the class of the place and that of its present use; an unknown place is never open.

    Source: OCHA and HDX information sharing protocols; a school that houses displaced people is as sensitive as a camp.
    """
    own = (site_type or SiteType.UNK).sensitivity
    return own if in_use_as is None else max(own, in_use_as.sensitivity)


_T = SiteType
_UNKNOWN_DISTANCE = 0.4
_SAME_GROUP_DISTANCE = 0.5
_NEIGHBOUR_DISTANCES: dict[frozenset[SiteType], float] = {
    frozenset(pair): distance
    for distance, pairs in {
        0.15: (
            (_T.RES_APT, _T.RES_HOUSE),
            (_T.EDU_SCHOOL, _T.EDU_PRE),
            (_T.EDU_SCHOOL, _T.EDU_HIGHER),
            (_T.EDU_HIGHER, _T.EDU_OTH),
            (_T.HEA_HOSP, _T.HEA_MATERNITY),
            (_T.HEA_HOSP, _T.HEA_CLINIC),
            (_T.HEA_CLINIC, _T.HEA_MATERNITY),
            (_T.HEA_CLINIC, _T.HEA_PHARM),
            (_T.HEA_CLINIC, _T.HEA_BLOOD),
            (_T.RES_COLLECTIVE, _T.RES_CAMP),
            (_T.ENE_GEN, _T.ENE_SUB),
            (_T.ENE_SUB, _T.ENE_LINE),
            (_T.ENE_GEN, _T.ENE_HEAT),
            (_T.ENE_GEN, _T.ENE_NUC),
            (_T.ENE_GAS, _T.ENE_FUEL),
            (_T.WSH_TREAT, _T.WSH_STORE),
            (_T.WSH_TREAT, _T.WSH_NET),
            (_T.WSH_TREAT, _T.WSH_WASTE),
            (_T.WSH_STORE, _T.WSH_NET),
            (_T.TRA_ROAD, _T.TRA_BRIDGE),
            (_T.TRA_ROAD, _T.TRA_BUS),
            (_T.TRA_RAIL, _T.TRA_BRIDGE),
            (_T.COM_MAST, _T.COM_DATA),
            (_T.FOO_STORE, _T.FOO_PROC),
            (_T.FOO_MARKET, _T.FOO_PROC),
            (_T.FOO_STORE, _T.FOO_FARM),
            (_T.IND_GEN, _T.IND_CHEM),
            (_T.CUL_RELIG, _T.CUL_HERIT),
            (_T.SOC_CHILD, _T.SOC_SPORT),
        ),
        # People who stand before the same damage name these two ways, although the lists part them.
        0.35: (
            (_T.RES_APT, _T.FOO_MARKET),
            (_T.RES_APT, _T.SOC_CHILD),
            (_T.RES_APT, _T.SHE_BOMB),
            (_T.RES_HOUSE, _T.FOO_FARM),
            (_T.RES_COLLECTIVE, _T.EDU_SCHOOL),
            (_T.RES_COLLECTIVE, _T.EDU_HIGHER),
            (_T.RES_COLLECTIVE, _T.RES_APT),
            (_T.RES_COLLECTIVE, _T.HUM_OFFICE),
            (_T.RES_INSTITUTION, _T.HEA_HOSP),
            (_T.RES_INSTITUTION, _T.EDU_PRE),
            (_T.SHE_BOMB, _T.EDU_SCHOOL),
            (_T.SHE_HUB, _T.GOV_FIRE),
            (_T.SHE_HUB, _T.EDU_SCHOOL),
            (_T.SHE_HUB, _T.HUM_OFFICE),
            (_T.HEA_AMB, _T.HEA_HOSP),
            (_T.HEA_AMB, _T.GOV_FIRE),
            (_T.HUM_OFFICE, _T.FOO_STORE),
            (_T.HUM_OFFICE, _T.IND_GEN),
            (_T.IND_GEN, _T.FOO_STORE),
            (_T.IND_GEN, _T.FOO_PROC),
            (_T.IND_GEN, _T.ENE_GEN),
            (_T.IND_CHEM, _T.ENE_FUEL),
            (_T.IND_CHEM, _T.ENE_GAS),
            (_T.GOV_ADMIN, _T.GOV_POLICE),
            (_T.GOV_ADMIN, _T.COM_DATA),
            (_T.GOV_ADMIN, _T.CUL_HERIT),
            (_T.GOV_FIRE, _T.GOV_POLICE),
            (_T.WSH_DAM, _T.ENE_GEN),
            (_T.WSH_DAM, _T.TRA_BRIDGE),
            (_T.WSH_NET, _T.TRA_ROAD),
            (_T.COM_MAST, _T.MEDIA),
            (_T.CUL_HERIT, _T.EDU_OTH),
            (_T.CUL_CEM, _T.CUL_RELIG),
            (_T.SOC_SPORT, _T.EDU_SCHOOL),
            (_T.SOC_SPORT, _T.ENV_LAND),
            (_T.FOO_FARM, _T.ENV_LAND),
        ),
    }.items()
    for pair in pairs
}


def taxonomy_distance(first: SiteType | None, second: SiteType | None) -> float:
    """Return how far apart two kinds of place are, from 0 (the same) to 1 (nobody would take one for the other).

    Symmetric. Other, unknown and missing are near everything without being anything: 0.4. The order of the steps
    follows the taxonomy distance of MELTT (Donnay et al. 2019); the figures are ours, for the weights to learn from.
    """
    one, other = first or SiteType.UNK, second or SiteType.UNK
    vague = {SiteType.UNK, SiteType.OTH}
    if one in vague or other in vague:
        return 0.0 if one is other and one is not SiteType.UNK else _UNKNOWN_DISTANCE
    if one is other:
        return 0.0
    return _NEIGHBOUR_DISTANCES.get(frozenset((one, other)), _SAME_GROUP_DISTANCE if one.group is other.group else 1.0)


# ── Damage scales and their crosswalks ───────────────────────────────────────────────────────────────────────────────


class DamageScale(Choice):
    """The scales other people grade damage in, and our own (TESSERA)."""

    TESSERA = "TESSERA", N_("Tessera damage grades")
    EMS98 = "EMS98", N_("European Macroseismic Scale 1998")
    JDS = "JDS", N_("Joint Damage Scale (xBD)")
    UNOSAT = "UNOSAT", N_("UNOSAT damage classes")
    UNOSAT_RDBA = "UNOSAT_RDBA", N_("UNOSAT rapid damage building assessment, 500 m cells")
    CEMS_2016 = "CEMS_2016", N_("Copernicus EMS grading until 2016")
    CEMS = "CEMS", N_("Copernicus EMS grading since 2017")
    FEMA = "FEMA", N_("FEMA preliminary damage assessment")
    IOM = "IOM", N_("IOM and Sphere shelter damage")
    SHELTER_UA = "SHELTER_UA", N_("Shelter Cluster Ukraine")
    HERAMS = "HERAMS", N_("HeRAMS building damage")
    UA65 = "UA65", N_("Ukraine, order 65 of 2022: damage categories")
    ATC20 = "ATC20", N_("ATC-20 safety tag")
    BAR = "BAR", N_("OpenStreetMap damage tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageInterval:
    """What a foreign grade allows us to say: the grades it may mean, the best guess, and what goes to other axes.

    `min` and `max` are both None where the source says nothing of damage; `best` is then DU.
    """

    min: DamageGrade | None
    max: DamageGrade | None
    best: DamageGrade
    certainty: Certainty | None = None
    note: str = ""
    safety_tag: SafetyTag | None = None
    official_category: str | None = None


class UnknownGrade(LookupError):
    """A value that its scale does not have, or that this crosswalk has not learned."""


_G = DamageGrade


def _from(low: DamageGrade, high: DamageGrade, best: DamageGrade, note: str = "") -> DamageInterval:
    return DamageInterval(min=low, max=high, best=best, note=note)


def _only(grade: DamageGrade) -> DamageInterval:
    return _from(grade, grade, grade)


_NOTHING_SAID = DamageInterval(min=None, max=None, best=_G.DU)
_FROM_ABOVE = N_("Seen from above only: minor damage is often not visible.")
_CLOSE_TO_IMPACT = N_("Possible damage from an impact or debris close by.")
_STRADDLES = N_("This grade covers both moderate and severe damage.")
_AREA_ONLY = N_("Evidence for an area, never for one building.")
_CATEGORY_UNCHECKED = N_("The percentages behind the official categories are not confirmed.")


def _possible(note: str = "") -> DamageInterval:
    """Return "possibly damaged": a statement about certainty, which says nothing of how badly."""
    return DamageInterval(min=_G.D0, max=_G.D4, best=_G.DU, certainty=Certainty.POSSIBLE, note=note)


def _tagged(tag: SafetyTag) -> DamageInterval:
    return DamageInterval(min=None, max=None, best=_G.DU, safety_tag=tag)


def _official(category: str, low: DamageGrade, high: DamageGrade, best: DamageGrade) -> DamageInterval:
    return DamageInterval(min=low, max=high, best=best, note=_CATEGORY_UNCHECKED, official_category=category)


CROSSWALKS: dict[DamageScale, dict[str, DamageInterval]] = {
    DamageScale.TESSERA: {
        **{grade.value: _only(grade) for grade in DamageGrade if grade is not _G.DU},
        "DU": _NOTHING_SAID,
    },
    DamageScale.EMS98: {
        "0": _only(_G.D0),
        "1": _only(_G.D1),
        "2": _only(_G.D2),
        "3": _from(_G.D2, _G.D3, _G.D3, _STRADDLES),
        "4": _only(_G.D3),
        "5": _only(_G.D4),
    },
    DamageScale.JDS: {
        "no-damage": _from(_G.D0, _G.D1, _G.D0, _FROM_ABOVE),
        "minor-damage": _from(_G.D1, _G.D2, _G.D1),
        "major-damage": _from(_G.D2, _G.D3, _G.D3),
        "destroyed": _only(_G.D4),
        "un-classified": _NOTHING_SAID,
    },
    DamageScale.UNOSAT: {
        "1": _only(_G.D4),
        "2": _only(_G.D3),
        "3": _from(_G.D1, _G.D2, _G.D2),
        "4": _possible(),
        "6": _from(_G.D0, _G.D1, _G.D0, _FROM_ABOVE),
        "11": _possible(_CLOSE_TO_IMPACT),
    },
    DamageScale.UNOSAT_RDBA: {"damaged": _from(_G.D1, _G.D4, _G.DU, _AREA_ONLY)},
    DamageScale.CEMS_2016: {
        "not affected": _only(_G.D0),
        "negligible to slight damage": _only(_G.D1),
        "moderately damaged": _only(_G.D2),
        "highly damaged": _only(_G.D3),
        "completely destroyed": _only(_G.D4),
        "not analysed": _NOTHING_SAID,
    },
    DamageScale.CEMS: {
        "no visible damage": _from(_G.D0, _G.D1, _G.D0, _FROM_ABOVE),
        "possibly damaged": _possible(),
        "damaged": _from(_G.D1, _G.D3, _G.D2),
        "destroyed": _only(_G.D4),
        "not analysed": _NOTHING_SAID,
    },
    DamageScale.FEMA: {
        "no visible damage": _from(_G.D0, _G.D1, _G.D0),
        "affected": _only(_G.D1),
        "minor": _from(_G.D1, _G.D2, _G.D2),
        "major": _from(_G.D2, _G.D3, _G.D3),
        "destroyed": _only(_G.D4),
        "inaccessible": _NOTHING_SAID,
    },
    DamageScale.IOM: {
        "undamaged": _only(_G.D0),
        "minor": _only(_G.D1),
        "moderate": _only(_G.D2),
        "severe": _only(_G.D3),
        "destroyed": _only(_G.D4),
    },
    DamageScale.SHELTER_UA: {
        "light": _only(_G.D1),
        "medium": _only(_G.D2),
        "heavy": _only(_G.D3),
        "total": _only(_G.D4),
    },
    DamageScale.HERAMS: {
        "not damaged": _only(_G.D0),
        "partially damaged": _from(_G.D1, _G.D3, _G.D2),
        "fully damaged": _from(_G.D3, _G.D4, _G.D4),
    },
    DamageScale.UA65: {
        "I": _official("I", _G.D1, _G.D1, _G.D1),
        "II": _official("II", _G.D1, _G.D3, _G.D2),
        "III": _official("III", _G.D3, _G.D4, _G.D3),
    },
    DamageScale.ATC20: {
        "green": _tagged(SafetyTag.GREEN),
        "yellow": _tagged(SafetyTag.YELLOW),
        "red": _tagged(SafetyTag.RED),
    },
    DamageScale.BAR: {
        "none": _only(_G.D0),
        "minimal": _only(_G.D1),
        "significant": _from(_G.D2, _G.D3, _G.D3),
        "complete": _only(_G.D4),
    },
}
"""Every value of every scale, and what it allows us to say."""

_OTHER_SPELLINGS: dict[DamageScale, dict[str, str]] = {
    DamageScale.EMS98: {
        **{f"{letter}{number}": str(number) for letter in ("g", "ds", "grade ") for number in range(6)},
    },
    DamageScale.JDS: {
        "0": "no-damage",
        "1": "minor-damage",
        "2": "major-damage",
        "3": "destroyed",
        "unclassified": "un-classified",
    },
    DamageScale.UNOSAT: {
        "destroyed": "1",
        "severe": "2",
        "severe damage": "2",
        "severely damaged": "2",
        "moderate": "3",
        "moderate damage": "3",
        "moderately damaged": "3",
        "possible": "4",
        "possible damage": "4",
        "possibly damaged": "4",
        "no visible damage": "6",
    },
    DamageScale.UNOSAT_RDBA: {"yes": "damaged", "1": "damaged"},
    DamageScale.CEMS_2016: {
        "not": "not affected",
        "negligible": "negligible to slight damage",
        "negligible slight": "negligible to slight damage",
        "negligible to slight": "negligible to slight damage",
        "moderate": "moderately damaged",
        "moderately": "moderately damaged",
        "highly": "highly damaged",
        "completely": "completely destroyed",
        "destroyed": "completely destroyed",
        "not analyzed": "not analysed",
    },
    DamageScale.CEMS: {"possible damage": "possibly damaged", "not analyzed": "not analysed"},
    DamageScale.IOM: {
        "no damage": "undamaged",
        "minor damage": "minor",
        "moderately damaged": "moderate",
        "moderately": "moderate",
        "severely damaged": "severe",
        "severely": "severe",
    },
    DamageScale.SHELTER_UA: {"total destruction": "total", "destroyed": "total"},
    DamageScale.HERAMS: {"not": "not damaged", "partially": "partially damaged", "fully": "fully damaged"},
    DamageScale.UA65: {"1": "I", "2": "II", "3": "III", "і": "I", "іі": "II", "ііі": "III"},
}


def _spelled(value: str) -> str:
    """Return the value in small letters with single spaces for hyphens, dashes and underscores."""
    return " ".join(re.sub(r"[-‐-―_]+", " ", value).casefold().split())


_VALUES: dict[DamageScale, dict[str, str]] = {
    scale: {
        **{_spelled(other): value for other, value in _OTHER_SPELLINGS.get(scale, {}).items()},
        **{_spelled(value): value for value in values},
    }
    for scale, values in CROSSWALKS.items()
}


def crosswalk(scale: DamageScale, value: str) -> DamageInterval:
    """Return what `value` on `scale` allows us to say; case, hyphens and usual spellings do not matter.

    Raises UnknownGrade for a value the scale does not have: a grade is never guessed from a word such as "terrible".
    """
    known = _VALUES[scale].get(_spelled(value))
    if known is None:
        message = f"{scale} has no grade {value!r}"
        raise UnknownGrade(message)
    return CROSSWALKS[scale][known]


def in_scale(interval: DamageInterval, scale: DamageScale) -> str | None:
    """Return the one value of `scale` the interval fits inside, or None for "not comparable".

    An official category and a safety tag come from an official act alone and are never derived from damage.
    """
    if scale in {DamageScale.UA65, DamageScale.ATC20}:
        return None
    values = CROSSWALKS[scale]
    same = [value for value, other in values.items() if _says_the_same(interval, other)]
    if same or interval.best is _G.DU:
        return same[0] if same else None
    around = [value for value, other in values.items() if _fits_inside(interval, other)]
    return around[0] if len(around) == 1 else None


def _says_the_same(one: DamageInterval, other: DamageInterval) -> bool:
    """Tell whether two intervals cover the same grades; DU must meet DU, so that doubt is not taken for damage."""
    return (one.min, one.max, one.best is _G.DU) == (other.min, other.max, other.best is _G.DU)


def _fits_inside(inner: DamageInterval, outer: DamageInterval) -> bool:
    """Tell whether every grade of `inner` is one of `outer`; an outer that only doubts contains nothing."""
    if inner.min is None or inner.max is None or outer.min is None or outer.max is None or outer.best is _G.DU:
        return False
    return outer.min.value <= inner.min.value and inner.max.value <= outer.max.value


# ── Whose account prevails ───────────────────────────────────────────────────────────────────────────────────────────


class SourceRank(OrderedChoice):
    """Who saw best, the best first: of two accounts the better rank prevails, within a rank the newer."""

    ENGINEER = "ENGINEER", N_("Engineer on site")
    FIELD = "FIELD", N_("Trained field worker on site")
    IMAGERY = "IMAGERY", N_("Imagery analyst")
    FACILITY = "FACILITY", N_("Owner or staff of the place")
    CITIZEN = "CITIZEN", N_("Resident on site")
    MEDIA = "MEDIA", N_("Media and open sources")
    MODEL = "MODEL", N_("Model or sensor")
    HEARSAY = "HEARSAY", N_("Second-hand account")


_RANKS: dict[SourceType, SourceRank] = {
    SourceType.SELF_WITNESS: SourceRank.CITIZEN,
    SourceType.SELF_OWNER: SourceRank.FACILITY,
    SourceType.FIELD_NGO: SourceRank.FIELD,
    SourceType.FIELD_UN: SourceRank.FIELD,
    SourceType.RC_MOVEMENT: SourceRank.FIELD,
    SourceType.AUTH_LOCAL: SourceRank.FACILITY,
    SourceType.AUTH_NATIONAL: SourceRank.FACILITY,
    SourceType.EMERGENCY_SVC: SourceRank.FIELD,
    SourceType.UTILITY: SourceRank.FACILITY,
    SourceType.FACILITY_STAFF: SourceRank.FACILITY,
    SourceType.MEDIA_LOCAL: SourceRank.MEDIA,
    SourceType.MEDIA_INTL: SourceRank.MEDIA,
    SourceType.SOCIAL_MEDIA: SourceRank.MEDIA,
    SourceType.SAT_ANALYST: SourceRank.IMAGERY,
    SourceType.SAT_MODEL: SourceRank.MODEL,
    SourceType.DRONE: SourceRank.IMAGERY,
    SourceType.SENSOR: SourceRank.MODEL,
    SourceType.PARTNER_DB: SourceRank.MEDIA,
    SourceType.HEARSAY: SourceRank.HEARSAY,
}


def source_rank(source: SourceType, *, by_engineer: bool = False) -> SourceRank:
    """Return how well such a source sees damage; `by_engineer` says that an engineer inspected the place."""
    return SourceRank.ENGINEER if by_engineer else _RANKS[source]


def precedence(source: SourceType, *, observed_at: datetime, by_engineer: bool = False) -> tuple[int, datetime]:
    """Return a key whose greatest value among several accounts is the one that prevails (better rank, then newer)."""
    return (-source_rank(source, by_engineer=by_engineer).rank, observed_at)


def certainty_ceiling(sources: Iterable[SourceType]) -> Certainty:
    """Return the highest certainty these sources allow: models alone, or nobody, never make more than POSSIBLE."""
    only_models = all(_RANKS[source] is SourceRank.MODEL for source in sources)
    return Certainty.POSSIBLE if only_models else Certainty.CONFIRMED


def code_lists() -> list[type[Choice]]:
    """Return every code list of this module, in the order of declaration."""
    kinds = (kind for kind in globals().values() if isinstance(kind, type) and issubclass(kind, Choice) and len(kind))
    # The short names used in the tables above are the same lists again.
    return list(dict.fromkeys(kinds))
