//! Sign-ins, passwords, passkeys, identities, and steps of a sign-in under way.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::devices::{login_row, take_code};
use super::dialect::{ATTEMPTS, Connection, Row, SqlStore, failed};
use super::statements as sql;
use super::{PATIENCE, again, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::signin::{
    AccountRow, CeremonyRow, IdentityRow, LoginEntry, LoginOwner, NewLogin, PasskeyRow, SignInStore,
};
use crate::store::types::{CodePurpose, LoginRow, SecretHash};

async fn insert_login(connection: &mut Connection, owner: &LoginOwner, new: &NewLogin) -> Result<(), StoreError> {
    let ended = sqlx::query(sql::DELETE_EXPIRED_LOGINS).bind(integer(new.now));
    ended.execute(&mut *connection).await.map_err(failed)?;
    let signed_in = sqlx::query(sql::NOTE_SIGNED_IN).bind(&owner.tenant).bind(&owner.person).bind(integer(new.now));
    signed_in.execute(&mut *connection).await.map_err(failed)?;
    sqlx::query(sql::INSERT_LOGIN)
        .bind(&new.token_hash[..])
        .bind(&new.login)
        .bind(&owner.tenant)
        .bind(&owner.person)
        .bind(&owner.role)
        .bind(&owner.organisation)
        .bind(&new.method)
        .bind(&new.peer)
        .bind(&new.agent)
        .bind(integer(new.now))
        .bind(integer(new.expires_at))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn begin_login(store: &SqlStore, owner: &LoginOwner, new: &NewLogin) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    insert_login(&mut transaction, owner, new).await?;
    transaction.commit().await.map_err(failed)
}

async fn login(store: &SqlStore, code_hash: &SecretHash, new: &NewLogin) -> Result<Option<LoginRow>, StoreError> {
    let mut transaction = store.begin().await?;
    let Some(code) = take_code(&mut transaction, code_hash, CodePurpose::SignIn, new.now).await? else {
        return Ok(None);
    };
    let owner =
        LoginOwner { tenant: code.tenant, person: code.person, role: code.role, organisation: code.organisation };
    insert_login(&mut transaction, &owner, new).await?;
    let row = sqlx::query(sql::LOOKUP_LOGIN).bind(&new.token_hash[..]).bind(integer(new.now)).bind(integer(new.now));
    let row = row.fetch_optional(&mut *transaction).await.map_err(failed)?.as_ref().map(login_row).transpose()?;
    transaction.commit().await.map_err(failed)?;
    Ok(row)
}

fn account_row(row: &Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        name: get(row, "name")?,
        tenant: get(row, "tenant")?,
        person: get(row, "person")?,
        password: get(row, "password")?,
        set_at: unsigned(get(row, "set_at")?),
    })
}

fn passkey_row(row: &Row) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        credential: get(row, "credential")?,
        tenant: get(row, "tenant")?,
        person: get(row, "person")?,
        name: get(row, "name")?,
        data: get(row, "data")?,
        added_at: unsigned(get(row, "added_at")?),
        used_at: get::<Option<i64>>(row, "used_at")?.map(unsigned),
    })
}

fn identity_row(row: &Row) -> Result<IdentityRow, StoreError> {
    Ok(IdentityRow {
        issuer: get(row, "issuer")?,
        subject: get(row, "subject")?,
        tenant: get(row, "tenant")?,
        person: get(row, "person")?,
        added_at: unsigned(get(row, "added_at")?),
    })
}

async fn set_account(store: &SqlStore, account: &AccountRow) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let before = sqlx::query(sql::DELETE_ACCOUNT).bind(&account.tenant).bind(&account.person);
    before.execute(&mut *transaction).await.map_err(failed)?;
    let insert = sqlx::query(sql::INSERT_ACCOUNT)
        .bind(&account.name)
        .bind(&account.tenant)
        .bind(&account.person)
        .bind(&account.password)
        .bind(integer(account.set_at));
    if insert.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(false);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

async fn begin_ceremony(store: &SqlStore, secret: &SecretHash, row: &CeremonyRow, now: u64) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let over = sqlx::query(sql::DELETE_OLD_CEREMONIES).bind(integer(now));
    over.execute(&mut *transaction).await.map_err(failed)?;
    sqlx::query(sql::INSERT_CEREMONY)
        .bind(&secret[..])
        .bind(&row.kind)
        .bind(&row.tenant)
        .bind(&row.person)
        .bind(&row.data)
        .bind(integer(row.expires_at))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

#[async_trait]
impl SignInStore for SqlStore {
    async fn begin_login(&self, owner: &LoginOwner, new: &NewLogin) -> Result<(), StoreError> {
        again!(begin_login(self, owner, new))
    }

    async fn note_login_seen(&self, token_hash: &SecretHash, now: u64) -> Result<(), StoreError> {
        let query = sqlx::query(sql::NOTE_LOGIN_SEEN).bind(&token_hash[..]).bind(integer(now));
        query.execute(&mut *self.writer().await?).await.map_err(failed)?;
        Ok(())
    }

