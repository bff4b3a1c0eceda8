"""The wall mode: big figures that rotate, locked keys, alarms first."""
