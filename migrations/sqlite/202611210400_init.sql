-- Every key leads with the tenant (a prefecture's two digits). Times are ms since the Unix epoch, UTC; dates are ISO text.
-- '' and the fiscal year 0 stand for "not reported" in roll-up keys only; everywhere else not reported is NULL.

CREATE TABLE tenant (
  tenant TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  registry_version INTEGER NOT NULL
) STRICT;

-- Registry: edited online, read-only on tablets.

CREATE TABLE municipality (
  tenant TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  kana TEXT NOT NULL,
  medical_area TEXT NOT NULL,
  PRIMARY KEY (tenant, code)
) STRICT;

CREATE TABLE association (
  tenant TEXT NOT NULL,
  association TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant, association),
  UNIQUE (tenant, name)
) STRICT;

CREATE TABLE association_municipality (
  tenant TEXT NOT NULL,
  association TEXT NOT NULL,
  municipality TEXT NOT NULL,
  PRIMARY KEY (tenant, association, municipality)
) STRICT;

CREATE TABLE lecturer (
  tenant TEXT NOT NULL,
  lecturer TEXT NOT NULL,
  surname TEXT NOT NULL,
  given_name TEXT,
  title TEXT,
  affiliation TEXT,
  association TEXT,
  bank INTEGER NOT NULL,
  in_training INTEGER NOT NULL,
  PRIMARY KEY (tenant, lecturer)
) STRICT;

CREATE TABLE material (
  tenant TEXT NOT NULL,
  material TEXT NOT NULL,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant, material),
  UNIQUE (tenant, name)
) STRICT;

CREATE TABLE eligibility (
  tenant TEXT NOT NULL,
  material TEXT NOT NULL,
  eligibility TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant, material, eligibility)
) STRICT;

-- People, tablets, credentials. Only SHA-256 of a code or token is kept.

CREATE TABLE person (
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant, person)
) STRICT;

CREATE TABLE code (
  code_hash BLOB NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  scopes TEXT NOT NULL,
  uses_left INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE device (
  tenant TEXT NOT NULL,
  device BLOB NOT NULL,
  name TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  enrolled_at INTEGER NOT NULL,
  last_seen_at INTEGER,
  clock_offset_ms INTEGER,
  PRIMARY KEY (tenant, device)
) STRICT;

CREATE TABLE device_scope (
  tenant TEXT NOT NULL,
  device BLOB NOT NULL,
  scope TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant, device, scope)
) STRICT;

CREATE TABLE login (
  token_hash BLOB NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Sync: what is true, and where it stands in each scope's feed.

CREATE TABLE scope (
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL,
  epoch BLOB NOT NULL,
  seq INTEGER NOT NULL,
  document_count INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (tenant, scope)
) STRICT;

CREATE TABLE document (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  kind TEXT NOT NULL,
  -- '' when the device that first sent it had no scope
  home_scope TEXT NOT NULL,
  heads BLOB NOT NULL,
  snapshot BLOB NOT NULL,
  -- counts writes to this row and its projections; a writer that read an older one starts over
  revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, document)
) STRICT;

CREATE TABLE feed (
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL,
  document BLOB NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  contribution BLOB NOT NULL,
  PRIMARY KEY (tenant, scope, document)
) STRICT;

CREATE UNIQUE INDEX feed_by_seq ON feed (tenant, scope, seq);
CREATE INDEX feed_by_document ON feed (tenant, document);

CREATE TABLE custody (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  hash BLOB NOT NULL,
  kind TEXT NOT NULL,
  device BLOB NOT NULL,
  code TEXT NOT NULL,
  bytes BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, document, hash, device)
) STRICT;

-- Projections: written in the transaction that stores the change; rebuilt from documents at any time.

CREATE TABLE record_fact (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  kind TEXT NOT NULL,
  activity TEXT,
  fiscal_year INTEGER,
  month TEXT,
  date TEXT,
  start_time TEXT,
  municipality TEXT,
  association TEXT,
  dispatched_by TEXT,
  item TEXT,
  title TEXT,
  occasion TEXT,
  venue TEXT,
  medium TEXT,
  state TEXT NOT NULL,
  reason TEXT,
  is_dispatch INTEGER NOT NULL,
  attendance INTEGER,
  viewers INTEGER,
  conflict_count INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, document)
) STRICT;

CREATE INDEX record_fact_by_year ON record_fact (tenant, fiscal_year, municipality, date);

CREATE TABLE tally_fact (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  measure TEXT NOT NULL,
  value INTEGER,
  PRIMARY KEY (tenant, document, measure)
) STRICT;

CREATE TABLE record_lecturer (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  lecturer TEXT NOT NULL,
  attribution TEXT NOT NULL,
  PRIMARY KEY (tenant, document, lecturer)
) STRICT;

CREATE INDEX record_lecturer_by_lecturer ON record_lecturer (tenant, lecturer);

CREATE TABLE flag (
  tenant TEXT NOT NULL,
  document BLOB NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (tenant, document, code)
) STRICT;

CREATE TABLE rollup (
  tenant TEXT NOT NULL,
  fiscal_year INTEGER NOT NULL,
  month TEXT NOT NULL,
  municipality TEXT NOT NULL,
  association TEXT NOT NULL,
  measure TEXT NOT NULL,
  reported INTEGER NOT NULL,
  unreported INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (tenant, fiscal_year, measure, municipality, association, month)
) STRICT;
