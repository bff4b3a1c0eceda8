-- Takes over a database at migration 27 of the development schema, the last one before the baseline files: renames
-- its objects to the baseline's names. No row is written, except in the migration history, which is kept under archive/.
-- Stop every collector and console of the older version first: they use the older names.
DO $takeover$
DECLARE
    relations text[][] := ARRAY[
        ['rows_set_aside', 'legacy_import_rejects'], ['adoptions', 'legacy_imports'],
        ['collector_books', 'spool_progress'], ['plant_rules', 'plant_limits'],
        ['usual_durations', 'batch_duration_baselines'], ['batches_touched', 'batch_rebuild_queue'],
        ['batch_ends_15m', 'batch_outcomes_15m'], ['batch_ends_1h', 'batch_outcomes_1h'],
        ['dosing_15m', 'dosing_rollup_15m'], ['dosing_1h', 'dosing_rollup_1h'], ['dosing_6h', 'dosing_rollup_6h'],
        ['dosing_recipes_15m', 'recipe_rollup_15m'], ['inventory_last', 'inventory_latest'],
        ['batch_standings', 'batch_review_status'], ['standing_reviews', 'effective_reviews']];
    functions text[][] := ARRAY[
        ['batch_ends', 'batch_outcomes'], ['refuse_change', 'reject_update_or_delete'],
        ['alarm_journal_tell', 'alarm_journal_notify'], ['alarm_journal_in_order', 'alarm_journal_assign_order'],
        ['bin_up', 'next_bucket_start'], ['moved_back', 'shift_back_by_range'],
        ['dosing_edges', 'rollup_boundaries'], ['house_strays', 'move_stray_rows'],
        ['grant_as_for_doses', 'copy_dose_grants'], ['touch_batches', 'queue_batch_rebuild'],
        ['touch_batches_by_alarms', 'queue_batch_rebuild_by_alarms'],
        ['keep_inventory_last', 'keep_inventory_latest'], ['show_review', 'apply_review']];
    triggers text[][] := ARRAY[
        ['never_changed', 'append_only'], ['tell', 'notify_listeners'], ['in_order', 'assign_order'],
        ['touch_batches', 'queue_batch_rebuild'], ['keep_inventory_last', 'keep_inventory_latest'],
        ['show_review', 'apply_review']];
    constraints text[][] := ARRAY[
        ['alarm_notifications', 'notification_tells_of', 'notification_has_journal_id'],
        ['batch_reviews', 'review_who_is_said', 'review_who_given'],
        ['batch_reviews', 'review_reason_is_said', 'review_reason_given'],
        ['review_policy', 'policy_reason_is_said', 'policy_reason_given']];
    bodies text[] := ARRAY[
        'ensure_partitions', 'drop_partitions', 'keep_last_seen', 'roll_up_doses', 'roll_up_batches',
        'dosing_sums', 'dosing_series', 'check_review', 'check_review_policy'];
    -- what else changes in the bodies of functions: messages, and names of variables and aliases
    phrases text[][] := ARRAY[
        ['rows of % are never changed or removed',
         'table % is append-only: its rows cannot be changed or deleted'],
        ['the review policy of this plant wants the PIN of % with every review',
         'the review policy of this plant requires the PIN of % with every review'],
        ['only the newest decision that stands can be withdrawn, not entry %',
         'only the newest effective decision can be withdrawn, not entry %']];
    words text[][] := ARRAY[
        ['told', 'reported'], ['news', 'newly_reported'], ['said', 'entry'], ['stands', 'status'],
        ['right_', 'privilege']];
    pair text[];
    part record;
    body text;
BEGIN
    FOREACH pair SLICE 1 IN ARRAY relations LOOP
        EXECUTE format('ALTER TABLE public.%I RENAME TO %I', pair[1], pair[2]);
        -- constraints and indexes that carry the name of their table
        FOR part IN SELECT conname AS name FROM pg_constraint
                     WHERE conrelid = format('public.%I', pair[2])::regclass AND starts_with(conname, pair[1] || '_') LOOP
            EXECUTE format('ALTER TABLE public.%I RENAME CONSTRAINT %I TO %I', pair[2], part.name,
                           pair[2] || substr(part.name, length(pair[1]) + 1));
        END LOOP;
        -- PostgreSQL 18 names NOT NULL, too: some carry a number after the name of a table that was dropped
        FOR part IN SELECT k.conname AS name, a.attname AS column_name
                      FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
                     WHERE k.conrelid = format('public.%I', pair[2])::regclass AND k.contype = 'n'
                       AND k.conname <> format('%s_%s_not_null', pair[2], a.attname) LOOP
            EXECUTE format('ALTER TABLE public.%I RENAME CONSTRAINT %I TO %I', pair[2], part.name,
                           format('%s_%s_not_null', pair[2], part.column_name));
        END LOOP;
        FOR part IN SELECT i.relname AS name FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
                     WHERE x.indrelid = format('public.%I', pair[2])::regclass AND starts_with(i.relname, pair[1] || '_') LOOP
            EXECUTE format('ALTER INDEX public.%I RENAME TO %I', part.name,
                           pair[2] || substr(part.name, length(pair[1]) + 1));
        END LOOP;
    END LOOP;
    ALTER INDEX public.batches_under_way RENAME TO batches_running;
    FOREACH pair SLICE 1 IN ARRAY constraints LOOP
        EXECUTE format('ALTER TABLE public.%I RENAME CONSTRAINT %I TO %I', pair[1], pair[2], pair[3]);
    END LOOP;

    -- made anew: TimescaleDB looks for a renamed trigger on every chunk, where statement triggers are not
    FOREACH pair SLICE 1 IN ARRAY triggers LOOP
        FOR part IN SELECT t.tgrelid::regclass AS relation, pg_get_triggerdef(t.oid) AS definition
                      FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
                     WHERE t.tgname = pair[1] AND NOT t.tgisinternal AND t.tgparentid = 0
                       AND c.relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', pair[1], part.relation);
            EXECUTE replace(part.definition, 'CREATE TRIGGER ' || pair[1] || ' ', 'CREATE TRIGGER ' || pair[2] || ' ');
        END LOOP;
    END LOOP;

    FOREACH pair SLICE 1 IN ARRAY functions LOOP
        FOR part IN SELECT oid::regprocedure AS signature FROM pg_proc
                     WHERE proname = pair[1] AND pronamespace::regnamespace::text IN ('public', 'compat') LOOP
            EXECUTE format('ALTER FUNCTION %s RENAME TO %I', part.signature, pair[2]);
        END LOOP;
        bodies := bodies || pair[2];
    END LOOP;
    words := words || relations || functions;
    -- bodies name tables and functions as text; CREATE OR REPLACE keeps owner, rights and triggers
    FOR part IN SELECT oid FROM pg_proc
                 WHERE proname = ANY (bodies) AND pronamespace::regnamespace::text IN ('public', 'compat') LOOP
        body := pg_get_functiondef(part.oid);
        FOREACH pair SLICE 1 IN ARRAY phrases LOOP
            body := replace(body, pair[1], pair[2]);
        END LOOP;
        FOREACH pair SLICE 1 IN ARRAY words LOOP
            body := regexp_replace(body, '\m' || pair[1] || '\M', pair[2], 'g');
        END LOOP;
        EXECUTE body;
    END LOOP;
END $takeover$;

UPDATE schema_migrations SET name = 'archive/' || name;
