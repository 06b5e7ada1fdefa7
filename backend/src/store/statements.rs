//! SQL that reads the same in both dialects.

pub(crate) const LOOKUP_DEVICE: &str = "SELECT tenant, device, name, person, role, organisation, last_seen_at, clock_offset_ms \
     FROM device WHERE token_hash = $1";
pub(crate) const LIST_DEVICE_SCOPES: &str =
    "SELECT scope FROM device_scope WHERE tenant = $1 AND device = $2 ORDER BY position";
pub(crate) const LOOKUP_LOGIN: &str =
    "SELECT tenant, person, role, organisation FROM login WHERE token_hash = $1 AND expires_at > $2";
pub(crate) const LOOKUP_CODE: &str = "SELECT tenant, person, role, organisation, scopes, uses_left, expires_at FROM code \
     WHERE code_hash = $1 AND uses_left > 0 AND expires_at > $2";
pub(crate) const USE_CODE: &str = "UPDATE code SET uses_left = uses_left - 1 WHERE code_hash = $1";
pub(crate) const UPSERT_CODE: &str = "INSERT INTO code (code_hash, tenant, person, role, organisation, scopes, uses_left, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (code_hash) DO UPDATE SET tenant = excluded.tenant, \
     person = excluded.person, role = excluded.role, organisation = excluded.organisation, scopes = excluded.scopes, \
     uses_left = excluded.uses_left, expires_at = excluded.expires_at";
pub(crate) const UPSERT_PERSON: &str = "INSERT INTO person (tenant, person, name) VALUES ($1, $2, $3) \
     ON CONFLICT (tenant, person) DO UPDATE SET name = excluded.name WHERE person.name <> excluded.name";
pub(crate) const DEVICE_OWNER: &str = "SELECT person, role, organisation FROM device WHERE tenant = $1 AND device = $2";
pub(crate) const UPSERT_DEVICE: &str = "INSERT INTO device (tenant, device, name, person, role, organisation, token_hash, enrolled_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, device) DO UPDATE SET name = excluded.name, \
     token_hash = excluded.token_hash, enrolled_at = excluded.enrolled_at";
pub(crate) const CLEAR_DEVICE_SCOPES: &str = "DELETE FROM device_scope WHERE tenant = $1 AND device = $2";
pub(crate) const INSERT_DEVICE_SCOPE: &str = "INSERT INTO device_scope (tenant, device, scope, position) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
pub(crate) const INSERT_LOGIN: &str = "INSERT INTO login (token_hash, tenant, person, role, organisation, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const DELETE_LOGIN: &str = "DELETE FROM login WHERE token_hash = $1";
pub(crate) const DELETE_EXPIRED_LOGINS: &str = "DELETE FROM login WHERE expires_at < $1";
pub(crate) const NOTE_SEEN: &str =
    "UPDATE device SET last_seen_at = $3, clock_offset_ms = $4 WHERE tenant = $1 AND device = $2";
pub(crate) const LOOKUP_NAMES: &str = "SELECT t.name AS tenant_name, p.name AS person_name FROM tenant t \
     LEFT JOIN person p ON p.tenant = t.tenant AND p.person = $2 WHERE t.tenant = $1";

pub(crate) const UPSERT_TENANT: &str = "INSERT INTO tenant (tenant, name, registry_version) VALUES ($1, $2, 1) \
     ON CONFLICT (tenant) DO UPDATE SET name = excluded.name WHERE tenant.name <> excluded.name";
pub(crate) const UPSERT_MUNICIPALITY: &str = "INSERT INTO municipality (tenant, code, name, kana, medical_area) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, code) DO UPDATE SET name = excluded.name, kana = excluded.kana, \
     medical_area = excluded.medical_area WHERE municipality.name <> excluded.name \
     OR municipality.kana <> excluded.kana OR municipality.medical_area <> excluded.medical_area";
pub(crate) const UPSERT_ASSOCIATION: &str = "INSERT INTO association (tenant, association, name) VALUES ($1, $2, $3) \
     ON CONFLICT (tenant, association) DO UPDATE SET name = excluded.name WHERE association.name <> excluded.name";
pub(crate) const INSERT_ASSOCIATION_MUNICIPALITY: &str = "INSERT INTO association_municipality \
     (tenant, association, municipality) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(crate) const UPSERT_LECTURER: &str = "INSERT INTO lecturer \
     (tenant, lecturer, surname, given_name, title, affiliation, association, bank, in_training) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant, lecturer) DO UPDATE SET \
     title = excluded.title, affiliation = excluded.affiliation, bank = excluded.bank, \
     in_training = excluded.in_training WHERE lecturer.title IS DISTINCT FROM excluded.title \
     OR lecturer.affiliation IS DISTINCT FROM excluded.affiliation OR lecturer.bank <> excluded.bank \
     OR lecturer.in_training <> excluded.in_training";
