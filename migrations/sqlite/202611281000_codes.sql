-- What a code is good for: 'tablet' registers tablets, 'sign_in' signs in and proves, 'any' (the command line's) does both.
-- A code that names a device registers that known tablet anew, and no other.

ALTER TABLE code ADD COLUMN purpose TEXT NOT NULL DEFAULT 'any';
ALTER TABLE code ADD COLUMN device BLOB;

-- A code for a lost PIN is one person's. Those under way are good for ten minutes and are made anew.
DROP TABLE pin_code;
CREATE TABLE pin_code (
  tenant TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  device BLOB NOT NULL,
  person TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, code_hash)
) STRICT;
