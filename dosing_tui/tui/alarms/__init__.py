"""The alarm screen: active alarms, journal, KPIs, details."""
