-- Since when, and until when, a lecturer is in the bank, as starting years of fiscal years. NULL: nobody noted it.

ALTER TABLE lecturer ADD COLUMN registered_in INTEGER;
ALTER TABLE lecturer ADD COLUMN left_in INTEGER;
