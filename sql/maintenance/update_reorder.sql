-- Set what the reorder point of a tank is made of.
UPDATE plant_limits
   SET reorder_lead_days = %(lead_days)s, reorder_z = %(z)s
