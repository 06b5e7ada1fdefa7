//! The verb that makes a code without a person of the console: for the first people and tablets, and for scripts.
//!
//! What it grants is in the registry: a code for an organisation or a scope that is not there would be good for nothing.

use std::io::Write;

use clap::Args;
use sync_core::ids::DeviceId;

use crate::administration::{AdministrationError, given_role};
use crate::output::{complain, out};
use crate::service::access::{Action, Role};
use crate::service::enrol::{ANY_SCOPES, Grant, keep_code, person_id};
use crate::service::journal::{Act, Who};
use crate::service::secret::SignInCode;
use crate::service::{App, organisation, people, reference, registry};

/// What a code is for.
#[derive(Debug, Args)]
pub struct CodeArguments {
    /// Prefecture, two digits.
    #[arg(long)]
    tenant: String,
    /// lecturer, staff, coordinator, municipal, prefectural or administrator.
    #[arg(long, value_parser = given_role)]
    role: Role,
    /// Name of the person.
    #[arg(long)]
    person: String,
    /// Municipality code (staff, municipal), association id (coordinator, lecturer), or the prefecture.
    #[arg(long)]
    organisation: String,
    /// A scope a tablet gets, e.g. municipality:112119; may be repeated. * lets the tablet name them.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// How often the code can be used.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    uses: i64,
    /// Id of a known tablet, as `device list` shows it, that the code registers anew; without it the code is for new ones.
    #[arg(long)]
    device: Option<DeviceId>,
    /// Hours until it expires.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..))]
    hours: u64,
}

/// Makes a code and prints it; what it is good for goes to the standard error.
pub async fn make(app: &App, arguments: CodeArguments) -> Result<(), AdministrationError> {
    let known = reference::prefectures().into_iter().find(|prefecture| prefecture.tenant == arguments.tenant);
    let prefecture = known.ok_or(AdministrationError::Tenant(arguments.tenant))?;
    registry::ensure_tenant(app, &prefecture).await?;
    let registry = app.store.registry(prefecture.tenant).await?.unwrap_or_default();
    organisation::check(&registry, prefecture.tenant, arguments.role, &arguments.organisation)?;
    for scope in arguments.scopes.iter().filter(|scope| *scope != ANY_SCOPES) {
        organisation::check_scope(&registry, scope)?;
    }

    let grant = Grant {
        tenant: prefecture.tenant.to_owned(),
        person_name: people::name_of(&arguments.person)?.to_owned(),
        role: arguments.role,
        organisation: arguments.organisation,
        scopes: arguments.scopes.join(" "),
        uses: arguments.uses,
        expires_at: app.now().plus_ms(arguments.hours.saturating_mul(3_600_000)).0,
        device: arguments.device,
    };
    let person = person_id(&grant);
    let known = app.store.lookup_person(&grant.tenant, &person).await?.is_some();
    let code = SignInCode::random()?;
    keep_code(app, &code, &grant).await?;
    let act = Act::done(Action::IssueEnrolment).to(person.clone());
    let act = act.saying(format!("{} {} {}", grant.role.as_str(), grant.organisation, grant.scopes));
    app.journal.note(Who::command_line(&grant.tenant), act).await?;
    let times = if grant.uses == 1 { "once".to_owned() } else { format!("{} times", grant.uses) };
    complain(format_args!(
        "{times} within {} hours, this code registers a tablet or, at /office, signs {} in as {}; that is {} ({person}):",
        arguments.hours,
        grant.person_name,
        grant.role.as_str(),
        if known { "somebody known" } else { "a new person" },
    ));
    Ok(writeln!(out(), "{}", code.shown())?)
}
