-- Create the counter of this role's tries with a person's PIN; to be committed before one is entered.
SELECT prepare_pin_entry(%(who)s)
