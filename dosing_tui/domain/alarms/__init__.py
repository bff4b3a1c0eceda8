"""Alarms after ISA-18.2: states, rules, and what the operator sees of them. Pure.

The journal is the truth: an alarm's state is the fold of ``table.advance`` over its entries in the order of
their ids. The collector evaluates the rules, and alone journals conditions; people's entries come from every
console. All fold the same entries in the same order, so all agree (``replica``). While the journal cannot be
reached, each process folds what it knows itself on top.
"""
