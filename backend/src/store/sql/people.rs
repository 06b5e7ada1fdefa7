//! People, roles and organisations.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::dialect::{ATTEMPTS, Connection, Row, SqlStore, failed};
use super::{PATIENCE, again, get, integer, registry, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::people::{Membership, PeopleStore, PersonName, PersonRow};
use crate::store::types::SecretHash;

fn person_of(row: &Row, memberships: Vec<Membership>) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        person: get(row, "person")?,
        name: get(row, "name")?,
        reading: get(row, "reading")?,
        disabled_at: get::<Option<i64>>(row, "disabled_at")?.map(unsigned),
        signed_in_at: get::<Option<i64>>(row, "signed_in_at")?.map(unsigned),
        memberships,
    })
}

fn membership_of(row: &Row) -> Result<Membership, StoreError> {
    Ok(Membership { role: get(row, "role")?, organisation: get(row, "organisation")? })
}

async fn bump(connection: &mut Connection, tenant: &str) -> Result<(), StoreError> {
    sqlx::query(sql::BUMP_REGISTRY).bind(tenant).execute(connection).await.map_err(failed)?;
    Ok(())
}

/// Runs a statement about one role of one person; how many rows it changed.
async fn about_role(
    connection: &mut Connection,
    text: &'static str,
    tenant: &str,
    person: &str,
    membership: &Membership,
) -> Result<u64, StoreError> {
    let query = sqlx::query(text).bind(tenant).bind(person).bind(&membership.role).bind(&membership.organisation);
    Ok(query.execute(connection).await.map_err(failed)?.rows_affected())
}

async fn add(
    store: &SqlStore,
    tenant: &str,
    person: &str,
    name: PersonName<'_>,
    membership: &Membership,
) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::INSERT_PERSON).bind(tenant).bind(person).bind(name.written).bind(name.reading);
    if query.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(false);
    }
    about_role(&mut transaction, sql::INSERT_MEMBERSHIP, tenant, person, membership).await?;
    bump(&mut transaction, tenant).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

async fn rename(store: &SqlStore, tenant: &str, person: &str, name: PersonName<'_>) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::RENAME_PERSON).bind(tenant).bind(person).bind(name.written).bind(name.reading);
    if query.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(false);
    }
    bump(&mut transaction, tenant).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

async fn take(store: &SqlStore, tenant: &str, person: &str, membership: &Membership) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let taken = about_role(&mut transaction, sql::DELETE_MEMBERSHIP, tenant, person, membership).await?;
    for text in [sql::DELETE_CODES_OF_ROLE, sql::DELETE_LOGINS_OF_ROLE] {
        about_role(&mut transaction, text, tenant, person, membership).await?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(taken > 0)
}

async fn disable(store: &SqlStore, tenant: &str, person: &str, at: Option<u64>) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let query = sqlx::query(sql::SET_DISABLED).bind(tenant).bind(person).bind(at.map(integer));
    query.execute(&mut *transaction).await.map_err(failed)?;
    if at.is_some() {
        let query = sqlx::query(sql::DELETE_LOGINS_OF_PERSON).bind(tenant).bind(person);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn switch(store: &SqlStore, token_hash: &SecretHash, membership: &Membership) -> Result<bool, StoreError> {
    let query = sqlx::query(sql::SWITCH_ROLE).bind(&token_hash[..]);
    let query = query.bind(&membership.role).bind(&membership.organisation);
    Ok(query.execute(&mut *store.writer().await?).await.map_err(failed)?.rows_affected() > 0)
}

#[async_trait]
impl PeopleStore for SqlStore {
    async fn list_people(&self, tenant: &str) -> Result<Vec<PersonRow>, StoreError> {
        let mut look = self.look().await?;
        let mut roles: BTreeMap<String, Vec<Membership>> = BTreeMap::new();
        let query = sqlx::query(sql::LIST_MEMBERSHIPS).bind(tenant);
        for row in query.fetch_all(&mut *look).await.map_err(failed)? {
            roles.entry(get(&row, "person")?).or_default().push(membership_of(&row)?);
        }
        let query = sqlx::query(sql::LIST_PERSONS).bind(tenant);
        let rows = query.fetch_all(&mut *look).await.map_err(failed)?;
        rows.iter()
            .map(|row| person_of(row, roles.remove(&get::<String>(row, "person")?).unwrap_or_default()))
            .collect()
    }

    async fn lookup_person(&self, tenant: &str, person: &str) -> Result<Option<PersonRow>, StoreError> {
        let mut look = self.look().await?;
        let query = sqlx::query(sql::LOOKUP_PERSON).bind(tenant).bind(person);
        let Some(row) = query.fetch_optional(&mut *look).await.map_err(failed)? else { return Ok(None) };
        let query = sqlx::query(sql::LOOKUP_MEMBERSHIPS).bind(tenant).bind(person);
        let roles = query.fetch_all(&mut *look).await.map_err(failed)?;
        person_of(&row, roles.iter().map(membership_of).collect::<Result<_, _>>()?).map(Some)
    }

    async fn add_person(
        &self,
        tenant: &str,
        person: &str,
        name: PersonName<'_>,
        membership: &Membership,
    ) -> Result<bool, StoreError> {
        again!(add(self, tenant, person, name, membership))
    }

    async fn rename_person(&self, tenant: &str, person: &str, name: PersonName<'_>) -> Result<bool, StoreError> {
        again!(rename(self, tenant, person, name))
    }

    async fn give_role(&self, tenant: &str, person: &str, membership: &Membership) -> Result<bool, StoreError> {
        let mut writer = self.writer().await?;
        Ok(about_role(&mut writer, sql::INSERT_MEMBERSHIP, tenant, person, membership).await? > 0)
    }

    async fn take_role(&self, tenant: &str, person: &str, membership: &Membership) -> Result<bool, StoreError> {
        again!(take(self, tenant, person, membership))
    }

    async fn set_disabled(&self, tenant: &str, person: &str, disabled_at: Option<u64>) -> Result<(), StoreError> {
        again!(disable(self, tenant, person, disabled_at))
    }

    async fn switch_role(&self, token_hash: &SecretHash, membership: &Membership) -> Result<bool, StoreError> {
        again!(switch(self, token_hash, membership))
    }

    async fn change_association(
        &self,
        tenant: &str,
        association: &str,
        name: &str,
        municipalities: &[String],
    ) -> Result<(), StoreError> {
        again!(registry::change_association(self, tenant, association, name, municipalities))
    }
}
