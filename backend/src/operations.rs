//! The verbs an operator runs on a whole database: comparing, making anew, offering anew, destroying.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use sync_core::ids::DocumentId;

use crate::administration::AdministrationError;
use crate::output::{complain, out};
use crate::service::access::Action;
use crate::service::journal::{Act, Who};
use crate::service::{App, purge, verify};

/// Which record is destroyed.
#[derive(Debug, Args)]
pub struct PurgeArguments {
    /// Prefecture, two digits.
    #[arg(long)]
    tenant: String,
    /// The record's id.
    #[arg(long)]
    document: DocumentId,
    /// Why; kept for good.
    #[arg(long)]
    reason: String,
    /// Also when this database knows nothing of such a record: after a backup was restored, tablets may still bring it.
    #[arg(long)]
    unknown: bool,
}

/// Compares what follows from documents with them; whether all is as it should be.
pub async fn compare(app: &App) -> Result<ExitCode, AdministrationError> {
    let mut out = out();
    let mut sound = true;
    for tenant in app.store.list_tenants().await? {
        let findings = verify::verify(app, &tenant).await?;
        for difference in &findings.differences {
            writeln!(out, "{tenant} {difference}")?;
        }
        let (documents, scopes, count) = (findings.documents, findings.scopes, findings.count);
        writeln!(out, "{tenant}: {documents} documents, {scopes} scopes, {count} differences")?;
        sound &= count == 0;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes what follows from documents anew.
pub async fn rebuild(app: &App) -> Result<ExitCode, AdministrationError> {
    let mut out = out();
    for tenant in app.store.list_tenants().await? {
        let count = verify::rebuild(app, &tenant).await?;
        app.journal.note(Who::command_line(&tenant), Act::done(Action::Operate).to("rebuild")).await?;
        writeln!(out, "{tenant}: {count} documents")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has every tablet offer what it holds.
pub async fn renew_epochs(app: &App, tenant: Option<&str>) -> Result<ExitCode, AdministrationError> {
    let count = app.store.renew_epochs(tenant).await?;
    let act = Act::done(Action::Operate).to("renew-epochs");
    app.journal.note(Who::command_line(tenant.unwrap_or_default()), act).await?;
    writeln!(out(), "{count} scopes")?;
    Ok(ExitCode::SUCCESS)
}

/// Destroys a record. One this database knows nothing of is refused, unless that is said to be meant: it is a mistyped id.
pub async fn destroy(app: &App, arguments: PurgeArguments) -> Result<ExitCode, AdministrationError> {
    let PurgeArguments { tenant, document, reason, unknown } = arguments;
    if !app.store.list_tenants().await?.contains(&tenant) {
        return Err(AdministrationError::Tenant(tenant));
    }
    if !unknown && !app.store.knows(&tenant, document).await? {
        complain(format_args!(
            "tsudoi-server: there is no record {document} in {tenant}; nothing was destroyed. Check the id. If the record was \
             made after the backup that was restored, --unknown keeps tablets from bringing it back"
        ));
        return Ok(ExitCode::FAILURE);
    }
    let done = purge::purge(app, Who::command_line(&tenant), document, &reason).await?;
    writeln!(out(), "{}", if done { "destroyed" } else { "was destroyed before" })?;
    Ok(ExitCode::SUCCESS)
}
