"""MQTT payload -> typed reading. Pure. "Where is a payload validated?" - here"""
