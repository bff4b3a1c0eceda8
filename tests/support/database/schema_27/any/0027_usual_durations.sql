-- How long batches of a recipe and their doses usually take, by its newest complete batches of then. Batches are
-- judged by what held when they began: rows are added and never changed, so a batch that is rebuilt is judged as before.
-- The row of recipe '' tells when this was looked at, also where nothing could be learned.
CREATE TABLE usual_durations (
    recipe     text             NOT NULL,
    mode       text             NOT NULL,
    chemical   text             NOT NULL,  -- '' is the whole batch
    valid_from timestamptz      NOT NULL,
    low_s      double precision NOT NULL,
    high_s     double precision NOT NULL,
    batches    integer          NOT NULL,  -- of how many it was learned
    PRIMARY KEY (recipe, mode, chemical, valid_from)
);
CREATE INDEX usual_durations_time ON usual_durations (valid_from);

SELECT grant_as_for_doses('public.usual_durations', 'INSERT ON public.usual_durations');

-- From which level on a tank is low to a batch is the plant's rule, as its tolerance is: kept as the settings say by
-- migrate, and the same for whoever rebuilds batches, on whatever machine.
ALTER TABLE plant_rules ADD COLUMN stock_low_percent double precision NOT NULL DEFAULT 20
    CHECK (stock_low_percent >= 0);
