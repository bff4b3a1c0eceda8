-- Stores what the last batches of a station took, where that is missing; returns of how many, 0 when none is left.
SELECT store_recent_uses(%(device)s::text)
