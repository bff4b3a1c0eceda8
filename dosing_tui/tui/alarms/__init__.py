"""tui/alarms"""
