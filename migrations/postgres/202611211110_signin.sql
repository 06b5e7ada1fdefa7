-- Signing in: what people show, and the sign-ins of the console. Everyone signs in anew after this step.
-- Like codes, what is found by something a caller shows (a token, a sign-in name, a passkey) is found without the tenant.

DROP TABLE login;

-- `login` names a sign-in to its owner; `proved_at` is when the person last showed who they are.
CREATE TABLE login (
  token_hash BYTEA NOT NULL PRIMARY KEY,
  login TEXT COLLATE "C" NOT NULL,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  method TEXT COLLATE "C" NOT NULL,
  peer TEXT COLLATE "C" NOT NULL,
  agent TEXT COLLATE "C" NOT NULL,
  began_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  proved_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE INDEX login_by_person ON login (tenant, person);

-- The name a person types, and the argon2 hash of their password.
CREATE TABLE account (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  password TEXT COLLATE "C" NOT NULL,
  set_at BIGINT NOT NULL,
  UNIQUE (tenant, person)
);

-- Public keys of passkeys, by credential id.
CREATE TABLE passkey (
  credential BYTEA NOT NULL PRIMARY KEY,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  added_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE INDEX passkey_by_person ON passkey (tenant, person);

-- Who a person is at the organisation's own provider.
CREATE TABLE identity (
  issuer TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  added_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);

CREATE INDEX identity_by_person ON identity (tenant, person);

-- Steps of a sign-in that wait for their second half; each is used once.
CREATE TABLE ceremony (
  secret_hash BYTEA NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL,
  tenant TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE INDEX ceremony_by_expiry ON ceremony (expires_at);
