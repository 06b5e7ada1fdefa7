-- How names are read, in kana: lists of people and lecturers stand in this order. NULL: not stated.

ALTER TABLE person ADD COLUMN reading TEXT COLLATE "C";
ALTER TABLE lecturer ADD COLUMN reading TEXT COLLATE "C";
