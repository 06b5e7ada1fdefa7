-- What a tablet's disk said of itself last, and when two that go by its name were noticed. A disk takes a new number each
-- time it is opened; one that comes again after another has taken its place is a copy.

ALTER TABLE device ADD COLUMN disk INTEGER;
ALTER TABLE device ADD COLUMN copied_at INTEGER;
