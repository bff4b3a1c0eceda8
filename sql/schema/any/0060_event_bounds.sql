-- What a station says of a tank has the bounds of other readings. A compressed table takes no new CHECK: a trigger refuses.
CREATE FUNCTION check_event_rows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows AS n
                WHERE NOT (coalesce(octet_length(n.chemical), 0) <= 512
                           AND coalesce(n.mass_g, 0) BETWEEN -1e12 AND 1e12)) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'event_content_sane',
            MESSAGE = 'an event has an impossible mass, or the name of a chemical that is too long';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_event_rows AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_event_rows();
