-- Day passes: a phone or tablet that holds one session until a day has ended. The session stands in the column organisation.

ALTER TABLE device ADD COLUMN pass_ends_at BIGINT;

-- Codes of day passes that nobody has used yet. They are no sign-in codes.
CREATE TABLE pass_code (
  tenant TEXT COLLATE "C" NOT NULL,
  code_hash BYTEA NOT NULL,
  document BYTEA NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  ends_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, code_hash)
);
