//! The registry. A write that changes nothing leaves the version as it is.

use std::collections::BTreeMap;

use sync_core::ids::{DeviceId, ScopeId};

use super::dialect::{Arguments, Connection, Database, Row, SqlStore, failed};
use super::lease::Lease;
use super::places::ensure_scopes;
use super::statements as sql;
use super::{corrupt, flag, get, unsigned};
use crate::store::StoreError;
use crate::store::types::{Association, Lecturer, Material, Municipality, Registry};

type Query<'q> = sqlx::query::Query<'q, Database, Arguments>;

async fn rows(connection: &mut Connection, query: Query<'_>) -> Result<Vec<Row>, StoreError> {
    query.fetch_all(connection).await.map_err(failed)
}

async fn changed(connection: &mut Connection, query: Query<'_>) -> Result<u64, StoreError> {
    Ok(query.execute(connection).await.map_err(failed)?.rows_affected())
}

/// A transaction that alone changes the registry of a tenant: positions follow each other, and processes that start at
/// once make the same entries one after the other.
async fn begin(store: &SqlStore, tenant: &str) -> Result<Lease, StoreError> {
    let mut transaction = store.begin().await?;
    changed(&mut transaction, sqlx::query(sql::HOLD_REGISTRY).bind(tenant)).await?;
    Ok(transaction)
}

async fn finish(mut transaction: Lease, tenant: &str, count: u64) -> Result<(), StoreError> {
    if count > 0 {
        changed(&mut transaction, sqlx::query(sql::BUMP_REGISTRY).bind(tenant)).await?;
    }
    transaction.commit().await.map_err(failed)
}

pub(super) async fn upsert_tenant(
    store: &SqlStore,
    tenant: &str,
    name: &str,
    all: &[Municipality],
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let mut count = changed(&mut transaction, sqlx::query(sql::UPSERT_TENANT).bind(tenant).bind(name)).await?;
    for one in all {
        let query = sqlx::query(sql::UPSERT_MUNICIPALITY).bind(tenant).bind(&one.code).bind(&one.name);
        count += changed(&mut transaction, query.bind(&one.kana).bind(&one.medical_area)).await?;
    }
    finish(transaction, tenant, count).await
}

pub(super) async fn upsert_association(
    store: &SqlStore,
    tenant: &str,
    association: &Association,
) -> Result<(), StoreError> {
    let mut transaction = begin(store, tenant).await?;
    let query = sqlx::query(sql::UPSERT_ASSOCIATION).bind(tenant).bind(&association.id).bind(&association.name);
    let query = query.bind(i64::from(association.hub));
    let mut count = changed(&mut transaction, query).await?;
    for code in &association.municipalities {
        count += cover(&mut transaction, tenant, &association.id, code).await?;
    }
    finish(transaction, tenant, count).await
}

/// Adds a municipality to what an association covers. Tablets of a hub hold what is of the municipalities it covers.
async fn cover(
    connection: &mut Connection,
    tenant: &str,
    association: &str,
    municipality: &str,
) -> Result<u64, StoreError> {
    let query = sqlx::query(sql::INSERT_ASSOCIATION_MUNICIPALITY).bind(tenant).bind(association).bind(municipality);
    let added = changed(connection, query).await?;
    if added > 0 {
        let scope = scope_of(municipality)?;
        ensure_scopes(connection, tenant, &[&scope]).await?;
        let hold = sqlx::query(sql::ADD_HUB_SCOPE).bind(tenant).bind(association).bind(scope.as_str());
        changed(connection, hold).await?;
    }
    Ok(added)
}

fn scope_of(municipality: &str) -> Result<ScopeId, StoreError> {
    format!("municipality:{municipality}").parse().map_err(|_| corrupt("association_municipality", "municipality"))
}

/// Replaces an association's name and the municipalities it covers, and with these what a hub's tablets hold.
pub(super) async fn change_association(
    store: &SqlStore,
    tenant: &str,
    association: &str,
    name: &str,
    municipalities: &[String],
) -> Result<(), StoreError> {
    let mut transaction = begin(store, tenant).await?;
    let query = sqlx::query(sql::RENAME_ASSOCIATION).bind(tenant).bind(association).bind(name);
    let mut count = changed(&mut transaction, query).await?;
    let covered = rows(&mut transaction, sqlx::query(sql::LIST_COVERED).bind(tenant).bind(association)).await?;
    for row in &covered {
        let code: &str = get(row, "municipality")?;
        if municipalities.iter().any(|kept| kept == code) {
            continue;
        }
        let query = sqlx::query(sql::UNCOVER).bind(tenant).bind(association).bind(code);
        count += changed(&mut transaction, query).await?;
        let scope = scope_of(code)?;
        let drop = sqlx::query(sql::DROP_HUB_SCOPE).bind(tenant).bind(association).bind(scope.as_str());
        changed(&mut transaction, drop).await?;
    }
    for code in municipalities {
        count += cover(&mut transaction, tenant, association, code).await?;
    }
    finish(transaction, tenant, count).await
}

pub(super) async fn upsert_lecturer(store: &SqlStore, tenant: &str, one: &Lecturer) -> Result<(), StoreError> {
    let mut transaction = begin(store, tenant).await?;
    let query = sqlx::query(sql::UPSERT_LECTURER)
        .bind(tenant)
        .bind(&one.id)
        .bind(&one.surname)
        .bind(&one.given_name)
        .bind(&one.title)
        .bind(&one.affiliation)
        .bind(&one.association)
        .bind(i64::from(one.bank))
        .bind(i64::from(one.in_training))
        .bind(one.registered_in)
        .bind(one.left_in)
        .bind(&one.reading);
    let count = changed(&mut transaction, query).await?;
    finish(transaction, tenant, count).await
}

