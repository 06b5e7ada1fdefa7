//! SQL of single statements, the same text for both dialects.
//!
//! Sums and lengths are cast, because the two databases give them different types.

macro_rules! statements {
    ($($name:ident = $text:literal;)*) => {
        $(pub(crate) const $name: &str = $text;)*
        /// Every statement above, for the test that prepares them all.
        pub(crate) const ALL: &[&str] = &[$($name),*];
    };
}

statements! {
    LOOKUP_LOGIN = "SELECT l.tenant, l.person, l.role, l.organisation, l.login, l.seen_at, l.proved_at FROM login l \
     WHERE l.token_hash = $1 AND l.expires_at > $2 AND l.seen_at >= $3 AND EXISTS (SELECT 1 FROM membership m \
     JOIN person p ON p.tenant = m.tenant AND p.person = m.person AND p.disabled_at IS NULL WHERE m.tenant = l.tenant \
     AND m.person = l.person AND m.role = l.role AND m.organisation = l.organisation)";
    LOOKUP_CODE = "SELECT tenant, person, role, organisation, scopes, uses_left, expires_at, purpose, device FROM code \
     WHERE code_hash = $1 AND uses_left > 0 AND expires_at > $2 AND purpose IN ('any', $3) AND NOT EXISTS (SELECT 1 FROM person p \
     WHERE p.tenant = code.tenant AND p.person = code.person AND p.disabled_at IS NOT NULL)";
    TAKE_CODE = "UPDATE code SET uses_left = uses_left - 1 WHERE code_hash = $1 AND uses_left > 0 AND expires_at > $2 \
     AND purpose IN ('any', $3) AND NOT EXISTS (SELECT 1 FROM person p \
     WHERE p.tenant = code.tenant AND p.person = code.person AND p.disabled_at IS NOT NULL) \
     RETURNING tenant, person, role, organisation, scopes, uses_left, expires_at, purpose, device";
    UPSERT_CODE = "INSERT INTO code (code_hash, tenant, person, role, organisation, scopes, uses_left, expires_at, \
     purpose, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (code_hash) DO UPDATE SET \
     tenant = excluded.tenant, person = excluded.person, role = excluded.role, organisation = excluded.organisation, \
     scopes = excluded.scopes, uses_left = excluded.uses_left, expires_at = excluded.expires_at, \
     purpose = excluded.purpose, device = excluded.device";
    UPSERT_PERSON = "INSERT INTO person (tenant, person, name) VALUES ($1, $2, $3) \
     ON CONFLICT (tenant, person) DO UPDATE SET name = excluded.name, renamed = 1 \
     WHERE person.name <> excluded.name";
    INSERT_MEMBERSHIP = "INSERT INTO membership (tenant, person, role, organisation) VALUES ($1, $2, $3, $4) \
     ON CONFLICT DO NOTHING";
    INSERT_PERSON = "INSERT INTO person (tenant, person, name, reading) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    RENAME_PERSON = "UPDATE person SET name = $3, reading = $4, renamed = CASE WHEN name = $3 THEN renamed ELSE 1 END \
     WHERE tenant = $1 AND person = $2";
    LIST_PERSONS = "SELECT person, name, reading, disabled_at, signed_in_at FROM person WHERE tenant = $1 \
     ORDER BY COALESCE(reading, name), name, person";
    LOOKUP_PERSON = "SELECT person, name, reading, disabled_at, signed_in_at FROM person WHERE tenant = $1 AND person = $2";
    LIST_MEMBERSHIPS = "SELECT person, role, organisation FROM membership WHERE tenant = $1 \
     ORDER BY person, role, organisation";
    LOOKUP_MEMBERSHIPS = "SELECT role, organisation FROM membership WHERE tenant = $1 AND person = $2 \
     ORDER BY role, organisation";
    DELETE_MEMBERSHIP = "DELETE FROM membership WHERE tenant = $1 AND person = $2 AND role = $3 AND organisation = $4";
    DELETE_CODES_OF_ROLE = "DELETE FROM code WHERE tenant = $1 AND person = $2 AND role = $3 AND organisation = $4";
    DELETE_LOGINS_OF_ROLE = "DELETE FROM login WHERE tenant = $1 AND person = $2 AND role = $3 AND organisation = $4";
    DELETE_LOGINS_OF_PERSON = "DELETE FROM login WHERE tenant = $1 AND person = $2";
    SET_DISABLED = "UPDATE person SET disabled_at = $3 WHERE tenant = $1 AND person = $2";
    NOTE_SIGNED_IN = "UPDATE person SET signed_in_at = $3 WHERE tenant = $1 AND person = $2";
    SWITCH_ROLE = "UPDATE login SET role = $2, organisation = $3 WHERE token_hash = $1 AND EXISTS \
     (SELECT 1 FROM membership m WHERE m.tenant = login.tenant AND m.person = login.person AND m.role = $2 \
     AND m.organisation = $3)";
    UNCOVER = "DELETE FROM association_municipality WHERE tenant = $1 AND association = $2 AND municipality = $3";
    DEVICE_OWNER = "SELECT organisation, key_thumbprint FROM device WHERE tenant = $1 AND device = $2";
    UPSERT_DEVICE = "INSERT INTO device (tenant, device, name, person, role, organisation, token_hash, enrolled_at, \
     key_thumbprint) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant, device) DO UPDATE SET \
     name = excluded.name, renamed = CASE WHEN device.name = excluded.name THEN device.renamed ELSE 1 END, \
     person = excluded.person, role = excluded.role, token_hash = excluded.token_hash, \
     enrolled_at = excluded.enrolled_at, key_thumbprint = excluded.key_thumbprint, revoked_at = NULL, revoked_by = NULL, \
     disk = NULL, disk_left = NULL, disk_displaced = NULL, copied_at = NULL";
    CLEAR_DEVICE_SCOPES = "DELETE FROM device_scope WHERE tenant = $1 AND device = $2";
    INSERT_DEVICE_SCOPE = "INSERT INTO device_scope (tenant, device, scope, position) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    DELETE_LOGIN = "DELETE FROM login WHERE token_hash = $1";
    NOTE_SEEN = "UPDATE device SET last_seen_at = $3, clock_offset_ms = $4 WHERE tenant = $1 AND device = $2";
    NOTE_DISK = "UPDATE device SET disk = $4, copied_at = CASE WHEN disk = $4 OR disk = $3 THEN copied_at \
     WHEN $3 = disk_left OR $4 = disk_left OR $3 = disk_displaced OR $4 = disk_displaced THEN COALESCE(copied_at, $5) \
     ELSE copied_at END, disk_left = CASE WHEN disk = $4 THEN disk_left ELSE disk END, \
     disk_displaced = CASE WHEN disk IS NULL OR disk = $4 OR disk = $3 THEN disk_displaced ELSE disk END \
     WHERE tenant = $1 AND device = $2 RETURNING copied_at";
    LIST_TABLETS = "SELECT d.device, d.name, d.person, p.name AS person_name, d.role, d.organisation, d.enrolled_at, \
     d.last_seen_at, d.clock_offset_ms, d.revoked_at, d.pass_ends_at, d.copied_at, \
     CAST(CASE WHEN d.pass_ends_at IS NOT NULL OR EXISTS (SELECT 1 FROM membership m WHERE m.tenant = d.tenant \
     AND m.person = d.person AND m.role = d.role AND m.organisation = d.organisation AND p.disabled_at IS NULL) \
     THEN 1 ELSE 0 END AS BIGINT) AS held_in_force, \
     CAST(CASE WHEN d.recovery IS NULL THEN 0 ELSE 1 END AS BIGINT) AS recoverable, \
     (SELECT COUNT(*) FROM custody c WHERE c.tenant = d.tenant AND c.device = d.device AND c.decision IS NULL) AS held \
     FROM device d LEFT JOIN person p ON p.tenant = d.tenant AND p.person = d.person \
     WHERE d.tenant = $1 AND d.name <> '' ORDER BY d.name, d.device";
    LIST_HOLDERS = "SELECT m.person, p.name, m.role, m.organisation FROM membership m \
     JOIN person p ON p.tenant = m.tenant AND p.person = m.person AND p.disabled_at IS NULL \
     WHERE m.tenant = $1 ORDER BY p.name, m.person, m.role, m.organisation";
    REVOKE_DEVICE = "UPDATE device SET revoked_at = $3, revoked_by = $4 \
     WHERE tenant = $1 AND device = $2 AND revoked_at IS NULL";
    LIST_HOME_DOCUMENTS = "SELECT f.document FROM device_scope s \
     JOIN feed f ON f.tenant = s.tenant AND f.scope = s.scope AND f.state = 0 \
     WHERE s.tenant = $1 AND s.device = $2 AND s.position = 0 ORDER BY f.seq DESC LIMIT $3";
    KEEP_RECOVERY = "UPDATE device SET recovery = $3 WHERE tenant = $1 AND device = $2";
    LOOKUP_RECOVERY = "SELECT recovery FROM device WHERE tenant = $1 AND device = $2 AND key_thumbprint = $3 \
     AND revoked_at IS NULL AND recovery IS NOT NULL";
    INSERT_PIN_CODE = "INSERT INTO pin_code (tenant, code_hash, device, person, expires_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";
    TAKE_PIN_CODE = "DELETE FROM pin_code WHERE code_hash = $1 AND device = $2 AND expires_at > $3 \
     RETURNING tenant, person";
    INSERT_PASS_CODE = "INSERT INTO pass_code (tenant, code_hash, document, person, ends_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    DELETE_OLD_PASS_CODES = "DELETE FROM pass_code WHERE tenant = $1 AND expires_at <= $2";
    LOOKUP_PASS_CODE = "SELECT c.tenant, c.document, c.person, p.name, c.ends_at, c.expires_at FROM pass_code c \
     JOIN person p ON p.tenant = c.tenant AND p.person = c.person AND p.disabled_at IS NULL \
     WHERE c.code_hash = $1 AND c.expires_at > $2";
    TAKE_PASS_CODE = "DELETE FROM pass_code WHERE code_hash = $1 AND expires_at > $2 RETURNING tenant, document, person, \
     ends_at";
    INSERT_VISITOR = "INSERT INTO device (tenant, device, name, person, role, organisation, token_hash, enrolled_at, \
     key_thumbprint, pass_ends_at) VALUES ($1, $2, $3, $4, 'visitor', $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    HOLD_DOCUMENT = "UPDATE document SET revision = revision + 1 WHERE tenant = $1 AND document = $2 \
     AND revision < 4611686018427387904 RETURNING heads";
    OTHER_PASS = "SELECT 1 FROM device_scope s JOIN device d ON d.tenant = s.tenant AND d.device = s.device \
     WHERE s.tenant = $1 AND d.organisation = $2 AND s.scope = $3 LIMIT 1";
    LIST_ENDED_PASSES = "SELECT DISTINCT d.tenant, d.device, d.organisation FROM device d \
     JOIN device_scope s ON s.tenant = d.tenant AND s.device = d.device WHERE d.pass_ends_at <= $1";
    LOOKUP_NAMES = "SELECT t.name AS tenant_name, p.name AS person_name FROM tenant t \
     LEFT JOIN person p ON p.tenant = t.tenant AND p.person = $2 WHERE t.tenant = $1";

    UPSERT_TENANT = "INSERT INTO tenant (tenant, name, registry_version) VALUES ($1, $2, 1) \
     ON CONFLICT (tenant) DO UPDATE SET name = excluded.name WHERE tenant.name <> excluded.name";
    UPSERT_MUNICIPALITY = "INSERT INTO municipality (tenant, code, name, kana, medical_area) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, code) DO UPDATE SET name = excluded.name, kana = excluded.kana, \
     medical_area = excluded.medical_area WHERE municipality.name <> excluded.name \
     OR municipality.kana <> excluded.kana OR municipality.medical_area <> excluded.medical_area";
    UPSERT_ASSOCIATION = "INSERT INTO association (tenant, association, name, hub) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (tenant, association) DO UPDATE SET name = excluded.name WHERE association.name <> excluded.name";
    LIST_COVERED = "SELECT municipality FROM association_municipality WHERE tenant = $1 AND association = $2 \
     ORDER BY municipality";
    DROP_HUB_SCOPE = "DELETE FROM device_scope WHERE tenant = $1 AND scope = $3 AND device IN (SELECT d.device \
     FROM device d JOIN association a ON a.tenant = d.tenant AND a.association = d.organisation AND a.hub = 1 \
     WHERE d.tenant = $1 AND d.organisation = $2)";
    ADD_HUB_SCOPE = "INSERT INTO device_scope (tenant, device, scope, position) SELECT d.tenant, d.device, $3, \
     COALESCE((SELECT MAX(s.position) + 1 FROM device_scope s WHERE s.tenant = d.tenant AND s.device = d.device), 0) \
     FROM device d JOIN association a ON a.tenant = d.tenant AND a.association = d.organisation AND a.hub = 1 \
     WHERE d.tenant = $1 AND d.organisation = $2 AND d.revoked_at IS NULL ON CONFLICT DO NOTHING";
    RENAME_ASSOCIATION = "UPDATE association SET name = $3 WHERE tenant = $1 AND association = $2";
    INSERT_ASSOCIATION_MUNICIPALITY = "INSERT INTO association_municipality \
     (tenant, association, municipality) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    UPSERT_LECTURER = "INSERT INTO lecturer \
     (tenant, lecturer, surname, given_name, title, affiliation, association, bank, in_training, registered_in, left_in, reading) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (tenant, lecturer) DO UPDATE SET \
     title = excluded.title, affiliation = excluded.affiliation, bank = excluded.bank, \
     in_training = excluded.in_training, registered_in = excluded.registered_in, left_in = excluded.left_in, \
     reading = COALESCE(excluded.reading, lecturer.reading) \
     WHERE lecturer.title IS DISTINCT FROM excluded.title \
     OR lecturer.affiliation IS DISTINCT FROM excluded.affiliation OR lecturer.bank <> excluded.bank \
     OR lecturer.in_training <> excluded.in_training \
     OR excluded.registered_in IS DISTINCT FROM lecturer.registered_in \
     OR excluded.left_in IS DISTINCT FROM lecturer.left_in \
     OR lecturer.reading IS DISTINCT FROM COALESCE(excluded.reading, lecturer.reading)";
    UPSERT_MATERIAL = "INSERT INTO material (tenant, material, name, unit, position) \
     VALUES ($1, $2, $3, $4, (SELECT COUNT(*) FROM material WHERE tenant = $1)) \
     ON CONFLICT (tenant, material) DO UPDATE SET name = excluded.name, unit = excluded.unit \
     WHERE material.name <> excluded.name OR material.unit <> excluded.unit";
    INSERT_ELIGIBILITY = "INSERT INTO eligibility (tenant, material, eligibility, name, position) \
     VALUES ($1, $2, $3, $4, (SELECT COUNT(*) FROM eligibility WHERE tenant = $1 AND material = $2)) \
     ON CONFLICT DO NOTHING";
    HOLD_REGISTRY = "UPDATE tenant SET registry_version = registry_version WHERE tenant = $1";
    BUMP_REGISTRY = "UPDATE tenant SET registry_version = registry_version + 1 WHERE tenant = $1";
    LOOKUP_TENANT = "SELECT name, registry_version FROM tenant WHERE tenant = $1";
    LIST_TENANTS = "SELECT tenant FROM tenant ORDER BY tenant";
    LIST_STALE_TENANTS = "SELECT tenant FROM tenant WHERE stale = 1 ORDER BY tenant";
    CLEAR_STALE = "UPDATE tenant SET stale = 0 WHERE tenant = $1";
    LIST_MUNICIPALITIES = "SELECT code, name, kana, medical_area FROM municipality WHERE tenant = $1 ORDER BY code";
    LIST_ASSOCIATIONS = "SELECT association, name, hub FROM association WHERE tenant = $1 ORDER BY association";
    LIST_ASSOCIATION_MUNICIPALITIES = "SELECT association, municipality FROM association_municipality \
     WHERE tenant = $1 ORDER BY association, municipality";
    LIST_LECTURERS = "SELECT lecturer, surname, given_name, title, affiliation, association, bank, \
     in_training, registered_in, left_in, reading FROM lecturer WHERE tenant = $1 ORDER BY lecturer";
    LIST_MATERIALS = "SELECT material, name, unit FROM material WHERE tenant = $1 ORDER BY position, material";
    LIST_ELIGIBILITIES = "SELECT material, eligibility, name FROM eligibility WHERE tenant = $1 ORDER BY material, position, eligibility";
    LIST_PEOPLE = "SELECT person, name, renamed FROM person WHERE tenant = $1 ORDER BY person";
    LIST_DEVICES = "SELECT device, name, renamed FROM device WHERE tenant = $1 AND (name <> '' OR renamed = 1) \
     ORDER BY device";

    LIST_SCOPES = "SELECT scope, epoch, seq, document_count, digest FROM scope WHERE tenant = $1 ORDER BY scope";
    PAGE_UP = "SELECT f.document, f.seq, f.state, d.heads, CAST(LENGTH(d.snapshot) AS BIGINT) AS size, \
     CASE WHEN LENGTH(d.snapshot) <= 16384 THEN d.snapshot END AS snapshot FROM feed f \
     LEFT JOIN document d ON d.tenant = f.tenant AND d.document = f.document AND f.state = 0 \
     WHERE f.tenant = $1 AND f.scope = $2 AND f.seq > $3 ORDER BY f.seq LIMIT $4";
    NEWS = "SELECT c.scope, c.epoch, c.seq AS scope_seq, c.document_count, c.digest, \
     (SELECT t.registry_version FROM tenant t WHERE t.tenant = c.tenant) AS registry_version, \
     (SELECT MIN(x.found_at) FROM damaged x WHERE x.tenant = c.tenant) AS damage, \
     f.document, f.seq, f.state, d.heads, CAST(LENGTH(d.snapshot) AS BIGINT) AS size, \
     CASE WHEN LENGTH(d.snapshot) <= 16384 THEN d.snapshot END AS snapshot FROM scope c \
     LEFT JOIN feed f ON f.tenant = c.tenant AND f.scope = c.scope AND f.seq > $3 \
     LEFT JOIN document d ON d.tenant = f.tenant AND d.document = f.document AND f.state = 0 \
     WHERE c.tenant = $1 AND c.scope = $2 ORDER BY f.seq LIMIT $4";
    PAGE_DOWN = "SELECT f.document, f.seq, f.state, d.heads, CAST(LENGTH(d.snapshot) AS BIGINT) AS size, \
     CASE WHEN LENGTH(d.snapshot) <= 16384 THEN d.snapshot END AS snapshot FROM feed f \
     LEFT JOIN document d ON d.tenant = f.tenant AND d.document = f.document AND f.state = 0 \
     WHERE f.tenant = $1 AND f.scope = $2 AND f.seq < $3 ORDER BY f.seq DESC LIMIT $4";
    PART_OF_DOCUMENT = "SELECT heads, CAST(LENGTH(snapshot) AS BIGINT) AS size, \
     SUBSTR(snapshot, CAST($3 AS INTEGER), CAST($4 AS INTEGER)) AS part FROM document WHERE tenant = $1 AND document = $2";
    LIST_FEED_OF_SCOPE = "SELECT state, contribution FROM feed WHERE tenant = $1 AND scope = $2";
    BUMP_REVISION = "UPDATE document SET revision = revision + 1 WHERE tenant = $1";
    RELEASE_CUSTODY = "DELETE FROM custody WHERE tenant = $1 AND document = $2 AND hash = $3 AND decision IS NULL";
    WITHDRAW_CUSTODY = "DELETE FROM custody WHERE tenant = $1 AND document = $2 AND hash = $3 AND device = $4 \
     AND decision IS NULL";
    LIST_ROLLUPS = "SELECT fiscal_year, month, municipality, association, holder, measure, reported, unreported, \
     total FROM rollup WHERE tenant = $1 AND (reported <> 0 OR unreported <> 0 OR total <> 0)";

    YEARS = "WITH RECURSIVE y (v) AS (SELECT MIN(fiscal_year) FROM rollup WHERE tenant = $1 \
     UNION ALL SELECT (SELECT MIN(fiscal_year) FROM rollup WHERE tenant = $1 AND fiscal_year > y.v) \
     FROM y WHERE y.v IS NOT NULL) SELECT v FROM y WHERE v > 0 AND (SELECT 1 FROM rollup WHERE tenant = $1 \
     AND fiscal_year = v AND reported + unreported > 0 AND ($2 = '' OR municipality = $2) AND ($3 = '' OR association = $3 OR holder = $3) LIMIT 1) \
     = 1 ORDER BY v";
    FIGURES = "SELECT measure, municipality, association, CAST(SUM(reported) AS BIGINT) AS reported, \
     CAST(SUM(unreported) AS BIGINT) AS unreported, CAST(SUM(total) AS BIGINT) AS total FROM rollup WHERE tenant = $1 AND fiscal_year = $2 \
     AND (measure = $3 OR (measure >= $3 || '.' AND measure < $3 || '/')) GROUP BY measure, municipality, association \
     ORDER BY measure, municipality, association";
    FIGURES_AT_MUNICIPALITY = "SELECT fiscal_year, measure, municipality, association, holder, month, reported, unreported, total \
     FROM rollup WHERE tenant = $1 AND municipality = $2 AND fiscal_year = $3";
    FIGURES_AT_ASSOCIATION = "SELECT fiscal_year, measure, municipality, association, holder, month, reported, unreported, \
     total FROM rollup WHERE tenant = $1 AND association = $2 AND fiscal_year = $3 \
     UNION ALL SELECT fiscal_year, measure, municipality, association, holder, month, reported, unreported, total \
     FROM rollup WHERE tenant = $1 AND holder = $2 AND holder <> '' AND fiscal_year = $3";
    SILENT = "SELECT device, name, last_seen_at FROM device WHERE tenant = $1 AND pass_ends_at IS NULL \
     AND revoked_at IS NULL AND name <> '' AND COALESCE(last_seen_at, enrolled_at) < $2 AND ($3 = '' OR organisation = $3) \
     ORDER BY COALESCE(last_seen_at, 0), name";

    INSERT_LOGIN = "INSERT INTO login (token_hash, login, tenant, person, role, organisation, method, peer, agent, \
     began_at, seen_at, proved_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, $11)";
    DELETE_EXPIRED_LOGINS = "DELETE FROM login WHERE expires_at < $1";
    NOTE_LOGIN_SEEN = "UPDATE login SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2";
    PROVE_LOGIN = "UPDATE login SET token_hash = $2, proved_at = $3, seen_at = $3 WHERE token_hash = $1";
    LIST_LOGINS = "SELECT login, method, peer, agent, began_at, seen_at FROM login \
     WHERE tenant = $1 AND person = $2 AND expires_at > $3 ORDER BY seen_at DESC, login";
    END_LOGIN = "DELETE FROM login WHERE tenant = $1 AND person = $2 AND login = $3";
    END_LOGINS = "DELETE FROM login WHERE tenant = $1 AND person = $2 AND login <> $3";
    LIST_ROLES_IN_USE = "SELECT m.role, m.organisation FROM membership m JOIN person p ON p.tenant = m.tenant \
     AND p.person = m.person AND p.disabled_at IS NULL WHERE m.tenant = $1 AND m.person = $2 \
     ORDER BY m.role, m.organisation";
    LOOKUP_ACCOUNT = "SELECT name, tenant, person, password, set_at FROM account WHERE name = $1";
    ACCOUNT_OF = "SELECT name, tenant, person, password, set_at FROM account WHERE tenant = $1 AND person = $2";
    DELETE_ACCOUNT = "DELETE FROM account WHERE tenant = $1 AND person = $2";
    INSERT_ACCOUNT = "INSERT INTO account (name, tenant, person, password, set_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";
    INSERT_PASSKEY = "INSERT INTO passkey (credential, tenant, person, name, data, added_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    LOOKUP_PASSKEY = "SELECT credential, tenant, person, name, data, added_at, used_at FROM passkey WHERE credential = $1";
    LIST_PASSKEYS = "SELECT credential, tenant, person, name, data, added_at, used_at FROM passkey \
     WHERE tenant = $1 AND person = $2 ORDER BY added_at, credential";
    NOTE_PASSKEY_USED = "UPDATE passkey SET data = $2, used_at = $3 WHERE credential = $1";
    DELETE_PASSKEY = "DELETE FROM passkey WHERE tenant = $1 AND person = $2 AND credential = $3";
    LOOKUP_IDENTITY = "SELECT issuer, subject, tenant, person, added_at FROM identity WHERE issuer = $1 AND subject = $2";
    INSERT_IDENTITY = "INSERT INTO identity (issuer, subject, tenant, person, added_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";
    LIST_IDENTITIES = "SELECT issuer, subject, tenant, person, added_at FROM identity \
     WHERE tenant = $1 AND person = $2 ORDER BY issuer, subject";
    DELETE_IDENTITY = "DELETE FROM identity WHERE tenant = $1 AND person = $2 AND issuer = $3";
    INSERT_CEREMONY = "INSERT INTO ceremony (secret_hash, kind, tenant, person, data, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
    TAKE_CEREMONY = "DELETE FROM ceremony WHERE secret_hash = $1 AND kind = $2 \
     RETURNING kind, tenant, person, data, expires_at";
    DELETE_OLD_CEREMONIES = "DELETE FROM ceremony WHERE expires_at <= $1";

    NOTE_READY = "INSERT INTO readiness (id, at) VALUES ('the only one', $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at";
    CLEAR_RECORD_FACT = "DELETE FROM record_fact WHERE tenant = $1 AND NOT EXISTS (SELECT 1 FROM document d \
     WHERE d.tenant = record_fact.tenant AND d.document = record_fact.document)";
    CLEAR_TALLY_FACT = "DELETE FROM tally_fact WHERE tenant = $1 AND NOT EXISTS (SELECT 1 FROM document d \
     WHERE d.tenant = tally_fact.tenant AND d.document = tally_fact.document)";
    CLEAR_RECORD_LECTURER = "DELETE FROM record_lecturer WHERE tenant = $1 AND NOT EXISTS (SELECT 1 FROM document d \
     WHERE d.tenant = record_lecturer.tenant AND d.document = record_lecturer.document)";
    CLEAR_FLAG = "DELETE FROM flag WHERE tenant = $1 AND NOT EXISTS (SELECT 1 FROM document d \
     WHERE d.tenant = flag.tenant AND d.document = flag.document AND d.revision < 4611686018427387904)";
    CLEAR_ROLLUP = "DELETE FROM rollup WHERE tenant = $1";

    EMPTY_DOCUMENT = "UPDATE document SET heads = $5, snapshot = $5, revision = $4 \
     WHERE tenant = $1 AND document = $2 AND revision = $3";
    INSERT_EMPTY_DOCUMENT = "INSERT INTO document (tenant, document, kind, home_scope, heads, snapshot, revision, \
     updated_at) VALUES ($1, $2, '', '', $5, $5, $3, $4) ON CONFLICT DO NOTHING";
    INSERT_LOST_DOCUMENT = "INSERT INTO document (tenant, document, kind, home_scope, heads, snapshot, revision, \
     updated_at) VALUES ($1, $2, \
     COALESCE((SELECT r.kind FROM record_fact r WHERE r.tenant = $1 AND r.document = $2), 'session'), \
     COALESCE((SELECT MIN(f.scope) FROM feed f WHERE f.tenant = $1 AND f.document = $2 AND f.state = 0), ''), \
     $4, $4, 1, $3) ON CONFLICT DO NOTHING";
    RETIRE_FACTS = "UPDATE record_fact SET title = NULL, venue = NULL, \
     occasion = CASE WHEN occasion IN ('通いの場', '民生委員研修会', '特定健診') THEN occasion END, \
     medium = CASE WHEN medium IS NOT NULL THEN '' END, item = CASE WHEN LENGTH(item) = 1 THEN item END \
     WHERE tenant = $1 AND document = $2";
    RETIRE_FLAGS = "DELETE FROM flag WHERE tenant = $1 AND document = $2";
    KNOWS = "SELECT 1 FROM document WHERE tenant = $1 AND document = $2 \
     UNION ALL SELECT 1 FROM custody WHERE tenant = $1 AND document = $2 LIMIT 1";
    INSERT_PURGED = "INSERT INTO purged (tenant, document, purged_at, purged_by, reason) VALUES ($1, $2, $3, $4, $5)";

    INSERT_CLOSING = "INSERT INTO closing (tenant, month, fiscal_year, closed_at, closed_by) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    COPY_ROLLUPS = "INSERT INTO closed_rollup (tenant, month, fiscal_year, measure, municipality, association, reported, \
     unreported, total) SELECT tenant, month, fiscal_year, measure, municipality, association, \
     CAST(SUM(reported) AS BIGINT), CAST(SUM(unreported) AS BIGINT), CAST(SUM(total) AS BIGINT) \
     FROM rollup WHERE tenant = $1 AND month = $2 AND fiscal_year = $3 \
     GROUP BY tenant, month, fiscal_year, measure, municipality, association";
    LIST_CLOSINGS = "SELECT c.month, c.fiscal_year, c.closed_at, c.closed_by, COALESCE(p.name, '') AS closed_by_name \
     FROM closing c LEFT JOIN person p ON p.tenant = c.tenant AND p.person = c.closed_by \
     WHERE c.tenant = $1 AND ($2 = -1 OR c.fiscal_year = $2) ORDER BY c.month";
    CLEAR_LATE_FIGURES = "DELETE FROM late_figure WHERE tenant = $1";
    ALL_LATE_FIGURES = "INSERT INTO late_figure (tenant, month, measure, municipality, association) \
     SELECT k.tenant, k.month, k.measure, k.municipality, k.association FROM closed_rollup k LEFT JOIN rollup r \
     ON r.tenant = k.tenant AND r.fiscal_year = k.fiscal_year AND r.measure = k.measure AND r.municipality = k.municipality \
     AND r.association = k.association AND r.month = k.month WHERE k.tenant = $1 \
     GROUP BY k.tenant, k.month, k.measure, k.municipality, k.association, k.reported, k.unreported, k.total \
     HAVING COALESCE(SUM(r.reported), 0) <> k.reported OR COALESCE(SUM(r.unreported), 0) <> k.unreported \
     OR COALESCE(SUM(r.total), 0) <> k.total \
     UNION SELECT r.tenant, r.month, r.measure, r.municipality, r.association FROM closing c JOIN rollup r \
     ON r.tenant = c.tenant AND r.month = c.month AND r.fiscal_year = c.fiscal_year LEFT JOIN closed_rollup k \
     ON k.tenant = r.tenant AND k.month = r.month AND k.measure = r.measure AND k.municipality = r.municipality \
     AND k.association = r.association WHERE c.tenant = $1 AND k.month IS NULL";
    FORGET_CONTRIBUTION = "UPDATE late_record SET contribution = '' WHERE tenant = $1 AND document = $2 \
     AND contribution IS NOT NULL";

    DECIDE_CUSTODY = "UPDATE custody SET decision = $5, decided_at = $6, decided_by = $7, decision_reason = $8 \
     WHERE tenant = $1 AND document = $2 AND hash = $3 AND device = $4 AND decision IS NULL";
    SETTLE_CUSTODY = "UPDATE custody SET decision = $4, decided_at = $5, decided_by = $6, decision_reason = $7 \
     WHERE tenant = $1 AND document = $2 AND hash = $3 AND decision IS NULL";
    HOME_OF_DEVICE = "SELECT d.organisation, CAST(CASE WHEN d.pass_ends_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS is_pass, \
     s.scope FROM device d LEFT JOIN device_scope s ON s.tenant = d.tenant AND s.device = d.device AND s.position = 0 \
     WHERE d.tenant = $1 AND d.device = $2";
    HOME_OF_DOCUMENT = "SELECT home_scope FROM document WHERE tenant = $1 AND document = $2";
    LOAD_HELD = "SELECT hash, kind, code, bytes, received_at, decision, decided_at, decided_by, decision_reason, \
     NULL AS decided_by_name FROM custody WHERE tenant = $1 AND document = $2 AND hash = $3 AND device = $4";
    LOAD_CUSTODY = "SELECT c.hash, c.kind, c.code, c.bytes, c.received_at, c.decision, c.decided_at, c.decided_by, \
     c.decision_reason, p.name AS decided_by_name FROM custody c \
     LEFT JOIN person p ON p.tenant = c.tenant AND p.person = c.decided_by \
     WHERE c.tenant = $1 AND c.document = $2 AND c.device = $3 \
     ORDER BY CASE WHEN c.decision IS NULL THEN 0 ELSE 1 END, c.received_at, c.hash";

    INSERT_JOURNAL_HEAD = "INSERT INTO journal_head (tenant, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING";
    HOLD_JOURNAL_HEAD = "UPDATE journal_head SET seq = seq WHERE tenant = $1 RETURNING seq, hash";
    MOVE_JOURNAL_HEAD = "UPDATE journal_head SET seq = $2, hash = $3 WHERE tenant = $1";
    LOOKUP_JOURNAL_HEAD = "SELECT seq, hash FROM journal_head WHERE tenant = $1";

    LIST_RETENTION = "SELECT subject, years, set_at, set_by FROM retention WHERE tenant = $1 ORDER BY subject";
    UPSERT_RETENTION = "INSERT INTO retention (tenant, subject, years, set_at, set_by) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (tenant, subject) DO UPDATE SET years = excluded.years, set_at = excluded.set_at, \
     set_by = excluded.set_by";
    DELETE_RETENTION = "DELETE FROM retention WHERE tenant = $1 AND subject = $2";
    DUE_RECORDS = "SELECT r.document, r.fiscal_year FROM record_fact r JOIN document d ON d.tenant = r.tenant \
     AND d.document = r.document AND d.revision < 4611686018427387904 WHERE r.tenant = $1 \
     AND (r.fiscal_year <= $2 OR r.fiscal_year IS NULL AND d.updated_at < $3) \
     AND NOT EXISTS (SELECT 1 FROM custody c WHERE c.tenant = r.tenant AND c.document = r.document \
     AND c.decision IS NULL) ORDER BY r.document";
    DUE_CUSTODY = "SELECT document, hash, device FROM custody WHERE tenant = $1 AND decision IS NOT NULL \
     AND decided_at < $2 ORDER BY document, hash, device";
    DUE_TABLETS = "SELECT device FROM device WHERE tenant = $1 AND name <> '' \
     AND (revoked_at < $2 OR pass_ends_at < $2) ORDER BY device";
    DUE_SIGN_INS = "SELECT p.person FROM person p WHERE p.tenant = $1 AND p.disabled_at < $2 AND (\
     EXISTS (SELECT 1 FROM account a WHERE a.tenant = p.tenant AND a.person = p.person) \
     OR EXISTS (SELECT 1 FROM passkey k WHERE k.tenant = p.tenant AND k.person = p.person) \
     OR EXISTS (SELECT 1 FROM identity i WHERE i.tenant = p.tenant AND i.person = p.person)) ORDER BY p.person";
    JOURNAL_BEFORE = "SELECT seq, hash, (SELECT MIN(f.seq) FROM journal f WHERE f.tenant = $1) AS first FROM journal \
     WHERE tenant = $1 AND seq < COALESCE((SELECT n.seq FROM journal n WHERE n.tenant = $1 AND n.at >= $2 \
     ORDER BY n.seq LIMIT 1), 9223372036854775807) ORDER BY seq DESC LIMIT 1";
    DESTROY_CUSTODY = "DELETE FROM custody WHERE tenant = $1 AND document = $2 AND hash = $3 AND device = $4 \
     AND decision IS NOT NULL";
    FORGET_TABLET = "UPDATE device SET name = '', renamed = 1, person = '', recovery = NULL WHERE tenant = $1 AND device = $2 \
     AND (revoked_at IS NOT NULL OR pass_ends_at IS NOT NULL)";
    DESTROY_ACCOUNT = "DELETE FROM account WHERE tenant = $1 AND person = $2";
    DESTROY_PASSKEYS = "DELETE FROM passkey WHERE tenant = $1 AND person = $2";
    DESTROY_IDENTITIES = "DELETE FROM identity WHERE tenant = $1 AND person = $2";
    DESTROY_CODES = "DELETE FROM code WHERE tenant = $1 AND person = $2";
    DESTROY_JOURNAL = "DELETE FROM journal WHERE tenant = $1 AND seq <= $2";
    BEGIN_DESTRUCTION = "INSERT INTO destruction (tenant, destruction, subject, years, fiscal_year, reason, begun_at, \
     begun_by, item_count, items, hash) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE NOT EXISTS \
     (SELECT 1 FROM destruction d WHERE d.tenant = $1 AND d.subject = $3 AND d.finished_at IS NULL)";
    FINISH_DESTRUCTION = "UPDATE destruction SET finished_at = $3, item_count = $4, items = $5, hash = $6 \
     WHERE tenant = $1 AND destruction = $2 AND finished_at IS NULL";
    LIST_DESTRUCTIONS = "SELECT destruction, subject, years, fiscal_year, reason, begun_at, begun_by, finished_at, \
     item_count, hash FROM destruction WHERE tenant = $1 ORDER BY begun_at DESC, destruction";
    LOOKUP_DESTRUCTION = "SELECT destruction, subject, years, fiscal_year, reason, begun_at, begun_by, finished_at, \
     item_count, items, hash FROM destruction WHERE tenant = $1 AND destruction = $2";

    LIST_DAMAGED = "SELECT document, found_at FROM damaged WHERE tenant = $1 ORDER BY document";
    AUDIT_ENTRIES = "SELECT document, state, contribution FROM feed WHERE tenant = $1 AND scope = $2";
    NOTE_HEALING = "INSERT INTO healing (tenant, device, healed_at, documents, changes) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (tenant, device, healed_at) DO UPDATE SET documents = healing.documents + excluded.documents, \
     changes = healing.changes + excluded.changes";
    SUM_HEALING = "SELECT CAST(COALESCE(SUM(changes), 0) AS BIGINT) AS changes FROM healing WHERE tenant = $1";
    LIST_HEALING = "SELECT h.device, d.name AS device_name, h.healed_at, h.documents, h.changes FROM healing h \
     LEFT JOIN device d ON d.tenant = h.tenant AND d.device = h.device \
     WHERE h.tenant = $1 ORDER BY h.healed_at DESC, h.device LIMIT $2";
}
