"""The operator console of a chemical dosing plant, in the terminal."""

__version__ = "0.1.0"
