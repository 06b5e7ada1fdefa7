-- Destroying, closing months, decisions on custody, damage and healing; indexes for dashboards.
-- A destroyed document keeps its row in `document`, empty, under a revision nobody can write over.

ALTER TABLE custody ADD COLUMN decision TEXT COLLATE "C";
ALTER TABLE custody ADD COLUMN decided_at BIGINT;
ALTER TABLE custody ADD COLUMN decided_by TEXT COLLATE "C";
ALTER TABLE custody ADD COLUMN decision_reason TEXT COLLATE "C";

CREATE INDEX custody_by_device ON custody (tenant, device, received_at);

CREATE TABLE purged (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  purged_at BIGINT NOT NULL,
  purged_by TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, document)
);

CREATE TABLE closing (
  tenant TEXT COLLATE "C" NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  fiscal_year BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  closed_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, month)
);

-- What the roll-ups said when the month was closed. A correction is the difference to what they say now.
CREATE TABLE closed_rollup (
  tenant TEXT COLLATE "C" NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  fiscal_year BIGINT NOT NULL,
  measure TEXT COLLATE "C" NOT NULL,
  municipality TEXT COLLATE "C" NOT NULL,
  association TEXT COLLATE "C" NOT NULL,
  reported BIGINT NOT NULL,
  unreported BIGINT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY (tenant, month, measure, municipality, association)
);

CREATE TABLE damaged (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  found_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, document)
);

CREATE TABLE healing (
  tenant TEXT COLLATE "C" NOT NULL,
  device BYTEA NOT NULL,
  healed_at BIGINT NOT NULL,
  documents BIGINT NOT NULL,
  changes BIGINT NOT NULL,
  PRIMARY KEY (tenant, device, healed_at)
);

CREATE INDEX record_fact_by_date ON record_fact (tenant, fiscal_year, date DESC NULLS LAST);
CREATE INDEX record_fact_by_dispatch ON record_fact (tenant, fiscal_year, date DESC NULLS LAST) WHERE is_dispatch = 1;
CREATE INDEX record_fact_by_association ON record_fact (tenant, association, fiscal_year, date)
  WHERE association IS NOT NULL;
CREATE INDEX record_fact_by_dispatcher ON record_fact (tenant, dispatched_by, fiscal_year, date)
  WHERE dispatched_by IS NOT NULL;
CREATE INDEX record_fact_planned ON record_fact (tenant, fiscal_year, date)
  WHERE state IN ('none', 'requested', 'offered', 'confirmed');
