-- Make one entry of the material ledger; its number, NULL if it is stored already.
SELECT enter_material(%(entry)s::jsonb)
