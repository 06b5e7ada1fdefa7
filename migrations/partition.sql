-- Splits the tables of a PostgreSQL database by prefecture. Run it once, after `tsudoi-server migrate`, while no server
-- runs: psql -1 -f migrations/partition.sql. What is there stays, in the default partitions; a partition of its own is
-- made for a prefecture before its first row, for example:
--   SELECT tsudoi_partition('11');
-- The tables found by the hash of a secret (code, login) and the list of tenants stay whole: they are small, and a
-- caller who shows a secret has not said yet which prefecture it is of.

ALTER TABLE device DROP CONSTRAINT device_token_hash_key;
CREATE INDEX device_by_token ON device (token_hash);

CREATE FUNCTION tsudoi_partitioned() RETURNS SETOF TEXT LANGUAGE SQL STABLE AS $$
  SELECT t.relname::TEXT FROM pg_class t
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary AND i.indnkeyatts > 1
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attname = 'tenant'
  WHERE t.relnamespace = current_schema()::REGNAMESPACE AND NOT t.relispartition ORDER BY t.relname
$$;

CREATE FUNCTION tsudoi_partition(prefecture TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  name TEXT;
BEGIN
  FOR name IN SELECT tsudoi_partitioned() LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%L)', name || '_' || prefecture, name, prefecture);
  END LOOP;
END
$$;

DO $$
DECLARE
  name TEXT;
BEGIN
  FOR name IN SELECT tsudoi_partitioned() LOOP
    EXECUTE format('ALTER TABLE %I RENAME TO %I', name, name || '_default');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY LIST (tenant)', name, name || '_default');
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', name, name || '_default');
  END LOOP;
END
$$;
