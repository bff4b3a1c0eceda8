"""collector/alarms"""
