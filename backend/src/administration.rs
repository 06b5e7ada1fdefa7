//! The verbs of the command line that keep people, tablets, organisations and the journal.
//!
//! Whoever has a shell on the server administers: each verb calls the service that the console calls, as an
//! administrator named `tsudoi-server`, and is an entry of the journal like any other.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::ids::DeviceId;

use crate::output::out;
use crate::service::access::{Action, Caller, Role};
use crate::service::journal::{self, Act, Who};
use crate::service::people::{self, NewPerson, PeopleError, RoleChoice, organisation_name};
use crate::service::registry::{self, NewAssociation, RegistryError};
use crate::service::retention::RetentionError;
use crate::service::secret::NoRandomness;
use crate::service::tablets::{self, NewTabletCode, TabletError};
use crate::service::{App, organisation, reference};
use crate::store::StoreError;
use crate::store::journal::JournalHead;

/// Which prefecture.
#[derive(Debug, Args)]
pub struct Prefecture {
    /// Prefecture, two digits.
    #[arg(long)]
    pub tenant: String,
}

/// A role that a person can have, by its name.
pub fn given_role(name: &str) -> Result<Role, String> {
    Role::from_name(name).filter(|role| Role::GIVEN.contains(role)).ok_or_else(|| {
        let names = Role::GIVEN.map(Role::as_str);
        format!("no such role; the roles are {}", names.join(", "))
    })
}

/// A role in an organisation.
#[derive(Debug, Args)]
pub struct RoleArguments {
    /// lecturer, staff, coordinator, municipal, prefectural or administrator.
    #[arg(long, value_parser = given_role)]
    role: Role,
    /// Municipality code (staff, municipal), id of an association (coordinator, lecturer) or a hub (coordinator, staff), or
    /// the prefecture.
    #[arg(long)]
    organisation: String,
}

impl RoleArguments {
    /// The role, in an organisation that the registry has.
    async fn choice(self, app: &App, caller: &Caller) -> Result<RoleChoice, AdministrationError> {
        let registry = app.store.registry(&caller.tenant).await?.unwrap_or_default();
        organisation::check(&registry, &caller.tenant, self.role, &self.organisation)?;
        Ok(RoleChoice { role: self.role, organisation: self.organisation })
    }
}

/// Whom a verb is about.
#[derive(Debug, Args)]
pub struct Person {
    #[command(flatten)]
    prefecture: Prefecture,
    /// Id of the person, as `user list` shows it.
    #[arg(long)]
    person: String,
}

/// People and their roles.
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Everyone, with their roles.
    List(Prefecture),
    /// Adds a person with a first role and prints their id and a sign-in code.
    Add {
        #[command(flatten)]
        prefecture: Prefecture,
        /// Name.
        #[arg(long)]
        name: String,
        /// How it is read, in kana.
        #[arg(long)]
        reading: Option<String>,
        #[command(flatten)]
        role: RoleArguments,
    },
    /// Gives a person another name.
    Rename {
        #[command(flatten)]
        person: Person,
        /// The new name.
        #[arg(long)]
        name: String,
        /// How it is read, in kana.
        #[arg(long)]
        reading: Option<String>,
    },
    /// Gives a person another role.
    Give {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        role: RoleArguments,
    },
    /// Takes a role away; sign-ins and codes made with it end.
    Take {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        role: RoleArguments,
    },
    /// Keeps a person from signing in. What they have recorded stays.
    Disable(Person),
    /// Lets a person sign in again.
    Enable(Person),
    /// Prints a code with which a person signs in to the console once, within a day.
    Code {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        role: RoleArguments,
    },
}

/// Tablets.
#[derive(Debug, Subcommand)]
pub enum DeviceVerb {
    /// Every enrolled tablet: who enrolled it, and when it was last here.
    List(Prefecture),
    /// Prints a code that registers one tablet, once, within ten minutes.
    Code {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        role: RoleArguments,
        /// A known tablet that it registers anew; without it a new one.
        #[arg(long)]
        device: Option<DeviceId>,
        /// For a lecturer: the lecturer's id in the registry. The tablet holds that one's dispatches.
        #[arg(long)]
        lecturer: Option<String>,
    },
    /// Ends a tablet's registration. It is shown nothing from its next request on, and what it still sends waits for a
    /// person.
    Revoke {
        #[command(flatten)]
        prefecture: Prefecture,
        /// Id of the tablet.
        #[arg(long)]
        device: DeviceId,
    },
    /// Prints a code with which one person, within ten minutes, opens this tablet without their PIN and chooses another.
    PinCode {
        #[command(flatten)]
        person: Person,
        /// Id of the tablet.
        #[arg(long)]
        device: DeviceId,
    },
}

