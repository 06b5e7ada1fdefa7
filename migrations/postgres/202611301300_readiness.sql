-- One row, written to see whether the database takes what is written.
CREATE TABLE readiness (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
