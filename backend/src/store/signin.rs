//! What the store keeps of signing in: sign-ins of the console, passwords, passkeys, identities, and steps under way.
//!
//! Only hashes of tokens and passwords, and public keys, are kept. Each method is one transaction.

use async_trait::async_trait;

use super::StoreError;
use super::types::{LoginRow, SecretHash};

/// A sign-in that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLogin {
    /// Of the cookie's token.
    pub token_hash: SecretHash,
    /// Names it to its owner.
    pub login: String,
    /// Stable name of the way the person showed who they are.
    pub method: String,
    /// The address it began from.
    pub peer: String,
    /// The browser, in words.
    pub agent: String,
    /// ms.
    pub now: u64,
    /// It ends then in any case, ms.
    pub expires_at: u64,
}

/// Whose sign-in it is, and in which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginOwner {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The person.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
}

/// A sign-in as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginEntry {
    /// Its name.
    pub login: String,
    /// The way the person showed who they are.
    pub method: String,
    /// The address it began from.
    pub peer: String,
    /// The browser, in words.
    pub agent: String,
    /// ms.
    pub began_at: u64,
    /// ms.
    pub seen_at: u64,
}

/// A sign-in name with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// What the person types.
    pub name: String,
    /// The prefecture, two digits.
    pub tenant: String,
    /// The person.
    pub person: String,
    /// The argon2 hash with its parameters.
    pub password: String,
    /// When the password was set, ms.
    pub set_at: u64,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The authenticator's name for it.
    pub credential: Vec<u8>,
    /// The prefecture, two digits.
    pub tenant: String,
    /// The person.
    pub person: String,
    /// What the person calls it.
    pub name: String,
    /// The public key and its counter, as the library writes them.
    pub data: String,
    /// ms.
    pub added_at: u64,
    /// ms.
    pub used_at: Option<u64>,
}

/// Who a person is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The provider.
    pub issuer: String,
    /// The person there.
    pub subject: String,
    /// The prefecture, two digits.
    pub tenant: String,
    /// The person here.
    pub person: String,
    /// ms.
    pub added_at: u64,
}

/// A step of a sign-in that waits for its second half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CeremonyRow {
    /// What it is for.
    pub kind: String,
    /// Whose it is; '' before that is known.
    pub tenant: String,
    /// Whose it is; '' before that is known.
    pub person: String,
    /// What the second half needs.
    pub data: String,
    /// ms.
    pub expires_at: u64,
}

/// The part of a store that signing in needs.
#[async_trait]
pub trait SignInStore {
    /// Begins a sign-in, and forgets those that have ended.
    async fn begin_login(&self, owner: &LoginOwner, new: &NewLogin) -> Result<(), StoreError>;
    /// Notes that a sign-in is used.
    async fn note_login_seen(&self, token_hash: &SecretHash, now: u64) -> Result<(), StoreError>;
    /// The person of a sign-in has shown anew who they are: the sign-in goes on under another token.
    async fn prove_login(&self, old: &SecretHash, new: &SecretHash, now: u64) -> Result<bool, StoreError>;
    /// A person's sign-ins that have not ended, those last used first.
    async fn list_logins(&self, tenant: &str, person: &str, now: u64) -> Result<Vec<LoginEntry>, StoreError>;
    /// Ends one of a person's sign-ins by its name.
    async fn end_login(&self, tenant: &str, person: &str, login: &str) -> Result<bool, StoreError>;
    /// Ends a person's sign-ins, all but the one named; how many.
    async fn end_logins(&self, tenant: &str, person: &str, except: &str) -> Result<u64, StoreError>;

    /// A person's roles and organisations, unless the person is disabled.
    async fn list_roles_in_use(&self, tenant: &str, person: &str) -> Result<Vec<(String, String)>, StoreError>;

    /// The account with this sign-in name.
    async fn lookup_account(&self, name: &str) -> Result<Option<AccountRow>, StoreError>;
    /// The account of a person.
    async fn account_of(&self, tenant: &str, person: &str) -> Result<Option<AccountRow>, StoreError>;
    /// Gives a person a sign-in name and password, in place of those before. `false`: someone else has the name.
    async fn set_account(&self, account: &AccountRow) -> Result<bool, StoreError>;

    /// Keeps a passkey. `false`: it is known already.
    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<bool, StoreError>;
    /// The passkey with this id.
    async fn lookup_passkey(&self, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError>;
    /// A person's passkeys, in the order they were added.
    async fn list_passkeys(&self, tenant: &str, person: &str) -> Result<Vec<PasskeyRow>, StoreError>;
    /// Notes the use of a passkey with what the library has to remember.
    async fn note_passkey_used(&self, credential: &[u8], data: &str, now: u64) -> Result<(), StoreError>;
    /// Removes one of a person's passkeys.
    async fn remove_passkey(&self, tenant: &str, person: &str, credential: &[u8]) -> Result<bool, StoreError>;

    /// Who someone at a provider is here.
    async fn lookup_identity(&self, issuer: &str, subject: &str) -> Result<Option<IdentityRow>, StoreError>;
    /// Keeps who someone at a provider is here. `false`: it is known already.
    async fn add_identity(&self, identity: &IdentityRow) -> Result<bool, StoreError>;
    /// Who a person is at providers.
    async fn list_identities(&self, tenant: &str, person: &str) -> Result<Vec<IdentityRow>, StoreError>;
    /// Forgets who a person is at a provider.
    async fn remove_identity(&self, tenant: &str, person: &str, issuer: &str) -> Result<bool, StoreError>;

    /// Keeps the first half of a step, and forgets those whose time is over.
    async fn begin_ceremony(&self, secret: &SecretHash, row: &CeremonyRow, now: u64) -> Result<(), StoreError>;
    /// Takes the first half of a step of this kind away, unless its time is over.
    async fn take_ceremony(&self, secret: &SecretHash, kind: &str, now: u64)
    -> Result<Option<CeremonyRow>, StoreError>;

    /// Signs in with a code, which is used up by it. `None` when it is unknown, used up or expired.
    async fn login(&self, code_hash: &SecretHash, new: &NewLogin) -> Result<Option<LoginRow>, StoreError>;
    /// Uses a code for signing in up once, for nothing but having it.
    async fn use_code(&self, code_hash: &SecretHash, now: u64) -> Result<bool, StoreError>;
}
