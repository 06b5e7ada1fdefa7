-- Who has which role, and the journal of what was done. A person may have several roles, also in several organisations.

ALTER TABLE person ADD COLUMN disabled_at INTEGER;
ALTER TABLE person ADD COLUMN signed_in_at INTEGER;

CREATE TABLE membership (
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  PRIMARY KEY (tenant, person, role, organisation)
) STRICT;

INSERT INTO membership (tenant, person, role, organisation)
  SELECT tenant, person, role, organisation FROM code
  UNION SELECT tenant, person, role, organisation FROM device
  UNION SELECT tenant, person, role, organisation FROM login;

-- Rows are added and never changed. The hash covers the row and the hash before it; '' is the chain of what belongs to no
-- prefecture.
CREATE TABLE journal (
  tenant TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  device BLOB,
  peer TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL,
  request TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant, seq)
) STRICT;

CREATE INDEX journal_by_person ON journal (tenant, person, seq);
CREATE INDEX journal_by_action ON journal (tenant, action, seq);

-- The end of each chain, so that rows taken off the end are missed.
CREATE TABLE journal_head (
  tenant TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
