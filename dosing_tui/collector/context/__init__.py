"""what every part of the collector is given"""
