-- Set the error in g beyond which a dose is out of tolerance.
UPDATE plant_limits
   SET tolerance_g = %(tolerance_g)s
