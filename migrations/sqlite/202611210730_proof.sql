-- Destroying, closing months, decisions on custody, damage and healing; indexes for dashboards.
-- A destroyed document keeps its row in `document`, empty, under a revision nobody can write over.

ALTER TABLE custody ADD COLUMN decision TEXT;
ALTER TABLE custody ADD COLUMN decided_at INTEGER;
ALTER TABLE custody ADD COLUMN decided_by TEXT;
ALTER TABLE custody ADD COLUMN decision_reason TEXT;

CREATE INDEX custody_by_device ON custody (tenant, device, received_at);

CREATE TABLE purged (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  purged_at INTEGER NOT NULL,
  purged_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (tenant, document)
) STRICT;

CREATE TABLE closing (
  tenant TEXT NOT NULL,
  month TEXT NOT NULL,
  fiscal_year INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  closed_by TEXT NOT NULL,
  PRIMARY KEY (tenant, month)
) STRICT;

-- What the roll-ups said when the month was closed. A correction is the difference to what they say now.
CREATE TABLE closed_rollup (
  tenant TEXT NOT NULL,
  month TEXT NOT NULL,
  fiscal_year INTEGER NOT NULL,
  measure TEXT NOT NULL,
  municipality TEXT NOT NULL,
  association TEXT NOT NULL,
  reported INTEGER NOT NULL,
  unreported INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (tenant, month, measure, municipality, association)
) STRICT;

CREATE TABLE damaged (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  found_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, document)
) STRICT;

CREATE TABLE healing (
  tenant TEXT NOT NULL,
  device BLOB NOT NULL,
  healed_at INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  PRIMARY KEY (tenant, device, healed_at)
) STRICT;

CREATE INDEX record_fact_by_date ON record_fact (tenant, fiscal_year, date DESC);
CREATE INDEX record_fact_by_dispatch ON record_fact (tenant, fiscal_year, date DESC) WHERE is_dispatch = 1;
CREATE INDEX record_fact_by_association ON record_fact (tenant, association, fiscal_year, date)
  WHERE association IS NOT NULL;
CREATE INDEX record_fact_by_dispatcher ON record_fact (tenant, dispatched_by, fiscal_year, date)
  WHERE dispatched_by IS NOT NULL;
CREATE INDEX record_fact_planned ON record_fact (tenant, fiscal_year, date)
  WHERE state IN ('none', 'requested', 'offered', 'confirmed');
