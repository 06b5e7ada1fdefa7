-- Who has which role, and the journal of what was done. A person may have several roles, also in several organisations.

ALTER TABLE person ADD COLUMN disabled_at BIGINT;
ALTER TABLE person ADD COLUMN signed_in_at BIGINT;

CREATE TABLE membership (
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, person, role, organisation)
);

INSERT INTO membership (tenant, person, role, organisation)
  SELECT tenant, person, role, organisation FROM code
  UNION SELECT tenant, person, role, organisation FROM device
  UNION SELECT tenant, person, role, organisation FROM login;

-- Rows are added and never changed. The hash covers the row and the hash before it; '' is the chain of what belongs to no
-- prefecture.
CREATE TABLE journal (
  tenant TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  device BYTEA,
  peer TEXT COLLATE "C" NOT NULL,
  action TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL,
  request TEXT COLLATE "C" NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (tenant, seq)
);

CREATE INDEX journal_by_person ON journal (tenant, person, seq);
CREATE INDEX journal_by_action ON journal (tenant, action, seq);

-- The end of each chain, so that rows taken off the end are missed.
CREATE TABLE journal_head (
  tenant TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL
);
