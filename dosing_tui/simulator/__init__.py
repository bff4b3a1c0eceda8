"""Simulated plant: publishes like the ESP32 firmware, with optional faults."""
