//! The registry: what tablets read, and the edits made online.
//!
//! Ids follow from names, so that the same entry made twice is one entry.

mod ready;

use serde::{Deserialize, Deserializer, Serialize};
use sync_core::domain::FISCAL_YEARS;
use sync_core::ids::is_slug;
use utoipa::ToSchema;

pub use ready::{Encoded, RegistryCache};
pub(super) use ready::{earlier, json, ready, stamp};

use super::access::{Action, Caller, Extent, Organisation};
use super::journal::Act;
use super::organisation::{Unknown, check_municipality};
use super::secret::id_from_name;
use super::{App, reference};
use crate::store::StoreError;
use crate::store::types::{Association, Lecturer, Material, Registry};

/// A medium that can be screened.
const MEDIA: [(&str, &str); 1] = [("jinsei-kaigi-dvd", "人生会議DVD")];
const NAME_CHARS: usize = 200;

/// Why an edit of the registry is refused.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The caller's role does not edit the registry.
    #[error("not allowed")]
    Forbidden,
    /// A name is empty or too long.
    #[error("a name is empty or too long")]
    Name,
    /// Another association or hub has this name.
    #[error("another association or hub has this name")]
    Taken,
    /// A lecturer would have left the bank before they were registered.
    #[error("a lecturer would have left the bank before they were registered")]
    Years,
    /// A year that is no fiscal year of the bank.
    #[error("{0} is no fiscal year between 2000 and 2099")]
    Year(i64),
    /// A municipality, or an association, that the registry does not have; or a year that no record can be of.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A thing with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// 市町村.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MunicipalityView {
    /// Six digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// 二次保健医療圏.
    pub medical_area: String,
}

/// 郡市医師会, or 在宅医療連携拠点.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssociationView {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Codes.
    pub municipalities: Vec<String>,
    /// 在宅医療連携拠点.
    pub hub: bool,
}

/// 講師.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LecturerView {
    /// Registry id.
    pub id: String,
    /// 姓.
    pub surname: String,
    /// 名.
    pub given_name: Option<String>,
    /// 職名.
    pub title: Option<String>,
    /// 所属.
    pub affiliation: Option<String>,
    /// Registry id of the association.
    pub association: Option<String>,
    /// Registered in the lecturer bank.
    pub bank: bool,
    /// 人材育成中.
    pub in_training: bool,
    /// Starting year of the fiscal year in which the bank took them in; null: not known.
    pub registered_in: Option<i64>,
    /// Starting year of the last fiscal year in which they were in the bank; null: they still are, or it is not known.
    pub left_in: Option<i64>,
    /// How the name is read, in kana; null: not stated.
    pub reading: Option<String>,
}

/// 配布物.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MaterialView {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// 枚, 冊, 部, 組.
    pub unit: String,
    /// 対象区分, in the order of lists.
    pub eligibilities: Vec<Named>,
}

/// A prefecture.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantView {
    /// Two digits.
    pub code: String,
    /// Name.
    pub name: String,
}

/// What tablets and screens need to show places, organisations, lecturers and materials. The names of people and tablets
/// come with the records that name them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistryView {
    /// Follows from the content; never 0.
    pub version: u64,
    /// The prefecture.
    pub tenant: TenantView,
    /// By code.
    pub municipalities: Vec<MunicipalityView>,
    /// By id.
    pub associations: Vec<AssociationView>,
    /// By id.
    pub lecturers: Vec<LecturerView>,
    /// In the order of lists.
    pub materials: Vec<MaterialView>,
    /// What can be screened.
    pub media: Vec<Named>,
}

/// The registry of a tenant for a screen; `None` for an unknown tenant.
pub async fn view(app: &App, tenant: &str) -> Result<Option<RegistryView>, StoreError> {
    let Some(mut view) = whole(app, tenant).await? else { return Ok(None) };
    stamp(&mut view)?;
    Ok(Some(view))
}

/// All of the registry of a tenant, as yet without its version.
pub(super) async fn whole(app: &App, tenant: &str) -> Result<Option<RegistryView>, StoreError> {
    Ok(app.store.registry(tenant).await?.map(|registry| view_of(tenant, registry)))
}

