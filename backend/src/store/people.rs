//! People, what roles they have, and the organisations they have them in.

use async_trait::async_trait;

use crate::store::StoreError;
use crate::store::types::SecretHash;

/// A role a person has, in an organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
}

/// A name as it is written and, where that was stated, as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonName<'a> {
    /// As it is written.
    pub written: &'a str,
    /// In kana.
    pub reading: Option<&'a str>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// Registry id.
    pub person: String,
    /// Name.
    pub name: String,
    /// How it is read, in kana.
    pub reading: Option<String>,
    /// Since when they may not sign in, ms.
    pub disabled_at: Option<u64>,
    /// When they last signed in to the console, ms.
    pub signed_in_at: Option<u64>,
    /// What they do, by role and organisation.
    pub memberships: Vec<Membership>,
}

/// Keeping people. Each change that tablets see (a new name or reading) moves the registry's version.
#[async_trait]
pub trait PeopleStore {
    /// Every person of a tenant, by the reading of their names, or else by the names.
    async fn list_people(&self, tenant: &str) -> Result<Vec<PersonRow>, StoreError>;
    /// One of them.
    async fn lookup_person(&self, tenant: &str, person: &str) -> Result<Option<PersonRow>, StoreError>;
    /// Adds a person with a first role; false when the id is taken, and then nothing has changed.
    async fn add_person(
        &self,
        tenant: &str,
        person: &str,
        name: PersonName<'_>,
        membership: &Membership,
    ) -> Result<bool, StoreError>;
    /// Gives a person another name; false when there is no such person.
    async fn rename_person(&self, tenant: &str, person: &str, name: PersonName<'_>) -> Result<bool, StoreError>;
    /// Gives a role; false when they had it.
    async fn give_role(&self, tenant: &str, person: &str, membership: &Membership) -> Result<bool, StoreError>;
    /// Takes a role away, with the codes and sign-ins that were made with it; false when they did not have it.
    async fn take_role(&self, tenant: &str, person: &str, membership: &Membership) -> Result<bool, StoreError>;
    /// Keeps a person from signing in, or lets them in again. Sign-ins they have end.
    async fn set_disabled(&self, tenant: &str, person: &str, disabled_at: Option<u64>) -> Result<(), StoreError>;
    /// Goes on with a sign-in in another role of the same person; false when they do not have it.
    async fn switch_role(&self, token_hash: &SecretHash, membership: &Membership) -> Result<bool, StoreError>;
    /// Replaces an association's name and municipalities.
    async fn change_association(
        &self,
        tenant: &str,
        association: &str,
        name: &str,
        municipalities: &[String],
    ) -> Result<(), StoreError>;
}
