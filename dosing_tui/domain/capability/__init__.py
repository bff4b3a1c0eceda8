"""Capability of a pump: control chart of its errors, Cpk, bias, run rules, overshoot. Pure."""
