""" "Where is an alarm rule?" - declared in alarms/catalog.py, decided in one *_rules.py here. Pure"""