fn view_of(tenant: &str, registry: Registry) -> RegistryView {
    let named = |(id, name): (String, String)| Named { id, name };
    RegistryView {
        version: 0,
        tenant: TenantView { code: tenant.to_owned(), name: registry.tenant_name },
        municipalities: registry
            .municipalities
            .into_iter()
            .map(|m| MunicipalityView { code: m.code, name: m.name, kana: m.kana, medical_area: m.medical_area })
            .collect(),
        associations: registry
            .associations
            .into_iter()
            .map(|a| AssociationView { id: a.id, name: a.name, municipalities: a.municipalities, hub: a.hub })
            .collect(),
        lecturers: registry
            .lecturers
            .into_iter()
            .map(|l| LecturerView {
                id: l.id,
                surname: l.surname,
                given_name: l.given_name,
                title: l.title,
                affiliation: l.affiliation,
                association: l.association,
                bank: l.bank,
                in_training: l.in_training,
                registered_in: l.registered_in,
                left_in: l.left_in,
                reading: l.reading,
            })
            .collect(),
        materials: registry
            .materials
            .into_iter()
            .map(|m| MaterialView {
                id: m.id,
                name: m.name,
                unit: m.unit,
                eligibilities: m.eligibilities.into_iter().map(named).collect(),
            })
            .collect(),
        media: MEDIA.iter().map(|(id, name)| named(((*id).to_owned(), (*name).to_owned()))).collect(),
    }
}

/// Makes a tenant from the reference data with the materials everyone has. Changes nothing when it is there.
pub async fn ensure_tenant(app: &App, prefecture: &reference::Prefecture) -> Result<(), StoreError> {
    app.store.upsert_tenant(prefecture.tenant, prefecture.name, &prefecture.municipalities).await?;
    for material in reference::materials() {
        app.store.upsert_material(prefecture.tenant, &material).await?;
    }
    Ok(())
}

/// An association or a hub to add, or to extend by municipalities.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssociation {
    /// Name; the id follows from it.
    pub name: String,
    /// Codes of municipalities it covers. Those it has already stay.
    #[serde(default)]
    pub municipalities: Vec<String>,
    /// 在宅医療連携拠点. What was added as one stays one.
    #[serde(default)]
    pub hub: bool,
}

/// What is stated, `null` included, as something else than what is absent.
fn stated<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// A lecturer to add or to bring up to date.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLecturer {
    /// 姓.
    pub surname: String,
    /// 名.
    pub given_name: Option<String>,
    /// 職名.
    pub title: Option<String>,
    /// 所属.
    pub affiliation: Option<String>,
    /// Id or name of the association.
    pub association: Option<String>,
    /// Registered in the lecturer bank.
    #[serde(default)]
    pub bank: bool,
    /// 人材育成中.
    #[serde(default)]
    pub in_training: bool,
    /// Starting year of the fiscal year in which the bank took them in; null: not known; absent: it stays as it is.
    #[serde(default, deserialize_with = "stated")]
    #[schema(value_type = Option<i64>)]
    pub registered_in: Option<Option<i64>>,
    /// Starting year of the last fiscal year in which they were in the bank, not before the first; null: they still are,
    /// or it is not known; absent: it stays as it is.
    #[serde(default, deserialize_with = "stated")]
    #[schema(value_type = Option<i64>)]
    pub left_in: Option<Option<i64>>,
    /// How the name is read, in kana; absent or empty: as it was.
    pub reading: Option<String>,
}

/// A material to add, or to extend by eligibilities.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMaterial {
    /// Name; the id follows from it.
    pub name: String,
    /// 枚 when absent.
    pub unit: Option<String>,
    /// Names of 対象区分. Those it has already stay.
    #[serde(default)]
    pub eligibilities: Vec<String>,
}

async fn editable(app: &App, caller: &Caller, action: Action, names: &[&str]) -> Result<Registry, RegistryError> {
    if !caller.may(action) {
        return Err(RegistryError::Forbidden);
    }
    if names.iter().any(|name| name.trim().is_empty() || name.chars().count() > NAME_CHARS) {
        return Err(RegistryError::Name);
    }
    app.store
        .registry(&caller.tenant)
        .await?
        .ok_or_else(|| Unknown { given: caller.tenant.clone(), meant: None }.into())
}

/// Adds an association or a hub; returns its id.
pub async fn put_association(app: &App, caller: &Caller, new: NewAssociation) -> Result<String, RegistryError> {
    let registry = editable(app, caller, Action::EditOrganisations, &[&new.name]).await?;
    new.municipalities.iter().try_for_each(|code| check_municipality(&registry, code))?;
    let existing = registry.associations.iter().find(|association| association.name == new.name);
    if existing.is_some_and(|existing| existing.hub != new.hub) {
        return Err(RegistryError::Taken);
    }
    let made = || id_from_name(if new.hub { "hu" } else { "as" }, &new.name);
    let id = existing.map_or_else(made, |association| association.id.clone());
    let NewAssociation { name, municipalities, hub } = new;
    let association = Association { id: id.clone(), name, municipalities, hub };
    app.store.upsert_association(&caller.tenant, &association).await?;
    app.journal.note(caller, Act::done(Action::EditOrganisations).to(&id)).await?;
    Ok(id)
}

