//! The registry, in SQLite's words. A write that changes nothing leaves the version as it is.

use std::collections::BTreeMap;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Sqlite, Transaction};
use sync_core::ids::DeviceId;

use super::{SqliteStore, corrupt, failed, get, unsigned};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{Association, Lecturer, Material, Municipality, Registry};

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

async fn rows(connection: &mut SqliteConnection, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
    query.fetch_all(connection).await.map_err(failed)
}

async fn changed(connection: &mut SqliteConnection, query: Query<'_>) -> Result<u64, StoreError> {
    Ok(query.execute(connection).await.map_err(failed)?.rows_affected())
}

async fn finish(mut transaction: Transaction<'_, Sqlite>, tenant: &str, count: u64) -> Result<(), StoreError> {
    if count > 0 {
        changed(&mut transaction, sqlx::query(sql::BUMP_REGISTRY).bind(tenant)).await?;
    }
    transaction.commit().await.map_err(failed)
}

pub(super) async fn upsert_tenant(
    store: &SqliteStore,
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
    store: &SqliteStore,
    tenant: &str,
    association: &Association,
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::UPSERT_ASSOCIATION).bind(tenant).bind(&association.id).bind(&association.name);
    let mut count = changed(&mut transaction, query).await?;
    for code in &association.municipalities {
        let query = sqlx::query(sql::INSERT_ASSOCIATION_MUNICIPALITY).bind(tenant).bind(&association.id).bind(code);
        count += changed(&mut transaction, query).await?;
    }
    finish(transaction, tenant, count).await
}

pub(super) async fn upsert_lecturer(store: &SqliteStore, tenant: &str, one: &Lecturer) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::UPSERT_LECTURER)
        .bind(tenant)
        .bind(&one.id)
        .bind(&one.surname)
        .bind(&one.given_name)
        .bind(&one.title)
        .bind(&one.affiliation)
        .bind(&one.association)
        .bind(one.bank)
        .bind(one.in_training);
    let count = changed(&mut transaction, query).await?;
    finish(transaction, tenant, count).await
}

pub(super) async fn upsert_material(store: &SqliteStore, tenant: &str, one: &Material) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::UPSERT_MATERIAL).bind(tenant).bind(&one.id).bind(&one.name).bind(&one.unit);
    let mut count = changed(&mut transaction, query).await?;
    for (id, name) in &one.eligibilities {
        let query = sqlx::query(sql::INSERT_ELIGIBILITY).bind(tenant).bind(&one.id).bind(id).bind(name);
        count += changed(&mut transaction, query).await?;
    }
    finish(transaction, tenant, count).await
}

pub(super) async fn list_tenants(store: &SqliteStore) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(sql::LIST_TENANTS).fetch_all(&store.reader).await.map_err(failed)
}

/// The registry's version, 0 for an unknown tenant.
pub(super) async fn version(connection: &mut SqliteConnection, tenant: &str) -> Result<u64, StoreError> {
    let row = sqlx::query(sql::LOOKUP_TENANT).bind(tenant).fetch_optional(connection).await.map_err(failed)?;
    row.map_or(Ok(0), |row| Ok(unsigned(get(&row, "registry_version")?)))
}

pub(super) async fn registry(store: &SqliteStore, tenant: &str) -> Result<Option<Registry>, StoreError> {
    let mut look = store.reader.begin().await.map_err(failed)?;
    let row = sqlx::query(sql::LOOKUP_TENANT).bind(tenant).fetch_optional(&mut *look).await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let list = |text| sqlx::query(text).bind(tenant);

    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&mut look, list(sql::LIST_ASSOCIATION_MUNICIPALITIES)).await? {
        covered.entry(get(&row, "association")?).or_default().push(get(&row, "municipality")?);
    }
    let mut eligibilities: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows(&mut look, list(sql::LIST_ELIGIBILITIES)).await? {
        eligibilities.entry(get(&row, "material")?).or_default().push((get(&row, "eligibility")?, get(&row, "name")?));
    }
    let municipality = |row: &SqliteRow| {
        Ok(Municipality {
            code: get(row, "code")?,
            name: get(row, "name")?,
            kana: get(row, "kana")?,
            medical_area: get(row, "medical_area")?,
        })
    };
    let mut association = |row: &SqliteRow| {
        let id: String = get(row, "association")?;
        Ok(Association { municipalities: covered.remove(&id).unwrap_or_default(), name: get(row, "name")?, id })
    };
    let lecturer = |row: &SqliteRow| {
        Ok(Lecturer {
            id: get(row, "lecturer")?,
            surname: get(row, "surname")?,
            given_name: get(row, "given_name")?,
            title: get(row, "title")?,
            affiliation: get(row, "affiliation")?,
            association: get(row, "association")?,
            bank: get(row, "bank")?,
            in_training: get(row, "in_training")?,
        })
    };
    let mut material = |row: &SqliteRow| {
        let id: String = get(row, "material")?;
        let eligibilities = eligibilities.remove(&id).unwrap_or_default();
        Ok(Material { eligibilities, name: get(row, "name")?, unit: get(row, "unit")?, id })
    };
    let device = |row: &SqliteRow| {
        let device: Vec<u8> = get(row, "device")?;
        Ok((DeviceId::from_slice(&device).ok_or(corrupt("device", "device"))?, get(row, "name")?))
    };
    Ok(Some(Registry {
        version: unsigned(get(&row, "registry_version")?),
        tenant_name: get(&row, "name")?,
        municipalities: all(rows(&mut look, list(sql::LIST_MUNICIPALITIES)).await?, municipality)?,
        associations: all(rows(&mut look, list(sql::LIST_ASSOCIATIONS)).await?, &mut association)?,
        lecturers: all(rows(&mut look, list(sql::LIST_LECTURERS)).await?, lecturer)?,
        materials: all(rows(&mut look, list(sql::LIST_MATERIALS)).await?, &mut material)?,
        people: all(rows(&mut look, list(sql::LIST_PEOPLE)).await?, |row| {
            Ok((get(row, "person")?, get(row, "name")?))
        })?,
        devices: all(rows(&mut look, list(sql::LIST_DEVICES)).await?, device)?,
    }))
}

fn all<T>(rows: Vec<SqliteRow>, read: impl FnMut(&SqliteRow) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
