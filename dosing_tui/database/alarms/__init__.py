"""database/alarms"""
