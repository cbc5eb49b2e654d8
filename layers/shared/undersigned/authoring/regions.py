"""The states and territories of the United States, and the time zone of most people in each."""

from __future__ import annotations

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
