"""The texts that an organizer brings to the workshop."""

from __future__ import annotations

OWN_HEADINGS = """Chief's Full Name\tRank\tAgency\tCity\tE-mail Addr.\tServes\tPhone
Robin Sample\tPolice Chief\tOakton Police\tOakton\tchief@oakton.example\t02134\t555-0100
Sasha Specimen\tSheriff\tElm County\tElmville\tsheriff@elmville.example\tall others\t555-0101
"""
"""A table of recipients with the columns of its own."""

PAPER = """Dear Mayor ____________,

I live in ____________. Please act.

____________________
(signature)
Name: ____________
Address: ____________
Date: ____________
"""
"""A letter on paper."""
