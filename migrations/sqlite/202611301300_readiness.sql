-- One row, written to see whether the database takes what is written.
CREATE TABLE readiness (
  id TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;
