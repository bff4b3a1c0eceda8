"""Capability of a pump: control chart of its errors, run rules. Pure; Cpk and bias are the panel's."""
