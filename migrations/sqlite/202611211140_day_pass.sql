-- Day passes: a phone or tablet that holds one session until a day has ended. The session stands in the column organisation.

ALTER TABLE device ADD COLUMN pass_ends_at INTEGER;

-- Codes of day passes that nobody has used yet. They are no sign-in codes.
CREATE TABLE pass_code (
  tenant TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  document BLOB NOT NULL,
  person TEXT NOT NULL,
  ends_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, code_hash)
) STRICT;
