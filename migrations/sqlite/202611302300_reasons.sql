-- Days far from when they were written are flagged: what follows from documents is made anew (`stale`). What came from tablets
-- and day passes after they had been ended is held for that reason.

UPDATE tenant SET stale = 1;
UPDATE custody SET code = CASE WHEN (SELECT d.pass_ends_at FROM device d WHERE d.tenant = custody.tenant
  AND d.device = custody.device) IS NULL THEN 'tablet_ended' ELSE 'pass_ended' END
  WHERE code = 'not_in_scope' AND EXISTS (SELECT 1 FROM device d WHERE d.tenant = custody.tenant
  AND d.device = custody.device AND d.revoked_at <= custody.received_at);
