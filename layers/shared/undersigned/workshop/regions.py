"""The states and territories of the United States: the time zone of most people in each, and their ZIP codes."""

from __future__ import annotations

import re

_STATES = """
America/New_York: CT Connecticut, DE Delaware, DC District of Columbia, FL Florida, GA Georgia, IN Indiana, KY Kentucky
America/New_York: ME Maine, MD Maryland, MA Massachusetts, MI Michigan, NH New Hampshire, NJ New Jersey, NY New York
America/New_York: NC North Carolina, OH Ohio, PA Pennsylvania, RI Rhode Island, SC South Carolina, VT Vermont
America/New_York: VA Virginia, WV West Virginia
America/Chicago: AL Alabama, AR Arkansas, IL Illinois, IA Iowa, KS Kansas, LA Louisiana, MN Minnesota, MS Mississippi
America/Chicago: MO Missouri, NE Nebraska, ND North Dakota, OK Oklahoma, SD South Dakota, TN Tennessee, TX Texas
America/Chicago: WI Wisconsin
America/Denver: CO Colorado, ID Idaho, MT Montana, NM New Mexico, UT Utah, WY Wyoming
America/Phoenix: AZ Arizona
America/Los_Angeles: CA California, NV Nevada, OR Oregon, WA Washington
America/Anchorage: AK Alaska
Pacific/Honolulu: HI Hawaii
America/Puerto_Rico: PR Puerto Rico, VI U.S. Virgin Islands
Pacific/Guam: GU Guam, MP Northern Mariana Islands
Pacific/Pago_Pago: AS American Samoa
"""

_LISTED = [
    (zone, *state.split(" ", 1))
    for zone, _, states in (line.partition(": ") for line in _STATES.split("\n"))
    for state in filter(None, states.split(", "))
]

STATES = {code: name for _, code, name in sorted(_LISTED, key=lambda listed: listed[2])}
"""The names of the states by postal code, sorted by name. They are the same in all languages."""

ZONES = {code: zone for zone, code, _ in _LISTED}
"""Time zones by states' postal codes."""

_ZIP_CODES = """
AL 350-352 354-369, AK 995-999, AZ 850-853 855-857 859-860 863-865, AR 716-729 755, CA 900-908 910-928 930-961
CO 800-816, CT 060-069, DE 197-199, DC 200 202-205 569, FL 320-339 341-342 344 346-347 349, GA 300-319 398-399
HI 967-968, ID 832-838, IL 600-620 622-629, IN 460-479, IA 500-516 520-528, KS 660-662 664-679, KY 400-418 420-427
LA 700-701 703-708 710-714, ME 039-049, MD 206-212 214-219, MA 010-027 055, MI 480-499, MN 550-551 553-567
MS 386-397, MO 630-631 633-641 644-658, MT 590-599, NE 680-681 683-693, NV 889-891 893-895 897-898, NH 030-038
NJ 070-089, NM 870-871 873-884, NY 005 063 100-149, NC 270-289, ND 580-588, OH 430-459, OK 730-731 734-741 743-749
OR 970-979, PA 150-196, RI 028-029, SC 290-299, SD 570-577, TN 370-385, TX 733 750-770 772-799 885, UT 840-847
VT 050-054 056-059, VA 201 220-246, WA 980-986 988-994, WV 247-268, WI 530-532 534-535 537-549, WY 820-831 834
PR 006-007 009, VI 008, GU 969, MP 969, AS 967
"""
"""The first three digits of each state's codes, if they are in use.

Source: USPS, Labeling List L002, 3-Digit ZIP Code Prefix Matrix, compared with the states of single codes. A few codes
are across the border. The codes of three such towns count here: Fishers Island (NY), Texarkana (AR), Alta (WY).
"""


def _beginnings(listed: str) -> frozenset[str]:
    ranges = (one.partition("-") for one in listed.split())
    return frozenset(
        f"{number:03}" for first, _, last in ranges for number in range(int(first), int(last or first) + 1)
    )


_BEGINNINGS = {
    state: _beginnings(listed)
    for state, _, listed in (one.strip().partition(" ") for one in re.split(r"[,\n]", _ZIP_CODES.strip()))
}


def has_zip_code(region: str, digits: str) -> bool:
    """Say whether a state has ZIP codes that begin with these digits."""
    return any(known.startswith(digits[:3]) for known in _BEGINNINGS[region])
