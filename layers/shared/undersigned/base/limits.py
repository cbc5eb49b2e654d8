"""Limits: how much one step takes. They suit every stack, so no operator sets them, but a test sets smaller ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Limits:
    """The limits of a stack."""

    attached: int = 7_000_000
    """The most bytes of PDFs to attach: some 950 typed or 760 drawn letters. Base64 adds a third, and many servers
    refuse emails over 10 MB; SES takes 40.

    Source: "Service quotas in Amazon SES", SES developer guide.
    """

    packet_size: int = 250
    """Letters in one PDF. Typst's memory grows with the pages of a document."""

    packets_on_page: int = 100
    """How many files a page of an office's packets lists."""

    short_roster: int = 50
    """The most recipients of a campaign that each warm process reads once a minute, for three cents a month."""

    rows_read: int = 1_000
    """The most letters that one request reads to find what a filter selects, and the most forms that an overview
    counts: bots could make both expensive."""

    names_read: int = 5_000
    """The most letters that one request reads to find a name. It takes some seconds and as many read units, a tenth of
    a cent for every hundred searches."""

    letters_changed: int = 100
    """The most letters that one slice of a screening changes. Erasing a letter that was sent takes six calls."""

    recipients_read: int = 100
    """The most recipients that the list of one's campaigns looks at in all, one read each, for deliveries that need a
    decision."""

    rows_between_news: int = 2_000
    """How often the progress of an export is recorded, in rows."""

    tray_step: int = 1_000
    """How many letters are read before a step to the next recipient: about 200 kB of keys."""

    upload_part: int = 5 * 1024 * 1024
    """Bytes in a part of an upload: the minimum of S3. A file has at most 10,000 parts, so 50 GB."""
