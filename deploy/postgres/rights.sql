-- Who may do what, whole: runs as dosing_owner after each migration, and may run again at any time. It is all granted or nothing.
-- Beside a job of TimescaleDB that changes the same tables PostgreSQL refuses it ("tuple concurrently updated"): then it is tried
-- again, for a minute at most.
DO $rights$
BEGIN
    FOR attempt IN 1..60 LOOP
        BEGIN
            REVOKE ALL ON ALL TABLES IN SCHEMA public FROM dosing_writer, dosing_operator, dosing_viewer, dosing_telegraf;
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO dosing_writer, dosing_operator, dosing_viewer;

            -- Collector: readings, its books, alarms and batches.
            GRANT INSERT ON dosing_consumption, batch_events, inventory_levels, rejected_messages TO dosing_writer;
            GRANT INSERT, UPDATE ON spool_progress, collector_leases, station_status TO dosing_writer;
            GRANT INSERT, DELETE ON station_changes TO dosing_writer;
            GRANT INSERT ON batch_numbers, batch_duration_baselines TO dosing_writer;
            GRANT INSERT, UPDATE, DELETE ON batch_records, batch_lots, batch_rebuild_queue TO dosing_writer;
            GRANT INSERT, UPDATE ON tank_mixes TO dosing_writer;
            -- What reviews say about a batch, the reviews alone write.
            GRANT INSERT (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at, last_at, anchored_at,
                          anchor, pumps, doses, target_g, actual_g, findings, finding_kinds, recipe_version, record_hash,
                          judgement_hash),
                  UPDATE (recipe, mode, status, reason, begins_at, ends_at, last_at, anchored_at, anchor, pumps, doses, target_g,
                          actual_g, findings, finding_kinds, recipe_version, record_hash, judgement_hash, gone),
                  DELETE ON batches TO dosing_writer;
            GRANT INSERT, UPDATE ON alarm_notifications, alarm_notification_channels, alarm_checkpoints TO dosing_writer;
            GRANT EXECUTE ON FUNCTION recount_late_pump_errors(bigint, boolean), note_dropped_readings(),
                close_tank_days(text, text, integer), close_pump_days(text), store_batch_uses(text[]), store_recent_uses(text)
                TO dosing_writer;

            GRANT UPDATE (taken_at) ON process_locks TO dosing_writer;
            GRANT EXECUTE ON FUNCTION end_blocking_sessions() TO dosing_writer;
            -- What a station sends about its tanks: a trigger of the events enters it, in the collector's name.
            GRANT EXECUTE ON FUNCTION enter_material(jsonb) TO dosing_writer;

            -- Operators' consoles: notes, what is done about alarms, and reviews. Functions of the database enter the last two: nobody
            -- writes to the audit trail himself, and only the collector says of an alarm that it came or went.
            GRANT INSERT (at, text, author, os_user, device_id) ON operator_notes TO dosing_operator;
            GRANT INSERT ON pin_entry TO dosing_operator;
            GRANT EXECUTE ON FUNCTION lock_audit_trail(), prepare_pin_entry(text), take_pin_check(text, boolean),
                enter_review(text, text, text, text, text, bigint, text, text), enter_material(jsonb) TO dosing_operator;
            REVOKE ALL ON FUNCTION enter_service(uuid, timestamptz, text, integer, text, double precision, double precision[], bigint,
                text, text, text) FROM dosing_writer;
            GRANT EXECUTE ON FUNCTION enter_service(uuid, timestamptz, text, integer, text, double precision, double precision[], bigint,
                text, text, text) TO dosing_operator;

            -- The server itself says when and as which role an entry was made: nobody inserts into those columns.
            GRANT INSERT (uuid, site, rule, device_id, item, event, at, received_at, priority, rule_version, message, value,
                          limit_value, latching, active, occurrence, until, author, os_user, offline, comment)
               ON alarm_journal TO dosing_writer;
            GRANT EXECUTE ON FUNCTION enter_alarm_action(jsonb) TO dosing_writer, dosing_operator;

            -- Hashes of PINs are nobody's to read.
            REVOKE ALL ON reviewer_pins, pin_counters, pin_checks FROM dosing_writer, dosing_operator, dosing_viewer;

            -- The profile "telegraf": the three views that store readings, each once, and nothing else.
            GRANT SELECT, INSERT ON ingest_dosing_consumption, ingest_batch_events, ingest_inventory_levels TO dosing_telegraf;

            RETURN;
        EXCEPTION WHEN internal_error OR deadlock_detected THEN
            IF attempt = 60 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(1);
        END;
    END LOOP;
END $rights$;
