"""Rules of counters, lists and exports."""
