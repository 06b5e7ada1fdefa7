-- The key of a tablet, and the end of its registration. A tablet without a key has to be enrolled again; what it has
-- recorded stays on it.

ALTER TABLE device ADD COLUMN key_thumbprint BYTEA;
ALTER TABLE device ADD COLUMN revoked_at BIGINT;
ALTER TABLE device ADD COLUMN revoked_by TEXT COLLATE "C";
-- The server's half of what opens a tablet again when every PIN of it is lost.
ALTER TABLE device ADD COLUMN recovery BYTEA;

-- A code that gives that half to the tablet once.
CREATE TABLE pin_code (
  tenant TEXT COLLATE "C" NOT NULL,
  code_hash BYTEA NOT NULL,
  device BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, code_hash)
);