pub(super) async fn upsert_material(store: &SqlStore, tenant: &str, one: &Material) -> Result<(), StoreError> {
    let mut transaction = begin(store, tenant).await?;
    let query = sqlx::query(sql::UPSERT_MATERIAL).bind(tenant).bind(&one.id).bind(&one.name).bind(&one.unit);
    let mut count = changed(&mut transaction, query).await?;
    for (id, name) in &one.eligibilities {
        let query = sqlx::query(sql::INSERT_ELIGIBILITY).bind(tenant).bind(&one.id).bind(id).bind(name);
        count += changed(&mut transaction, query).await?;
    }
    finish(transaction, tenant, count).await
}

pub(super) async fn list_tenants(store: &SqlStore) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar::<Database, String>(sql::LIST_TENANTS)
        .fetch_all(&mut *store.reader().await?)
        .await
        .map_err(failed)
}

pub(super) async fn list_stale_tenants(store: &SqlStore) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar::<Database, String>(sql::LIST_STALE_TENANTS)
        .fetch_all(&mut *store.reader().await?)
        .await
        .map_err(failed)
}

/// The registry's version, 0 for an unknown tenant.
pub(super) async fn version(connection: &mut Connection, tenant: &str) -> Result<u64, StoreError> {
    let row = sqlx::query(sql::LOOKUP_TENANT).bind(tenant).fetch_optional(connection).await.map_err(failed)?;
    row.map_or(Ok(0), |row| Ok(unsigned(get(&row, "registry_version")?)))
}

pub(super) async fn registry(store: &SqlStore, tenant: &str) -> Result<Option<Registry>, StoreError> {
    read(&mut *store.look().await?, tenant).await
}

/// The registry as this look sees it.
pub(super) async fn read(look: &mut Connection, tenant: &str) -> Result<Option<Registry>, StoreError> {
    let row = sqlx::query(sql::LOOKUP_TENANT).bind(tenant).fetch_optional(&mut *look).await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let list = |text| sqlx::query(text).bind(tenant);

    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&mut *look, list(sql::LIST_ASSOCIATION_MUNICIPALITIES)).await? {
        covered.entry(get(&row, "association")?).or_default().push(get(&row, "municipality")?);
    }
    let mut eligibilities: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows(&mut *look, list(sql::LIST_ELIGIBILITIES)).await? {
        eligibilities.entry(get(&row, "material")?).or_default().push((get(&row, "eligibility")?, get(&row, "name")?));
    }
    let municipality = |row: &Row| {
        Ok(Municipality {
            code: get(row, "code")?,
            name: get(row, "name")?,
            kana: get(row, "kana")?,
            medical_area: get(row, "medical_area")?,
        })
    };
    let mut association = |row: &Row| {
        let id: String = get(row, "association")?;
        let municipalities = covered.remove(&id).unwrap_or_default();
        Ok(Association { municipalities, name: get(row, "name")?, hub: flag(row, "hub")?, id })
    };
    let lecturer = |row: &Row| {
        Ok(Lecturer {
            id: get(row, "lecturer")?,
            surname: get(row, "surname")?,
            given_name: get(row, "given_name")?,
            title: get(row, "title")?,
            affiliation: get(row, "affiliation")?,
            association: get(row, "association")?,
            bank: flag(row, "bank")?,
            in_training: flag(row, "in_training")?,
            registered_in: get(row, "registered_in")?,
            left_in: get(row, "left_in")?,
            reading: get(row, "reading")?,
        })
    };
    let mut material = |row: &Row| {
        let id: String = get(row, "material")?;
        let eligibilities = eligibilities.remove(&id).unwrap_or_default();
        Ok(Material { eligibilities, name: get(row, "name")?, unit: get(row, "unit")?, id })
    };
    let person = |row: &Row| Ok((get::<String>(row, "person")?, get::<String>(row, "name")?, flag(row, "renamed")?));
    let device = |row: &Row| {
        let device: Vec<u8> = get(row, "device")?;
        let device = DeviceId::from_slice(&device).ok_or(corrupt("device", "device"))?;
        Ok((device, get::<String>(row, "name")?, flag(row, "renamed")?))
    };
    let people = all(rows(&mut *look, list(sql::LIST_PEOPLE)).await?, person)?;
    let devices = all(rows(&mut *look, list(sql::LIST_DEVICES)).await?, device)?;
    let renamed = people.iter().filter(|(.., renamed)| *renamed).map(|(id, name, _)| (id.clone(), name.clone()));
    let others = devices.iter().filter(|(.., renamed)| *renamed).map(|(id, name, _)| (id.to_string(), name.clone()));
    Ok(Some(Registry {
        version: unsigned(get(&row, "registry_version")?),
        tenant_name: get(&row, "name")?,
        municipalities: all(rows(&mut *look, list(sql::LIST_MUNICIPALITIES)).await?, municipality)?,
        associations: all(rows(&mut *look, list(sql::LIST_ASSOCIATIONS)).await?, &mut association)?,
        lecturers: all(rows(&mut *look, list(sql::LIST_LECTURERS)).await?, lecturer)?,
        materials: all(rows(&mut *look, list(sql::LIST_MATERIALS)).await?, &mut material)?,
        renamed: renamed.chain(others).collect(),
        people: people.into_iter().map(|(id, name, _)| (id, name)).collect(),
        devices: devices.into_iter().filter(|(_, name, _)| !name.is_empty()).map(|(id, name, _)| (id, name)).collect(),
    }))
}

fn all<T>(rows: Vec<Row>, read: impl FnMut(&Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
