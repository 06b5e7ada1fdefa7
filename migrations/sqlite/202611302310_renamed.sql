-- Whether somebody's name has changed since it was first written down. Tablets keep names for records they hold, and hear of
-- changes by a number made from these names alone: who is new moves it for nobody.

ALTER TABLE person ADD COLUMN renamed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN renamed INTEGER NOT NULL DEFAULT 0;
