-- Numbers of a tablet's disk that another has replaced: the one before the last, and the last one whose place was taken by
-- a number nobody here had heard of. Only a number that is known to be replaced is a copy's; others may be newer than a backup.

ALTER TABLE device ADD COLUMN disk_left BIGINT;
ALTER TABLE device ADD COLUMN disk_displaced BIGINT;
