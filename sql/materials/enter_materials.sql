-- Make entries of the material ledger, in order; the number of each, NULL of one that is stored already. All or none.
SELECT enter_material(given.entry)
  FROM jsonb_array_elements(%(entries)s::jsonb) WITH ORDINALITY AS given (entry, place)
 ORDER BY given.place
