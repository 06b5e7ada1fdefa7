//! People and their roles: who they are, what they may do, and in which organisation.
//!
//! Whoever edits people gives no more than they have ([`Role::gives`]) and nowhere but where they reach. A person whom the
//! caller does not see is answered as an unknown one; of a person seen, roles in other organisations are not shown.
//! Ids follow from the name and the first organisation, so that the same entry made twice is found to be one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::access::{Action, Caller, Extent, Organisation, Role};
use super::journal::Act;
use super::organisation;
use super::registry::Named;
use super::secret::{NoRandomness, SignInCode, id_from_name};
use crate::store::StoreError;
use crate::store::people::{Membership, PersonName, PersonRow};
use crate::store::types::{CodePurpose, CodeRow, Registry};

/// Longest name, in letters.
const NAME_LETTERS: usize = 80;
/// How many people who were given another name may have had the same one before.
const RENAMED: u32 = 20;
/// How long a sign-in code for the console holds.
const CODE_HOURS: u64 = 24;

/// Why something about people is refused.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Unknown, or not this caller's to see.
    #[error("unknown, or not this caller's to see")]
    NotFound,
    /// Not this caller's to do.
    #[error("not this caller's to do")]
    Forbidden,
    /// A name is empty or too long.
    #[error("a name has 1 to 80 letters")]
    Name,
    /// Someone of this name is there already.
    #[error("someone of this name is there already")]
    Taken,
    /// The organisation is not in the registry, or not of the kind the role has.
    #[error(transparent)]
    Organisation(#[from] organisation::Unknown),
    /// One's own access is not one's own to take away.
    #[error("one's own access")]
    Oneself,
    /// The person may not sign in.
    #[error("the person is disabled")]
    Disabled,
    /// The machine gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A role in an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleView {
    /// The role.
    pub role: Role,
    /// The organisation.
    pub organisation: Named,
    /// Whether the caller may give and take it.
    pub may_edit: bool,
}

/// A person as the console shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    /// Registry id.
    pub person: String,
    /// Name.
    pub name: String,
    /// How it is read, in kana; null: not stated.
    pub reading: Option<String>,
    /// Since when they may not sign in, ms; null: they may.
    pub disabled_at: Option<u64>,
    /// When they last signed in to the console, ms; null: never.
    pub signed_in_at: Option<u64>,
    /// What they do, as far as the caller sees it.
    pub roles: Vec<RoleView>,
    /// Whether the caller may keep them from signing in.
    pub may_disable: bool,
    /// Whether the caller may give them another name.
    pub may_rename: bool,
}

/// The people a caller sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PeoplePage {
    /// When this was read, ms.
    pub as_of: u64,
    /// By name.
    pub people: Vec<PersonView>,
    /// Roles the caller may give.
    pub gives: Vec<Role>,
    /// The only organisation they may give them in; null: any of the prefecture.
    pub only_organisation: Option<String>,
}

/// A role to give or to take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChoice {
    /// The role.
    pub role: Role,
    /// Municipality code, id of an association or hub, or prefecture, as the role has it.
    pub organisation: String,
}

impl RoleChoice {
    fn membership(&self) -> Membership {
        Membership { role: self.role.as_str().to_owned(), organisation: self.organisation.clone() }
    }

    fn shown(&self) -> String {
        format!("{} {}", self.role.as_str(), self.organisation)
    }
}

/// A person to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Name, 1 to 80 letters.
    pub name: String,
    /// How it is read, in kana, at most 80 letters; absent or empty: not stated.
    pub reading: Option<String>,
    /// Their first role.
    pub role: Role,
    /// Its organisation.
    pub organisation: String,
}

/// A sign-in code; shown only here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewCode {
    /// `XXXX-XXXX`.
    pub code: String,
    /// Until when it can be used, ms.
    pub expires_at: u64,
}

