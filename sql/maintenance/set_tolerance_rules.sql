-- Add a version of the plant's tolerance rules; false if they are in force already.
SELECT set_tolerance_rules(%(rules)s, %(who)s)
