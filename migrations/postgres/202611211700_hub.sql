-- 在宅医療連携拠点 are kept beside 郡市医師会: both have people, records and municipalities they cover.

ALTER TABLE association ADD COLUMN hub BIGINT NOT NULL DEFAULT 0;
