"""The tolerance of a dose: one definition for judgement, alarms, marks, counts and reports."""
