"""Grafana's dashboards and alert rules, from the panels and the SQL that the console has."""
