-- How many fiscal years things are kept, and what was destroyed when they were over. What has no row is kept for good.

CREATE TABLE retention (
  tenant TEXT NOT NULL,
  subject TEXT NOT NULL,
  years INTEGER NOT NULL,
  set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (tenant, subject)
) STRICT;

-- One row for each destruction that a person confirmed. While `finished_at` is not there it goes on, after a restart too;
-- `items` names what is to be destroyed, and afterwards what was, a line each; `hash` is the SHA-256 of that text.
CREATE TABLE destruction (
  tenant TEXT NOT NULL,
  destruction TEXT NOT NULL,
  subject TEXT NOT NULL,
  years INTEGER NOT NULL,
  fiscal_year INTEGER NOT NULL,
  reason TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  begun_by TEXT NOT NULL,
  finished_at INTEGER,
  item_count INTEGER NOT NULL,
  items TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant, destruction)
) STRICT;
