"""The dashboard's pages, charts and live component; data comes through `dashboard.data` only."""