pub(crate) const UPSERT_MATERIAL: &str = "INSERT INTO material (tenant, material, name, unit, position) \
     VALUES ($1, $2, $3, $4, (SELECT COUNT(*) FROM material WHERE tenant = $1)) \
     ON CONFLICT (tenant, material) DO UPDATE SET name = excluded.name, unit = excluded.unit \
     WHERE material.name <> excluded.name OR material.unit <> excluded.unit";
pub(crate) const INSERT_ELIGIBILITY: &str = "INSERT INTO eligibility (tenant, material, eligibility, name, position) \
     VALUES ($1, $2, $3, $4, (SELECT COUNT(*) FROM eligibility WHERE tenant = $1 AND material = $2)) \
     ON CONFLICT DO NOTHING";
pub(crate) const BUMP_REGISTRY: &str = "UPDATE tenant SET registry_version = registry_version + 1 WHERE tenant = $1";
pub(crate) const LOOKUP_TENANT: &str = "SELECT name, registry_version FROM tenant WHERE tenant = $1";
pub(crate) const LIST_TENANTS: &str = "SELECT tenant FROM tenant ORDER BY tenant";
pub(crate) const LIST_MUNICIPALITIES: &str =
    "SELECT code, name, kana, medical_area FROM municipality WHERE tenant = $1 ORDER BY code";
pub(crate) const LIST_ASSOCIATIONS: &str =
    "SELECT association, name FROM association WHERE tenant = $1 ORDER BY association";
pub(crate) const LIST_ASSOCIATION_MUNICIPALITIES: &str = "SELECT association, municipality FROM association_municipality \
     WHERE tenant = $1 ORDER BY association, municipality";
pub(crate) const LIST_LECTURERS: &str = "SELECT lecturer, surname, given_name, title, affiliation, association, bank, \
     in_training FROM lecturer WHERE tenant = $1 ORDER BY lecturer";
pub(crate) const LIST_MATERIALS: &str =
    "SELECT material, name, unit FROM material WHERE tenant = $1 ORDER BY position, material";
pub(crate) const LIST_ELIGIBILITIES: &str =
    "SELECT material, eligibility, name FROM eligibility WHERE tenant = $1 ORDER BY material, position, eligibility";
pub(crate) const LIST_PEOPLE: &str = "SELECT person, name FROM person WHERE tenant = $1 ORDER BY person";
pub(crate) const LIST_DEVICES: &str = "SELECT device, name FROM device WHERE tenant = $1 ORDER BY device";

pub(crate) const LOOKUP_SCOPE: &str =
    "SELECT scope, epoch, seq, document_count, digest FROM scope WHERE tenant = $1 AND scope = $2";
pub(crate) const LIST_SCOPES: &str =
    "SELECT scope, epoch, seq, document_count, digest FROM scope WHERE tenant = $1 ORDER BY scope";
pub(crate) const UPDATE_SCOPE: &str =
    "UPDATE scope SET seq = $3, document_count = $4, digest = $5 WHERE tenant = $1 AND scope = $2";
pub(crate) const INSERT_SCOPE: &str = "INSERT INTO scope (tenant, scope, epoch, seq, document_count, digest) \
     VALUES ($1, $2, $3, 0, 0, $4) ON CONFLICT DO NOTHING";
pub(crate) const PAGE: &str = "SELECT f.document, f.seq, f.state, d.heads, d.snapshot FROM feed f \
     LEFT JOIN document d ON d.tenant = f.tenant AND d.document = f.document AND f.state = 0 \
     WHERE f.tenant = $1 AND f.scope = $2 AND f.seq > $3 ORDER BY f.seq";
pub(crate) const LIST_FEED_OF_SCOPE: &str = "SELECT state, contribution FROM feed WHERE tenant = $1 AND scope = $2";
pub(crate) const WALK_DOCUMENTS: &str = "SELECT document, kind, home_scope, heads, snapshot, revision FROM document \
     WHERE tenant = $1 AND document > $2 ORDER BY document LIMIT $3";
pub(crate) const BUMP_REVISION: &str = "UPDATE document SET revision = revision + 1 WHERE tenant = $1";
pub(crate) const RELEASE_CUSTODY: &str =
    "DELETE FROM custody WHERE tenant = $1 AND document = $2 AND hash = $3 AND device = $4";
pub(crate) const LIST_ROLLUPS: &str = "SELECT fiscal_year, month, municipality, association, measure, reported, unreported, \
     total FROM rollup WHERE tenant = $1 AND (reported <> 0 OR unreported <> 0 OR total <> 0)";
