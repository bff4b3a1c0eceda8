-- Set the level in percent below which a tank is low in a batch's assessment.
UPDATE plant_limits
   SET stock_low_percent = %(stock_low_percent)s
