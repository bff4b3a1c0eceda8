"""A plant that publishes like the ESP32 firmware does, faults included."""
