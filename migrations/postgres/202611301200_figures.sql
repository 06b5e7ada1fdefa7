-- Figures are made by one set of rules: only what took place counts, a record counts for its own association or hub and for
-- the one that sent the lecturer, and years nobody reports for are no years. What follows from documents is made anew by the
-- first server that starts on this (`stale`); what is left of documents that were kept long enough is brought up to date here.

ALTER TABLE tenant ADD COLUMN stale BIGINT NOT NULL DEFAULT 0;
UPDATE tenant SET stale = 1;

ALTER TABLE record_fact ADD COLUMN record_group TEXT COLLATE "C" NOT NULL DEFAULT 'planned';
UPDATE record_fact SET state = 'held', activity = COALESCE(activity, 'consultation')
  WHERE kind = 'consultation' AND state = 'none';
UPDATE record_fact SET record_group = CASE WHEN state IN ('held', 'reported', 'settled') THEN 'held'
  WHEN state IN ('cancelled', 'postponed', 'conflict') THEN state ELSE 'planned' END;
UPDATE record_fact SET fiscal_year = NULL, month = NULL WHERE fiscal_year NOT BETWEEN 2000 AND 2099;

DELETE FROM tally_fact WHERE NOT EXISTS (SELECT 1 FROM record_fact r WHERE r.tenant = tally_fact.tenant
  AND r.document = tally_fact.document AND r.record_group = 'held');
INSERT INTO tally_fact (tenant, document, measure, value)
  SELECT tenant, document, 'attendance', attendance FROM record_fact WHERE record_group = 'held'
  AND (attendance IS NOT NULL OR (kind = 'session' AND (activity IS NULL OR activity IN ('lecture', 'round_table', 'public_lecture',
    'visiting_lecture', 'training', 'booth', 'meeting'))));
INSERT INTO tally_fact (tenant, document, measure, value)
  SELECT r.tenant, r.document, 'screening.viewers', CAST(NULL AS BIGINT) FROM record_fact r WHERE r.record_group = 'held'
  AND (r.medium IS NOT NULL OR r.activity = 'screening') AND NOT EXISTS (SELECT 1 FROM tally_fact t
  WHERE t.tenant = r.tenant AND t.document = r.document AND t.measure = 'screening.viewers');

DROP INDEX record_fact_by_credit;
DROP INDEX record_fact_planned;
DROP INDEX record_fact_screened;
CREATE INDEX record_fact_planned ON record_fact
  (tenant, fiscal_year, month DESC NULLS LAST, date DESC NULLS LAST, kind, municipality, association, dispatched_by)
  WHERE record_group = 'planned';
CREATE INDEX flag_by_code ON flag (tenant, code);

DELETE FROM rollup;
ALTER TABLE rollup ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE rollup DROP CONSTRAINT rollup_pkey;
ALTER TABLE rollup ADD CONSTRAINT rollup_pkey
  PRIMARY KEY (tenant, fiscal_year, measure, municipality, association, holder, month);
CREATE INDEX rollup_by_holder ON rollup (tenant, holder, fiscal_year) WHERE holder <> '';
