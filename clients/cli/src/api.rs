//! The server's JSON endpoints that a tablet or a registrar calls. Fields this tool does not use are left unread.

use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::key::{DeviceKey, TabletKey};
use crate::transport::Server;

/// An enrolled tablet: the answer of `POST /v1/enrol`, with the key that was made for it.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Shows calls to be this tablet's. Never printed.
    pub key: TabletKey,
    /// The prefecture.
    pub tenant: Tenant,
    /// The tablet's id.
    pub device: String,
    /// Who the code belongs to.
    pub person: Named,
    /// Their role.
    pub role: String,
    /// What the tablet may hold.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
struct EnrolAnswer {
    token: String,
    tenant: Tenant,
    device: String,
    person: Named,
    role: String,
    #[serde(default)]
    scopes: Vec<String>,
}

/// A prefecture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Two digits.
    pub code: String,
    /// Name.
    pub name: String,
}

/// An id and a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// The registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Registry {
    /// The prefecture.
    pub tenant: Tenant,
    /// Municipalities.
    #[serde(default)]
    pub municipalities: Vec<Municipality>,
    /// Associations.
    #[serde(default)]
    pub associations: Vec<Association>,
    /// Lecturers.
    #[serde(default)]
    pub lecturers: Vec<Lecturer>,
    /// Materials.
    #[serde(default)]
    pub materials: Vec<Material>,
    /// What can be screened.
    #[serde(default)]
    pub media: Vec<Named>,
}

/// A municipality.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Municipality {
    /// Six digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// 二次保健医療圏.
    #[serde(default)]
    pub medical_area: String,
}

/// An association.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Association {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Codes of its municipalities.
    #[serde(default)]
    pub municipalities: Vec<String>,
}

/// A lecturer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Lecturer {
    /// Registry id.
    pub id: String,
    /// 姓.
    pub surname: String,
    /// 名.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Registry id of the association.
    #[serde(default)]
    pub association: Option<String>,
    /// Whether in the lecturer bank.
    #[serde(default)]
    pub bank: bool,
}

/// A material.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Material {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// To whom it is handed out.
    #[serde(default)]
    pub eligibilities: Vec<Named>,
}

/// One scope as the server sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerScope {
    /// The scope.
    pub scope: String,
    /// Documents present.
    pub document_count: u64,
    /// Digest, hexadecimal.
    pub digest: String,
}

#[derive(Serialize)]
struct EnrolRequest<'a> {
    code: &'a str,
    device: &'a str,
    device_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<&'a [String]>,
}

/// An association to enter.
#[derive(Clone, Debug, Serialize)]
pub struct NewAssociation<'a> {
    /// Name.
    pub name: &'a str,
    /// Codes of its municipalities.
    pub municipalities: Vec<String>,
}

/// A lecturer to enter.
#[derive(Clone, Debug, Serialize)]
pub struct NewLecturer<'a> {
    /// 姓.
    pub surname: &'a str,
    /// 名.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<&'a str>,
    /// Such as 医師.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// Where they work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affiliation: Option<&'a str>,
    /// Registry id of the association.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub association: Option<String>,
    /// Whether in the lecturer bank.
    pub bank: bool,
    /// Whether in training.
    pub in_training: bool,
}

/// A material to enter.
#[derive(Clone, Debug, Serialize)]
pub struct NewMaterial<'a> {
    /// Name.
    pub name: &'a str,
    /// Names of its eligibilities.
    pub eligibilities: Vec<String>,
}

#[derive(Deserialize)]
struct Entered {
    id: String,
}

/// Enrols a tablet with a new key. `device` is its own UUID.
pub fn enrol(
    server: &Server,
    code: &str,
    device: &str,
    device_name: &str,
    scopes: Option<&[String]>,
) -> Result<Enrolled, CliError> {
    let key = DeviceKey::generate()?;
    let request = EnrolRequest { code, device, device_name, scopes };
    let answer: EnrolAnswer = server.introduce("/v1/enrol", &key, &request)?;
    let EnrolAnswer { token, tenant, device, person, role, scopes } = answer;
    Ok(Enrolled { key: key.with(token), tenant, device, person, role, scopes })
}

/// The registry of the caller's prefecture.
pub fn registry(server: &Server, key: &TabletKey) -> Result<Registry, CliError> {
    server.get("/v1/registry", key)
}

/// The caller's scopes as the server sees them.
pub fn scopes(server: &Server, key: &TabletKey) -> Result<Vec<ServerScope>, CliError> {
    server.get("/v1/scopes", key)
}

/// Enters an association; the same id when it is there already.
pub fn enter_association(server: &Server, key: &TabletKey, new: &NewAssociation<'_>) -> Result<String, CliError> {
    server.post::<Entered, _>("/v1/registry/associations", key, new).map(|entered| entered.id)
}

/// Enters a lecturer; the same id when they are there already.
pub fn enter_lecturer(server: &Server, key: &TabletKey, new: &NewLecturer<'_>) -> Result<String, CliError> {
    server.post::<Entered, _>("/v1/registry/lecturers", key, new).map(|entered| entered.id)
}

/// Enters a material and its eligibilities.
pub fn enter_material(server: &Server, key: &TabletKey, new: &NewMaterial<'_>) -> Result<String, CliError> {
    server.post::<Entered, _>("/v1/registry/materials", key, new).map(|entered| entered.id)
}