/// Whether a role in an organisation is the caller's to give and to take.
fn may_give(caller: &Caller, choice: &RoleChoice) -> bool {
    let organisation = Organisation::of(choice.role, &choice.organisation);
    caller.role.gives().contains(&choice.role) && caller.may_at(Action::EditPeople, organisation)
}

fn choice_of(membership: &Membership) -> Option<RoleChoice> {
    Some(RoleChoice { role: Role::from_name(&membership.role)?, organisation: membership.organisation.clone() })
}

fn sees(caller: &Caller, choice: &RoleChoice) -> bool {
    caller.may_at(Action::ReadPeople, Organisation::of(choice.role, &choice.organisation))
}

/// The name of an organisation, or its id where the registry does not know it.
pub fn organisation_name(registry: &Registry, role: Role, id: &str) -> String {
    let found = match Organisation::of(role, id) {
        Organisation::Prefecture => Some(registry.tenant_name.clone()),
        Organisation::Municipality(code) => {
            registry.municipalities.iter().find(|one| one.code == code).map(|one| one.name.clone())
        }
        Organisation::Association(id) => {
            registry.associations.iter().find(|one| one.id == id).map(|one| one.name.clone())
        }
        Organisation::Session(_) => None,
    };
    found.unwrap_or_else(|| id.to_owned())
}

/// A person as this caller sees them; `None` when they do not.
fn seen(caller: &Caller, registry: &Registry, row: PersonRow) -> Option<PersonView> {
    let choices: Vec<RoleChoice> = row.memberships.iter().filter_map(choice_of).collect();
    let everyone = caller.extent(Action::ReadPeople) == Extent::Prefecture;
    let visible: Vec<&RoleChoice> = choices.iter().filter(|choice| sees(caller, choice)).collect();
    if visible.is_empty() && !everyone {
        return None;
    }
    let role = |choice: &RoleChoice| RoleView {
        role: choice.role,
        organisation: Named {
            name: organisation_name(registry, choice.role, &choice.organisation),
            id: choice.organisation.clone(),
        },
        may_edit: may_give(caller, choice),
    };
    Some(PersonView {
        may_disable: may_disable(caller, &row.person, &choices),
        may_rename: may_rename(caller, &choices),
        roles: visible.into_iter().map(role).collect(),
        person: row.person,
        name: row.name,
        reading: row.reading,
        disabled_at: row.disabled_at,
        signed_in_at: row.signed_in_at,
    })
}

/// Whoever could take all of a person's roles may keep them from signing in; nobody themselves.
fn may_disable(caller: &Caller, person: &str, choices: &[RoleChoice]) -> bool {
    let all = choices.iter().all(|choice| may_give(caller, choice));
    let everyone = caller.extent(Action::EditPeople) == Extent::Prefecture;
    person != caller.person && all && (everyone || !choices.is_empty())
}

/// Whoever could take all of a person's roles may give them another name; an administrator also themselves.
fn may_rename(caller: &Caller, choices: &[RoleChoice]) -> bool {
    let everyone = caller.extent(Action::EditPeople) == Extent::Prefecture;
    everyone || !choices.is_empty() && choices.iter().all(|choice| may_give(caller, choice))
}

/// A person's name as it is stored: 1 to 80 letters, none of them a control.
pub fn name_of(text: &str) -> Result<&str, PeopleError> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_LETTERS && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(PeopleError::Name) }
}

/// A reading as it is stored; none when there is nothing in it.
fn reading_of(text: Option<&str>) -> Result<Option<&str>, PeopleError> {
    text.map(str::trim).filter(|reading| !reading.is_empty()).map(name_of).transpose()
}

async fn registry_of(app: &App, caller: &Caller) -> Result<Registry, PeopleError> {
    app.store.registry(&caller.tenant).await?.ok_or(PeopleError::NotFound)
}