    async fn prove_login(&self, old: &SecretHash, new: &SecretHash, now: u64) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::PROVE_LOGIN).bind(&old[..]).bind(&new[..]).bind(integer(now));
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn list_logins(&self, tenant: &str, person: &str, now: u64) -> Result<Vec<LoginEntry>, StoreError> {
        let query = sqlx::query(sql::LIST_LOGINS).bind(tenant).bind(person).bind(integer(now));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        let entry = |row: &Row| {
            Ok(LoginEntry {
                login: get(row, "login")?,
                method: get(row, "method")?,
                peer: get(row, "peer")?,
                agent: get(row, "agent")?,
                began_at: unsigned(get(row, "began_at")?),
                seen_at: unsigned(get(row, "seen_at")?),
            })
        };
        rows.iter().map(entry).collect()
    }

    async fn end_login(&self, tenant: &str, person: &str, login: &str) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::END_LOGIN).bind(tenant).bind(person).bind(login);
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn end_logins(&self, tenant: &str, person: &str, except: &str) -> Result<u64, StoreError> {
        let query = sqlx::query(sql::END_LOGINS).bind(tenant).bind(person).bind(except);
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected())
    }

    async fn list_roles_in_use(&self, tenant: &str, person: &str) -> Result<Vec<(String, String)>, StoreError> {
        let query = sqlx::query(sql::LIST_ROLES_IN_USE).bind(tenant).bind(person);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| Ok((get(row, "role")?, get(row, "organisation")?))).collect()
    }

    async fn lookup_account(&self, name: &str) -> Result<Option<AccountRow>, StoreError> {
        let query = sqlx::query(sql::LOOKUP_ACCOUNT).bind(name);
        query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?.as_ref().map(account_row).transpose()
    }

    async fn account_of(&self, tenant: &str, person: &str) -> Result<Option<AccountRow>, StoreError> {
        let query = sqlx::query(sql::ACCOUNT_OF).bind(tenant).bind(person);
        query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?.as_ref().map(account_row).transpose()
    }

    async fn set_account(&self, account: &AccountRow) -> Result<bool, StoreError> {
        again!(set_account(self, account))
    }

    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::INSERT_PASSKEY)
            .bind(&passkey.credential[..])
            .bind(&passkey.tenant)
            .bind(&passkey.person)
            .bind(&passkey.name)
            .bind(&passkey.data)
            .bind(integer(passkey.added_at));
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn lookup_passkey(&self, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        let query = sqlx::query(sql::LOOKUP_PASSKEY).bind(credential);
        query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?.as_ref().map(passkey_row).transpose()
    }

    async fn list_passkeys(&self, tenant: &str, person: &str) -> Result<Vec<PasskeyRow>, StoreError> {
        let query = sqlx::query(sql::LIST_PASSKEYS).bind(tenant).bind(person);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(passkey_row).collect()
    }

    async fn note_passkey_used(&self, credential: &[u8], data: &str, now: u64) -> Result<(), StoreError> {
        let query = sqlx::query(sql::NOTE_PASSKEY_USED).bind(credential).bind(data).bind(integer(now));
        query.execute(&mut *self.writer().await?).await.map_err(failed)?;
        Ok(())
    }

    async fn remove_passkey(&self, tenant: &str, person: &str, credential: &[u8]) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::DELETE_PASSKEY).bind(tenant).bind(person).bind(credential);
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn lookup_identity(&self, issuer: &str, subject: &str) -> Result<Option<IdentityRow>, StoreError> {
        let query = sqlx::query(sql::LOOKUP_IDENTITY).bind(issuer).bind(subject);
        query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?.as_ref().map(identity_row).transpose()
    }

    async fn add_identity(&self, identity: &IdentityRow) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::INSERT_IDENTITY)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(&identity.tenant)
            .bind(&identity.person)
            .bind(integer(identity.added_at));
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn list_identities(&self, tenant: &str, person: &str) -> Result<Vec<IdentityRow>, StoreError> {
        let query = sqlx::query(sql::LIST_IDENTITIES).bind(tenant).bind(person);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(identity_row).collect()
    }

    async fn remove_identity(&self, tenant: &str, person: &str, issuer: &str) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::DELETE_IDENTITY).bind(tenant).bind(person).bind(issuer);
        Ok(query.execute(&mut *self.writer().await?).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn begin_ceremony(&self, secret: &SecretHash, row: &CeremonyRow, now: u64) -> Result<(), StoreError> {
        again!(begin_ceremony(self, secret, row, now))
    }

    async fn take_ceremony(
        &self,
        secret: &SecretHash,
        kind: &str,
        now: u64,
    ) -> Result<Option<CeremonyRow>, StoreError> {
        let query = sqlx::query(sql::TAKE_CEREMONY).bind(&secret[..]).bind(kind);
        let row = query.fetch_optional(&mut *self.writer().await?).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let row = CeremonyRow {
            kind: get(&row, "kind")?,
            tenant: get(&row, "tenant")?,
            person: get(&row, "person")?,
            data: get(&row, "data")?,
            expires_at: unsigned(get(&row, "expires_at")?),
        };
        Ok((row.expires_at > now).then_some(row))
    }

    async fn login(&self, code_hash: &SecretHash, new: &NewLogin) -> Result<Option<LoginRow>, StoreError> {
        again!(login(self, code_hash, new))
    }

    async fn use_code(&self, code_hash: &SecretHash, now: u64) -> Result<bool, StoreError> {
        let mut connection = self.writer().await?;
        Ok(take_code(&mut connection, code_hash, CodePurpose::SignIn, now).await?.is_some())
    }
}
