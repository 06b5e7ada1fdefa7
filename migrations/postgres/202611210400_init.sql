-- Every key leads with the tenant (a prefecture's two digits). Times are ms since the Unix epoch, UTC; dates are ISO text.
-- Text is compared by bytes, as SQLite does.
-- '' and the fiscal year 0 stand for "not reported" in roll-up keys only; everywhere else not reported is NULL.

CREATE TABLE tenant (
  tenant TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  registry_version BIGINT NOT NULL
);

-- Registry: edited online, read-only on tablets.

CREATE TABLE municipality (
  tenant TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  kana TEXT COLLATE "C" NOT NULL,
  medical_area TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, code)
);

CREATE TABLE association (
  tenant TEXT COLLATE "C" NOT NULL,
  association TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, association),
  UNIQUE (tenant, name)
);

CREATE TABLE association_municipality (
  tenant TEXT COLLATE "C" NOT NULL,
  association TEXT COLLATE "C" NOT NULL,
  municipality TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, association, municipality)
);

CREATE TABLE lecturer (
  tenant TEXT COLLATE "C" NOT NULL,
  lecturer TEXT COLLATE "C" NOT NULL,
  surname TEXT COLLATE "C" NOT NULL,
  given_name TEXT COLLATE "C",
  title TEXT COLLATE "C",
  affiliation TEXT COLLATE "C",
  association TEXT COLLATE "C",
  bank BIGINT NOT NULL,
  in_training BIGINT NOT NULL,
  PRIMARY KEY (tenant, lecturer)
);

CREATE TABLE material (
  tenant TEXT COLLATE "C" NOT NULL,
  material TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  unit TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant, material),
  UNIQUE (tenant, name)
);

CREATE TABLE eligibility (
  tenant TEXT COLLATE "C" NOT NULL,
  material TEXT COLLATE "C" NOT NULL,
  eligibility TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant, material, eligibility)
);

-- People, tablets, credentials. Only SHA-256 of a code or token is kept.

CREATE TABLE person (
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, person)
);

CREATE TABLE code (
  code_hash BYTEA NOT NULL PRIMARY KEY,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  scopes TEXT COLLATE "C" NOT NULL,
  uses_left BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE TABLE device (
  tenant TEXT COLLATE "C" NOT NULL,
  device BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  token_hash BYTEA NOT NULL UNIQUE,
  enrolled_at BIGINT NOT NULL,
  last_seen_at BIGINT,
  clock_offset_ms BIGINT,
  PRIMARY KEY (tenant, device)
);

CREATE TABLE device_scope (
  tenant TEXT COLLATE "C" NOT NULL,
  device BYTEA NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant, device, scope)
);

CREATE TABLE login (
  token_hash BYTEA NOT NULL PRIMARY KEY,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL
);

-- Sync: what is true, and where it stands in each scope's feed.

CREATE TABLE scope (
  tenant TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  epoch BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  document_count BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  PRIMARY KEY (tenant, scope)
);

CREATE TABLE document (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  -- '' when the device that first sent it had no scope
  home_scope TEXT COLLATE "C" NOT NULL,
  heads BYTEA NOT NULL,
  snapshot BYTEA NOT NULL,
  -- counts writes to this row and its projections; a writer that read an older one starts over
  revision BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, document)
);

CREATE TABLE feed (
  tenant TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  state BIGINT NOT NULL,
  contribution BYTEA NOT NULL,
  PRIMARY KEY (tenant, scope, document)
);

CREATE UNIQUE INDEX feed_by_seq ON feed (tenant, scope, seq);
CREATE INDEX feed_by_document ON feed (tenant, document);

CREATE TABLE custody (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  device BYTEA NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  bytes BYTEA NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, document, hash, device)
);

-- Projections: written in the transaction that stores the change; rebuilt from documents at any time.

CREATE TABLE record_fact (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  activity TEXT COLLATE "C",
  fiscal_year BIGINT,
  month TEXT COLLATE "C",
  date TEXT COLLATE "C",
  start_time TEXT COLLATE "C",
  municipality TEXT COLLATE "C",
  association TEXT COLLATE "C",
  dispatched_by TEXT COLLATE "C",
  item TEXT COLLATE "C",
  title TEXT COLLATE "C",
  occasion TEXT COLLATE "C",
  venue TEXT COLLATE "C",
  medium TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C",
  is_dispatch BIGINT NOT NULL,
  attendance BIGINT,
  viewers BIGINT,
  conflict_count BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, document)
);

CREATE INDEX record_fact_by_year ON record_fact (tenant, fiscal_year, municipality, date);

CREATE TABLE tally_fact (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  measure TEXT COLLATE "C" NOT NULL,
  value BIGINT,
  PRIMARY KEY (tenant, document, measure)
);

CREATE TABLE record_lecturer (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  lecturer TEXT COLLATE "C" NOT NULL,
  attribution TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, document, lecturer)
);

CREATE INDEX record_lecturer_by_lecturer ON record_lecturer (tenant, lecturer);

CREATE TABLE flag (
  tenant TEXT COLLATE "C" NOT NULL,
  document BYTEA NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, document, code)
);

CREATE TABLE rollup (
  tenant TEXT COLLATE "C" NOT NULL,
  fiscal_year BIGINT NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  municipality TEXT COLLATE "C" NOT NULL,
  association TEXT COLLATE "C" NOT NULL,
  measure TEXT COLLATE "C" NOT NULL,
  reported BIGINT NOT NULL,
  unreported BIGINT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY (tenant, fiscal_year, measure, municipality, association, month)
);
