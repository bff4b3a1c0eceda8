-- What the reorder point of a tank is made of, from the settings; migrate sets it.
ALTER TABLE plant_limits
    ADD COLUMN reorder_lead_days double precision NOT NULL DEFAULT 0 CHECK (reorder_lead_days >= 0),  -- 0: not known
    ADD COLUMN reorder_z double precision NOT NULL DEFAULT 1.65 CHECK (reorder_z >= 0);
