"""Grafana's dashboards and alert rules, generated from the console's panels and SQL."""
