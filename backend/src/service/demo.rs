//! The demonstration: prefectures with people, associations and a sign-in code for each role. Safe to run twice.
//!
//! What is not from public documents carries 見本 in its name. The codes live in a file beside the database, because
//! the database keeps only hashes; the same folder shows the same codes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::access::{Caller, Role};
use super::enrol::{ANY_SCOPES, Grant, keep_code, person_id};
use super::registry::{NewAssociation, NewLecturer, RegistryError, ensure_tenant, put_association, put_lecturer};
use super::secret::{NoRandomness, SignInCode};
use super::{App, reference};
use crate::store::{self, StoreError};

const HONJO_ASSOCIATION: &str = "本庄市児玉郡医師会";
/// 在宅医療連携拠点 of the same area.
const HUB: &str = "（見本）本庄市児玉郡在宅医療連携拠点";
const HONJO: &str = "112119";
const HONJO_AREA: [&str; 4] = [HONJO, "113816", "113832", "113859"];
const USES: i64 = 1_000_000;
const TEN_YEARS_MS: u64 = 10 * 365 * 86_400_000;

/// Why the demonstration could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The file of codes cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of codes holds something else.
    #[error("{0} does not hold demonstration codes")]
    Codes(PathBuf),
    /// A part of the registry was refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A sign-in of the demonstration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// Stable name of this entry.
    pub key: String,
    /// Who it is, in Japanese.
    pub label: String,
    /// Two digits.
    pub tenant: String,
    /// The role.
    pub role: Role,
    /// Registry id of the person.
    pub person: String,
    /// Municipality code, association id or tenant.
    pub organisation: String,
    /// Scopes a tablet gets, or `*`.
    pub scopes: String,
    /// `XXXX-XXXX`.
    pub code: String,
}

struct Part {
    key: &'static str,
    tenant: &'static str,
    role: Role,
    name: &'static str,
    organisation: String,
    scopes: String,
}

/// Beside an SQLite file; for a database elsewhere in the folder of the process, under the database's name.
fn file_of(database: &str) -> PathBuf {
    let name = if store::is_url(database) {
        database.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default()
    } else {
        database
    };
    PathBuf::from(format!("{name}.demo-codes.json"))
}

/// Makes the demonstration, or brings it up to this version's.
pub async fn seed(app: &App, database: &str) -> Result<Vec<SignIn>, DemoError> {
    let mut lecturers = String::new();
    let mut honjo = String::new();
    let mut hub = String::new();
    for prefecture in reference::prefectures() {
        ensure_tenant(app, &prefecture).await?;
        let caller = Caller::command_line(prefecture.tenant);
        if prefecture.tenant == "11" {
            let covered: Vec<String> = HONJO_AREA.iter().map(|code| (*code).to_owned()).collect();
            honjo = put_association(app, &caller, association(HONJO_ASSOCIATION, covered.clone())).await?;
            let new = NewAssociation { name: HUB.to_owned(), municipalities: covered, hub: true };
            hub = put_association(app, &caller, new).await?;
            let new = NewLecturer {
                surname: "（見本）講師".to_owned(),
                given_name: None,
                title: None,
                affiliation: None,
                association: Some(honjo.clone()),
                bank: false,
                in_training: false,
                registered_in: None,
                left_in: None,
                reading: None,
            };
            lecturers = put_lecturer(app, &caller, new).await?;
        }
        let mut areas: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for municipality in prefecture.municipalities.iter().filter(|m| !HONJO_AREA.contains(&m.code.as_str())) {
            areas.entry(&municipality.medical_area).or_default().push(municipality.code.clone());
        }
        for (area, codes) in areas {
            put_association(app, &caller, association(&format!("（見本）{area}地区医師会"), codes)).await?;
        }
    }
    let path = file_of(database);
    let mut codes = read_codes(&path)?;
    let mut sign_ins = Vec::new();
    for part in parts(&honjo, &hub, &lecturers) {
        let kept = codes.get(part.key).and_then(|code| SignInCode::parse(code));
        let code = kept.map_or_else(SignInCode::random, Ok)?;
        codes.insert(part.key.to_owned(), code.shown());
        let grant = Grant {
            tenant: part.tenant.to_owned(),
            person_name: part.name.to_owned(),
            role: part.role,
            organisation: part.organisation,
            scopes: part.scopes,
            uses: USES,
            expires_at: app.now().plus_ms(TEN_YEARS_MS).0,
            device: None,
        };
        sign_ins.push((code, part.key, grant));
    }
    write_codes(&path, &codes)?;
    let mut shown = Vec::with_capacity(sign_ins.len());
    for (code, key, grant) in sign_ins {
        keep_code(app, &code, &grant).await?;
        shown.push(SignIn {
            key: key.to_owned(),
            person: person_id(&grant),
            label: grant.person_name,
            tenant: grant.tenant,
            role: grant.role,
            organisation: grant.organisation,
            scopes: grant.scopes,
            code: code.shown(),
        });
    }
    Ok(shown)
}

fn association(name: &str, municipalities: Vec<String>) -> NewAssociation {
    NewAssociation { name: name.to_owned(), municipalities, hub: false }
}

fn parts(honjo: &str, hub: &str, lecturer: &str) -> Vec<Part> {
    let part = |key, tenant, role, name, organisation: &str, scopes: String| Part {
        key,
        tenant,
        role,
        name,
        organisation: organisation.to_owned(),
        scopes,
    };
    let municipality = format!("municipality:{HONJO}");
    let any = || ANY_SCOPES.to_owned();
    vec![
        part("administrator-11", "11", Role::Administrator, "（見本）埼玉県 システム管理者", "11", any()),
        part("administrator-14", "14", Role::Administrator, "（見本）神奈川県 システム管理者", "14", any()),
        part("prefectural-11", "11", Role::Prefectural, "（見本）埼玉県 担当者", "11", String::new()),
        part("municipal-112119", "11", Role::Municipal, "（見本）本庄市 担当者", HONJO, municipality.clone()),
        part("staff-112119", "11", Role::Staff, "（見本）本庄市 普及啓発職員", HONJO, municipality),
        part(
            "coordinator-honjo",
            "11",
            Role::Coordinator,
            "（見本）本庄市児玉郡 コーディネーター",
            honjo,
            format!("association:{honjo}"),
        ),
        part(
            "coordinator-hub",
            "11",
            Role::Coordinator,
            "（見本）在宅医療連携拠点 コーディネーター",
            hub,
            HONJO_AREA
                .iter()
                .fold(format!("association:{hub}"), |scopes, code| format!("{scopes} municipality:{code}")),
        ),
        part("lecturer-honjo", "11", Role::Lecturer, "（見本）登録講師", honjo, format!("lecturer:{lecturer}")),
    ]
}

fn read_codes(path: &Path) -> Result<BTreeMap<String, String>, DemoError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| DemoError::Codes(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(DemoError::File { path: path.to_owned(), source }),
    }
}

fn write_codes(path: &Path, codes: &BTreeMap<String, String>) -> Result<(), DemoError> {
    let failed = |source| DemoError::File { path: path.to_owned(), source };
    let text = serde_json::to_string_pretty(codes).map_err(|error| failed(error.into()))?;
    std::fs::write(path, text + "\n").map_err(failed)
}