/// A person the caller sees, with all their roles.
async fn open(app: &App, caller: &Caller, person: &str) -> Result<(PersonRow, Vec<RoleChoice>), PeopleError> {
    let row = app.store.lookup_person(&caller.tenant, person).await?.ok_or(PeopleError::NotFound)?;
    let choices: Vec<RoleChoice> = row.memberships.iter().filter_map(choice_of).collect();
    let everyone = caller.extent(Action::ReadPeople) == Extent::Prefecture;
    if !everyone && !choices.iter().any(|choice| sees(caller, choice)) {
        return Err(PeopleError::NotFound);
    }
    Ok((row, choices))
}

/// The people of the caller's part.
pub async fn list(app: &App, caller: &Caller) -> Result<PeoplePage, PeopleError> {
    let registry = registry_of(app, caller).await?;
    let rows = app.store.list_people(&caller.tenant).await?;
    let only_organisation = (caller.extent(Action::EditPeople) == Extent::Own).then(|| caller.organisation.clone());
    let fits = |role: &Role| match &only_organisation {
        Some(own) => organisation::fits(&registry, &caller.tenant, *role, own),
        None => true,
    };
    let gives = if caller.may(Action::EditPeople) { caller.role.gives() } else { &[] };
    Ok(PeoplePage {
        as_of: app.now().0,
        gives: gives.iter().copied().filter(fits).collect(),
        people: rows.into_iter().filter_map(|row| seen(caller, &registry, row)).collect(),
        only_organisation,
    })
}

/// Adds a person with a first role; returns their id.
pub async fn add(app: &App, caller: &Caller, new: NewPerson) -> Result<String, PeopleError> {
    let choice = RoleChoice { role: new.role, organisation: new.organisation };
    if !may_give(caller, &choice) {
        return Err(PeopleError::Forbidden);
    }
    let name = name_of(&new.name)?;
    let reading = reading_of(new.reading.as_deref())?;
    organisation::check(&registry_of(app, caller).await?, &caller.tenant, choice.role, &choice.organisation)?;
    let person = free_id(app, caller, name, &choice).await?;
    if !app
        .store
        .add_person(&caller.tenant, &person, PersonName { written: name, reading }, &choice.membership())
        .await?
    {
        return Err(PeopleError::Taken);
    }
    let act = Act::done(Action::EditPeople).to(&person).saying(format!("add {}", choice.shown()));
    app.journal.note(caller, act).await?;
    Ok(person)
}

/// The id of a new person. It follows from the name, unless somebody who had this name and was given another bears it.
async fn free_id(app: &App, caller: &Caller, name: &str, choice: &RoleChoice) -> Result<String, PeopleError> {
    for number in 1..=RENAMED {
        let again = if number == 1 { String::new() } else { format!("|{number}") };
        let person = id_from_name("pe", &format!("{name}|{}{again}", choice.organisation));
        match app.store.lookup_person(&caller.tenant, &person).await? {
            Some(row) if row.name != name => {}
            Some(_) => return Err(PeopleError::Taken),
            None => return Ok(person),
        }
    }
    Err(PeopleError::Taken)
}

/// Gives a person another name and reading. What they have recorded is theirs under the new one.
pub async fn rename(
    app: &App,
    caller: &Caller,
    person: &str,
    name: &str,
    reading: Option<&str>,
) -> Result<(), PeopleError> {
    let (_, choices) = open(app, caller, person).await?;
    if !caller.may(Action::EditPeople) || !may_rename(caller, &choices) {
        return Err(PeopleError::Forbidden);
    }
    let name = PersonName { written: name_of(name)?, reading: reading_of(reading)? };
    app.store.rename_person(&caller.tenant, person, name).await?;
    let act = Act::done(Action::EditPeople).to(person).saying("rename");
    Ok(app.journal.note(caller, act).await?)
}