/// Replaces the name of an association or a hub and the municipalities it covers.
pub async fn change_association(
    app: &App,
    caller: &Caller,
    id: &str,
    new: NewAssociation,
) -> Result<(), RegistryError> {
    let registry = editable(app, caller, Action::EditOrganisations, &[&new.name]).await?;
    if !registry.associations.iter().any(|association| association.id == id) {
        return Err(Unknown { given: id.to_owned(), meant: None }.into());
    }
    new.municipalities.iter().try_for_each(|code| check_municipality(&registry, code))?;
    if registry.associations.iter().any(|association| association.name == new.name && association.id != id) {
        return Err(RegistryError::Taken);
    }
    app.store.change_association(&caller.tenant, id, &new.name, &new.municipalities).await?;
    Ok(app.journal.note(caller, Act::done(Action::EditOrganisations).to(id)).await?)
}

/// Adds a lecturer; returns the id.
pub async fn put_lecturer(app: &App, caller: &Caller, new: NewLecturer) -> Result<String, RegistryError> {
    let reading = new.reading.map(|reading| reading.trim().to_owned()).filter(|reading| !reading.is_empty());
    let names: Vec<&str> = std::iter::once(new.surname.as_str()).chain(reading.as_deref()).collect();
    let registry = editable(app, caller, Action::EditLecturers, &names).await?;
    let association = match new.association {
        None => None,
        Some(text) => {
            // the lecturer bank is the associations'
            let mut associations = registry.associations.into_iter().filter(|known| !known.hub);
            let found = associations.find(|known| known.id == text || known.name == text);
            Some(found.ok_or(Unknown { given: text, meant: None })?.id)
        }
    };
    let allowed = match &association {
        Some(id) => caller.may_at(Action::EditLecturers, Organisation::Association(id)),
        None => caller.extent(Action::EditLecturers) == Extent::Prefecture,
    };
    if !allowed {
        return Err(RegistryError::Forbidden);
    }
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = format!("{}|{}|{}", new.surname, or_empty(&new.given_name), or_empty(&association));
    let id = id_from_name("le", &name);

    let known = registry.lecturers.iter().find(|lecturer| lecturer.id == id);
    let registered_in = new.registered_in.unwrap_or_else(|| known.and_then(|lecturer| lecturer.registered_in));
    let left_in = new.left_in.unwrap_or_else(|| known.and_then(|lecturer| lecturer.left_in));
    if let Some(year) = [registered_in, left_in].into_iter().flatten().find(|year| !FISCAL_YEARS.contains(year)) {
        return Err(RegistryError::Year(year));
    }
    if registered_in.zip(left_in).is_some_and(|(first, last)| last < first) {
        return Err(RegistryError::Years);
    }

    let lecturer = Lecturer {
        id,
        surname: new.surname,
        given_name: new.given_name,
        title: new.title,
        affiliation: new.affiliation,
        association,
        bank: new.bank,
        in_training: new.in_training,
        registered_in,
        left_in,
        reading,
    };
    app.store.upsert_lecturer(&caller.tenant, &lecturer).await?;
    app.journal.note(caller, Act::done(Action::EditLecturers).to(&lecturer.id)).await?;
    Ok(lecturer.id)
}

/// Adds a material; returns its id with all its eligibilities.
pub async fn put_material(app: &App, caller: &Caller, new: NewMaterial) -> Result<MaterialView, RegistryError> {
    let mut names = vec![new.name.as_str()];
    names.extend(new.eligibilities.iter().map(String::as_str));
    let registry = editable(app, caller, Action::EditMaterials, &names).await?;
    let mut material = match registry.materials.into_iter().find(|known| known.name == new.name) {
        Some(known) => known,
        None => Material {
            id: id_from_name("ma", &new.name),
            name: new.name,
            unit: "枚".to_owned(),
            eligibilities: Vec::new(),
        },
    };
    if let Some(unit) = new.unit {
        material.unit = unit;
    }
    for name in new.eligibilities {
        if !material.eligibilities.iter().any(|(_, known)| *known == name) {
            let seeded = reference::materials().into_iter().flat_map(|material| material.eligibilities);
            let id = seeded.into_iter().find(|(_, known)| *known == name).map(|(id, _)| id);
            let id = id.filter(|id| is_slug(id)).unwrap_or_else(|| id_from_name("el", &name));
            material.eligibilities.push((id, name));
        }
    }
    app.store.upsert_material(&caller.tenant, &material).await?;
    app.journal.note(caller, Act::done(Action::EditMaterials).to(&material.id)).await?;
    Ok(MaterialView {
        id: material.id,
        name: material.name,
        unit: material.unit,
        eligibilities: material.eligibilities.into_iter().map(|(id, name)| Named { id, name }).collect(),
    })
}
