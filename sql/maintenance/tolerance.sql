-- From now on a dose is out of tolerance when its error is beyond this, in g.
UPDATE plant_limits
   SET tolerance_g = %(tolerance_g)s