/// Gives a role to a person the caller sees.
pub async fn give(app: &App, caller: &Caller, person: &str, choice: &RoleChoice) -> Result<(), PeopleError> {
    open(app, caller, person).await?;
    if !may_give(caller, choice) {
        return Err(PeopleError::Forbidden);
    }
    organisation::check(&registry_of(app, caller).await?, &caller.tenant, choice.role, &choice.organisation)?;
    app.store.give_role(&caller.tenant, person, &choice.membership()).await?;
    let act = Act::done(Action::EditPeople).to(person).saying(format!("give {}", choice.shown()));
    Ok(app.journal.note(caller, act).await?)
}

/// Takes a role from a person. Sign-ins and codes made with it end.
pub async fn take(app: &App, caller: &Caller, person: &str, choice: &RoleChoice) -> Result<(), PeopleError> {
    let (_, choices) = open(app, caller, person).await?;
    if !may_give(caller, choice) {
        return Err(PeopleError::Forbidden);
    }
    if person == caller.person && choice.role == caller.role {
        return Err(PeopleError::Oneself);
    }
    if !choices.contains(choice) {
        return Err(PeopleError::NotFound);
    }
    app.store.take_role(&caller.tenant, person, &choice.membership()).await?;
    let act = Act::done(Action::EditPeople).to(person).saying(format!("take {}", choice.shown()));
    Ok(app.journal.note(caller, act).await?)
}

/// Keeps a person from signing in, or lets them in again. What they have recorded stays.
pub async fn set_disabled(app: &App, caller: &Caller, person: &str, disabled: bool) -> Result<(), PeopleError> {
    let (_, choices) = open(app, caller, person).await?;
    if person == caller.person {
        return Err(PeopleError::Oneself);
    }
    if !caller.may(Action::EditPeople) || !may_disable(caller, person, &choices) {
        return Err(PeopleError::Forbidden);
    }
    app.store.set_disabled(&caller.tenant, person, disabled.then(|| app.now().0)).await?;
    let act = Act::done(Action::EditPeople).to(person).saying(if disabled { "disable" } else { "enable" });
    Ok(app.journal.note(caller, act).await?)
}

/// Makes a code with which a person signs in once, in one of their roles.
pub async fn sign_in_code(
    app: &App,
    caller: &Caller,
    person: &str,
    choice: &RoleChoice,
) -> Result<NewCode, PeopleError> {
    let (row, choices) = open(app, caller, person).await?;
    if !may_give(caller, choice) {
        return Err(PeopleError::Forbidden);
    }
    if !choices.contains(choice) {
        return Err(PeopleError::NotFound);
    }
    if row.disabled_at.is_some() {
        return Err(PeopleError::Disabled);
    }
    let code = SignInCode::random()?;
    let expires_at = app.now().plus_ms(CODE_HOURS * 3_600_000).0;
    let granted = CodeRow {
        tenant: caller.tenant.clone(),
        person: row.person,
        role: choice.role.as_str().to_owned(),
        organisation: choice.organisation.clone(),
        scopes: String::new(),
        uses_left: 1,
        expires_at,
        purpose: CodePurpose::SignIn,
        device: None,
    };
    app.store.upsert_code(&code.hash(), &granted, &row.name).await?;
    let act = Act::done(Action::EditPeople).to(person).saying(format!("code {}", choice.shown()));
    app.journal.note(caller, act).await?;
    Ok(NewCode { code: code.shown(), expires_at })
}

/// What a person may go on as.
pub async fn own_roles(app: &App, caller: &Caller) -> Result<Vec<RoleView>, PeopleError> {
    let registry = registry_of(app, caller).await?;
    let row = app.store.lookup_person(&caller.tenant, &caller.person).await?;
    let choices = row.into_iter().flat_map(|row| row.memberships).filter_map(|one| choice_of(&one));
    let view = |choice: RoleChoice| RoleView {
        role: choice.role,
        organisation: Named {
            name: organisation_name(&registry, choice.role, &choice.organisation),
            id: choice.organisation,
        },
        may_edit: false,
    };
    Ok(choices.map(view).collect())
}
