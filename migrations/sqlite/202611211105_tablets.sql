-- The key of a tablet, and the end of its registration. A tablet without a key has to be enrolled again; what it has
-- recorded stays on it.

ALTER TABLE device ADD COLUMN key_thumbprint BLOB;
ALTER TABLE device ADD COLUMN revoked_at INTEGER;
ALTER TABLE device ADD COLUMN revoked_by TEXT;
-- The server's half of what opens a tablet again when every PIN of it is lost.
ALTER TABLE device ADD COLUMN recovery BLOB;

-- A code that gives that half to the tablet once.
CREATE TABLE pin_code (
  tenant TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  device BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, code_hash)
) STRICT;
