-- How many fiscal years things are kept, and what was destroyed when they were over. What has no row is kept for good.

CREATE TABLE retention (
  tenant TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  years BIGINT NOT NULL,
  set_at BIGINT NOT NULL,
  set_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, subject)
);

-- One row for each destruction that a person confirmed. While `finished_at` is not there it goes on, after a restart too;
-- `items` names what is to be destroyed, and afterwards what was, a line each; `hash` is the SHA-256 of that text.
CREATE TABLE destruction (
  tenant TEXT COLLATE "C" NOT NULL,
  destruction TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  years BIGINT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  begun_at BIGINT NOT NULL,
  begun_by TEXT COLLATE "C" NOT NULL,
  finished_at BIGINT,
  item_count BIGINT NOT NULL,
  items TEXT COLLATE "C" NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (tenant, destruction)
);
