-- From which error on, in g, a dose is out of tolerance.
SELECT tolerance_g
  FROM plant_limits
