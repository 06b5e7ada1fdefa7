-- What a record added to a closed month when that was closed; written when the record is written for the first time after
-- that. NULL: it was not in the month. What was written before this table was there is listed whatever it says now.

CREATE TABLE late_record (
  tenant TEXT NOT NULL,
  month TEXT NOT NULL,
  document BLOB NOT NULL,
  municipality TEXT NOT NULL,
  association TEXT NOT NULL,
  contribution TEXT,
  PRIMARY KEY (tenant, month, document)
) STRICT;

INSERT INTO late_record (tenant, month, document, municipality, association, contribution)
  SELECT r.tenant, r.month, r.document, COALESCE(r.municipality, ''), COALESCE(r.dispatched_by, r.association, ''), 'unknown'
  FROM closing c
  JOIN record_fact r ON r.tenant = c.tenant AND r.fiscal_year = c.fiscal_year AND r.month = c.month
    AND r.updated_at > c.closed_at
  JOIN document d ON d.tenant = r.tenant AND d.document = r.document AND d.updated_at > c.closed_at;

-- Figures of closed months that were written to since: only these can differ from what was reported.
CREATE TABLE late_figure (
  tenant TEXT NOT NULL,
  month TEXT NOT NULL,
  measure TEXT NOT NULL,
  municipality TEXT NOT NULL,
  association TEXT NOT NULL,
  PRIMARY KEY (tenant, month, measure, municipality, association)
) STRICT;

INSERT INTO late_figure (tenant, month, measure, municipality, association)
  SELECT r.tenant, r.month, r.measure, r.municipality, r.association FROM closing c
  JOIN rollup r ON r.tenant = c.tenant AND r.month = c.month AND r.fiscal_year = c.fiscal_year
  LEFT JOIN closed_rollup k ON k.tenant = r.tenant AND k.month = r.month AND k.measure = r.measure
    AND k.municipality = r.municipality AND k.association = r.association
  WHERE k.month IS NULL OR k.reported <> r.reported OR k.unreported <> r.unreported OR k.total <> r.total;
