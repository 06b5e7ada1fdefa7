-- What a record added to a closed month when that was closed; written when the record is written for the first time after
-- that. NULL: it was not in the month. What was written before this table was there is listed whatever it says now.

CREATE TABLE late_record (
  tenant TEXT COLLATE "C" NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  municipality TEXT COLLATE "C" NOT NULL,
  association TEXT COLLATE "C" NOT NULL,
  contribution TEXT COLLATE "C",
  PRIMARY KEY (tenant, month, document)
);

INSERT INTO late_record (tenant, month, document, municipality, association, contribution)
  SELECT r.tenant, r.month, r.document, COALESCE(r.municipality, ''), COALESCE(r.dispatched_by, r.association, ''), 'unknown'
  FROM closing c
  JOIN record_fact r ON r.tenant = c.tenant AND r.fiscal_year = c.fiscal_year AND r.month = c.month
    AND r.updated_at > c.closed_at
  JOIN document d ON d.tenant = r.tenant AND d.document = r.document AND d.updated_at > c.closed_at;
