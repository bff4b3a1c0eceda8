-- Add a version of a recipe.
INSERT INTO recipe_masters (recipe, mode, version, valid_from, definition, audit_seq)
VALUES (%(recipe)s, %(mode)s, %(version)s, %(valid_from)s, %(definition)s, %(audit_seq)s)
