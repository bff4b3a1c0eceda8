-- Why the new PIN that this transaction has entered is refused; '' if it is stored.
SELECT take_pin_check(%(who)s, true)