/// Organisations.
#[derive(Debug, Subcommand)]
pub enum OrganisationVerb {
    /// The prefecture, its associations and hubs with their municipalities, and its municipalities.
    List(Prefecture),
    /// Makes a prefecture with its municipalities, or brings their names up to date.
    Prefecture(Prefecture),
    /// Adds an association or a hub, or municipalities to one of this name; prints its id.
    Add {
        #[command(flatten)]
        prefecture: Prefecture,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Code of a municipality it covers; may be repeated.
        #[arg(long = "municipality")]
        municipalities: Vec<String>,
        /// 在宅医療連携拠点, not 郡市医師会.
        #[arg(long)]
        hub: bool,
    },
    /// Replaces the name and municipalities of an association or a hub.
    Change {
        #[command(flatten)]
        prefecture: Prefecture,
        /// Its id.
        #[arg(long)]
        association: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Code of a municipality it covers; may be repeated.
        #[arg(long = "municipality")]
        municipalities: Vec<String>,
    },
}

/// The journal.
#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Walks along every chain; exit code 1 when a row was changed, taken out or cut off.
    Verify {
        /// An end that was noted elsewhere, as this verb prints it: PREFECTURE:ROWS:HASH. May be repeated.
        #[arg(long = "end", value_parser = noted_end)]
        ends: Vec<(String, JournalHead)>,
    },
}

