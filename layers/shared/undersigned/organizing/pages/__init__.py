"""The dashboard’s pages."""
