-- Figures are made by one set of rules: only what took place counts, a record counts for its own association or hub and for
-- the one that sent the lecturer, and years nobody reports for are no years. What follows from documents is made anew by the
-- first server that starts on this (`stale`); what is left of documents that were kept long enough is brought up to date here.

-- What each record added to a closed month is kept as it was reported, in the form of today, before anything is made anew. Rows
-- in the form before stay where their record adds something else by now; of the others there is nothing to keep.
DELETE FROM late_record WHERE (tenant, month, document) IN (SELECT l.tenant, l.month, l.document FROM late_record l
  JOIN closing c ON c.tenant = l.tenant AND c.month = l.month
  JOIN record_fact r ON r.tenant = l.tenant AND r.document = l.document AND r.month = c.month AND r.fiscal_year = c.fiscal_year
  WHERE l.municipality = COALESCE(r.municipality, '') AND l.association = COALESCE(r.dispatched_by, r.association, '')
    AND l.contribution = COALESCE(r.activity, 'none') || '|' || CASE WHEN r.state IN ('held', 'reported', 'settled') THEN 'held'
      WHEN r.state IN ('none', 'requested', 'offered', 'confirmed') THEN 'planned' ELSE r.state END
      || CASE WHEN r.is_dispatch = 0 THEN '|' WHEN r.state = 'cancelled' THEN '|dispatch ' || COALESCE(r.reason, 'none')
      ELSE '|dispatch' END
      || CASE WHEN r.state IN ('held', 'reported', 'settled') THEN '|' || COALESCE(CAST(r.attendance AS TEXT), '')
      || CASE WHEN r.medium IS NULL AND (r.activity IS NULL OR r.activity <> 'screening') THEN '|' ELSE '|screened' END
      ELSE '||' END || '|' || COALESCE((SELECT STRING_AGG(t.measure || '=' || COALESCE(CAST(t.value AS TEXT), ''), ' '
      ORDER BY t.measure) FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document), ''));
INSERT INTO late_record (tenant, month, document, municipality, association, contribution)
  SELECT r.tenant, r.month, r.document, COALESCE(r.municipality, ''), COALESCE(r.dispatched_by, r.association, ''),
    COALESCE(r.activity, 'none') || '|' || CASE WHEN r.state IN ('held', 'reported', 'settled') THEN 'held'
      WHEN r.state IN ('none', 'requested', 'offered', 'confirmed') THEN 'planned' ELSE r.state END
      || CASE WHEN r.is_dispatch = 0 THEN '|' WHEN r.state = 'cancelled' THEN '|dispatch ' || COALESCE(r.reason, 'none')
      ELSE '|dispatch' END
      || '|' || COALESCE((SELECT STRING_AGG(m.measure || '=' || COALESCE(CAST(m.value AS TEXT), ''), ' ' ORDER BY m.measure COLLATE "C")
      FROM (SELECT t.measure, t.value FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document
        UNION ALL SELECT 'attendance', r.attendance WHERE r.state IN ('held', 'reported', 'settled')
          AND (r.attendance IS NOT NULL OR (r.kind = 'session' AND (r.activity IS NULL OR r.activity IN ('lecture', 'round_table',
          'public_lecture', 'visiting_lecture', 'training', 'booth', 'meeting'))))
        UNION ALL SELECT 'screening.viewers', NULL WHERE r.state IN ('held', 'reported', 'settled')
          AND (r.medium IS NOT NULL OR r.activity = 'screening') AND NOT EXISTS (SELECT 1 FROM tally_fact v
          WHERE v.tenant = r.tenant AND v.document = r.document AND v.measure = 'screening.viewers')) m), '')
  FROM record_fact r JOIN closing c ON c.tenant = r.tenant AND c.month = r.month AND c.fiscal_year = r.fiscal_year
  WHERE NOT EXISTS (SELECT 1 FROM late_record l WHERE l.tenant = r.tenant AND l.month = r.month AND l.document = r.document);

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