/// Why a verb of administration failed, for a person to read.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// No such prefecture.
    #[error("{0} is no prefecture of this server, two digits; it knows 11 and 14, which `org prefecture` makes")]
    Tenant(String),
    /// People.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Tablets.
    #[error(transparent)]
    Tablets(#[from] TabletError),
    /// Organisations.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An organisation.
    #[error(transparent)]
    Organisation(#[from] organisation::Unknown),
    /// Keeping and destroying.
    #[error(transparent)]
    Retention(#[from] RetentionError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The terminal.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

fn noted_end(text: &str) -> Result<(String, JournalHead), &'static str> {
    let mut parts = text.splitn(3, ':');
    let (Some(tenant), Some(seq), Some(hash)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("an end reads PREFECTURE:ROWS:HASH");
    };
    let hash = hex::decode(hash).ok().and_then(|bytes| bytes.try_into().ok()).ok_or("the hash has 64 digits")?;
    let seq = seq.parse().map_err(|_| "the number of rows is not a number")?;
    Ok((tenant.to_owned(), JournalHead { seq, hash }))
}

/// The command line as an administrator of a prefecture.
pub async fn caller(app: &App, prefecture: &Prefecture) -> Result<Caller, AdministrationError> {
    if app.store.registry(&prefecture.tenant).await?.is_none() {
        return Err(AdministrationError::Tenant(prefecture.tenant.clone()));
    }
    Ok(Caller::command_line(&prefecture.tenant))
}

/// Runs a verb about people.
pub async fn user(app: &App, verb: UserVerb) -> Result<(), AdministrationError> {
    let mut out = out();
    match verb {
        UserVerb::List(prefecture) => {
            for person in people::list(app, &caller(app, &prefecture).await?).await?.people {
                let state = if person.disabled_at.is_some() { "disabled" } else { "" };
                writeln!(out, "{}  {}  {state}", person.person, person.name)?;
                for role in person.roles {
                    writeln!(
                        out,
                        "    {:<14} {} {}",
                        role.role.as_str(),
                        role.organisation.id,
                        role.organisation.name
                    )?;
                }
            }
        }
        UserVerb::Add { prefecture, name, reading, role } => {
            let caller = caller(app, &prefecture).await?;
            let choice = role.choice(app, &caller).await?;
            let new = NewPerson { name, reading, role: choice.role, organisation: choice.organisation.clone() };
            let person = people::add(app, &caller, new).await?;
            let code = people::sign_in_code(app, &caller, &person, &choice).await?;
            writeln!(out, "{person}  {}", code.code)?;
        }
        UserVerb::Rename { person, name, reading } => {
            let caller = caller(app, &person.prefecture).await?;
            people::rename(app, &caller, &person.person, &name, reading.as_deref()).await?;
        }
        UserVerb::Give { person, role } => {
            let caller = caller(app, &person.prefecture).await?;
            people::give(app, &caller, &person.person, &role.choice(app, &caller).await?).await?;
        }
        UserVerb::Take { person, role } => {
            let caller = caller(app, &person.prefecture).await?;
            people::take(app, &caller, &person.person, &role.choice(app, &caller).await?).await?;
        }
        UserVerb::Disable(person) => {
            let caller = caller(app, &person.prefecture).await?;
            people::set_disabled(app, &caller, &person.person, true).await?;
        }
        UserVerb::Enable(person) => {
            let caller = caller(app, &person.prefecture).await?;
            people::set_disabled(app, &caller, &person.person, false).await?;
        }
        UserVerb::Code { person, role } => {
            let caller = caller(app, &person.prefecture).await?;
            let code = people::sign_in_code(app, &caller, &person.person, &role.choice(app, &caller).await?).await?;
            writeln!(out, "{}", code.code)?;
        }
    }
    Ok(())
}

/// Runs a verb about tablets.
pub async fn device(app: &App, verb: DeviceVerb) -> Result<(), AdministrationError> {
    let mut out = out();
    match verb {
        DeviceVerb::List(prefecture) => list_devices(app, &prefecture, &mut out).await?,
        DeviceVerb::Code { person, role, device, lecturer } => {
            let caller = caller(app, &person.prefecture).await?;
            let RoleChoice { role, organisation } = role.choice(app, &caller).await?;
            let device = device.map(|device| device.to_string());
            let address = app.config.reached_at("http://localhost");
            let new = NewTabletCode { person: person.person, role, organisation, address, device, lecturer };
            writeln!(out, "{}", tablets::issue(app, &caller, &new).await?.code)?;
        }
        DeviceVerb::Revoke { prefecture, device } => {
            let caller = caller(app, &prefecture).await?;
            tablets::revoke(app, &caller, device).await?;
        }
        DeviceVerb::PinCode { person, device } => {
            let caller = caller(app, &person.prefecture).await?;
            let code = tablets::issue_pin_code(app, &caller, device, &person.person).await?;
            writeln!(out, "{}", code.code)?;
        }
    }
    Ok(())
}

async fn list_devices(app: &App, prefecture: &Prefecture, out: &mut impl Write) -> Result<(), AdministrationError> {
    let caller = caller(app, prefecture).await?;
    let registry = app.store.registry(&caller.tenant).await?;
    for tablet in app.store.list_tablets(&caller.tenant).await? {
        let at = |ms: u64| i64::try_from(ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
        let seen = tablet.last_seen_at.and_then(at).map_or("never".to_owned(), |time| time.to_rfc3339());
        let organisation = match (Role::from_name(&tablet.role), &registry) {
            (Some(role), Some(registry)) => organisation_name(registry, role, &tablet.organisation),
            _ => tablet.organisation.clone(),
        };
        let (device, name, role) = (tablet.device, tablet.name, tablet.role);
        writeln!(out, "{device}  {name}  {} ({role}, {organisation})  last here {seen}", tablet.person_name)?;
    }
    Ok(())
}

/// Runs a verb about organisations.
pub async fn organisation(app: &App, verb: OrganisationVerb) -> Result<(), AdministrationError> {
    let mut out = out();
    match verb {
        OrganisationVerb::List(prefecture) => {
            let found = app.store.registry(&prefecture.tenant).await?;
            let registry = found.ok_or(AdministrationError::Tenant(prefecture.tenant.clone()))?;
            writeln!(out, "{}  {}", prefecture.tenant, registry.tenant_name)?;
            for one in registry.associations {
                let kind = if one.hub { "hub" } else { "association" };
                writeln!(out, "{}  {kind}  {}  {}", one.id, one.name, one.municipalities.join(" "))?;
            }
            for one in registry.municipalities {
                writeln!(out, "{}  {}", one.code, one.name)?;
            }
        }
        OrganisationVerb::Prefecture(prefecture) => {
            let known = reference::prefectures().into_iter().find(|one| one.tenant == prefecture.tenant);
            let known = known.ok_or(AdministrationError::Tenant(prefecture.tenant))?;
            registry::ensure_tenant(app, &known).await?;
            let act = Act::done(Action::EditOrganisations).to(known.tenant);
            app.journal.note(Who::command_line(known.tenant), act).await?;
        }
        OrganisationVerb::Add { prefecture, name, municipalities, hub } => {
            let caller = caller(app, &prefecture).await?;
            let id = registry::put_association(app, &caller, NewAssociation { name, municipalities, hub }).await?;
            writeln!(out, "{id}")?;
        }
        OrganisationVerb::Change { prefecture, association, name, municipalities } => {
            let caller = caller(app, &prefecture).await?;
            let new = NewAssociation { name, municipalities, hub: false };
            registry::change_association(app, &caller, &association, new).await?;
        }
    }
    Ok(())
}

/// Walks along the chains of the journal; whether all are sound.
pub async fn audit(app: &App, verb: AuditVerb) -> Result<bool, AdministrationError> {
    let AuditVerb::Verify { ends } = verb;
    let mut out = out();
    let mut sound = true;
    let mut tenants = app.store.list_tenants().await?;
    tenants.push(String::new());
    for tenant in tenants {
        let noted = ends.iter().filter(|(of, _)| *of == tenant).map(|(_, end)| *end);
        for end in noted.map(Some).chain([None]) {
            let chain = journal::verify(app.store.as_ref(), &tenant, end).await?;
            if let Some(fault) = chain.fault {
                sound = false;
                writeln!(out, "{tenant}: {fault}; {} rows before it are sound", chain.rows)?;
                break;
            }
            if end.is_none() {
                writeln!(out, "{tenant}:{}:{}", chain.head.seq, hex::encode(chain.head.hash))?;
            }
        }
    }
    Ok(sound)
}
