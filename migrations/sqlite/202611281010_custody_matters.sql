-- All that one tablet sent of one record is one matter; the list of matters is made from this index alone.

CREATE INDEX custody_by_matter ON custody (tenant, document, device, decision, received_at);
