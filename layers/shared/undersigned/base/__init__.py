"""The ground floor: table, queues, secrets, buckets, languages, errors and pages. It knows no campaign."""
