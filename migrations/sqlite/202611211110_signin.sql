-- Signing in: what people show, and the sign-ins of the console. Everyone signs in anew after this step.
-- Like codes, what is found by something a caller shows (a token, a sign-in name, a passkey) is found without the tenant.

DROP TABLE login;

-- `login` names a sign-in to its owner; `proved_at` is when the person last showed who they are.
CREATE TABLE login (
  token_hash BLOB NOT NULL PRIMARY KEY,
  login TEXT NOT NULL,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation TEXT NOT NULL,
  method TEXT NOT NULL,
  peer TEXT NOT NULL,
  agent TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  proved_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX login_by_person ON login (tenant, person);

-- The name a person types, and the argon2 hash of their password.
CREATE TABLE account (
  name TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  password TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  UNIQUE (tenant, person)
) STRICT;

-- Public keys of passkeys, by credential id.
CREATE TABLE passkey (
  credential BLOB NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;

CREATE INDEX passkey_by_person ON passkey (tenant, person);

-- Who a person is at the organisation's own provider.
CREATE TABLE identity (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX identity_by_person ON identity (tenant, person);

-- Steps of a sign-in that wait for their second half; each is used once.
CREATE TABLE ceremony (
  secret_hash BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  data TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ceremony_by_expiry ON ceremony (expires_at);
