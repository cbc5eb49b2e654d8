"""Leave out of Babel's locales what nothing reads: `layer.mk` runs this on the layer's copy of them.

No language is left out: a campaign's letter can be in one that pages are not translated into, and says its day in it.
"""

import pickle
import sys
from pathlib import Path

UNREAD = (
    *("unit_patterns", "unit_display_names", "compound_unit_patterns"),
    *("currency_names", "currency_names_plural", "compact_currency_formats"),
    *("compact_decimal_formats", "date_fields", "datetime_skeletons", "interval_formats"),
)

for file in Path(sys.argv[1]).glob("*.dat"):
    sections = pickle.loads(file.read_bytes())  # noqa: S301  (pip has checked the package's hash)
    kept = {name: section for name, section in sections.items() if name not in UNREAD}
    file.write_bytes(pickle.dumps(kept, protocol=5))
