"""What an export, a report, a reconciliation and a screening must be."""
