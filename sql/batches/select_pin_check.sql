-- Why the PIN that this transaction has entered is refused; '' if it is right, or stored for a change.
SELECT take_pin_check(%(who)s, %(for_change)s)
