//! `tsudoi enrol`: makes this a tablet of a server. The credential is remembered, never printed.

use sync_core::ids::DeviceId;

use super::Place;
use crate::api;
use crate::args::Enrol;
use crate::error::CliError;
use crate::home::{Credential, Home};
use crate::host::Host;
use crate::say::say;
use crate::transport::Server;

pub(super) fn run(place: &Place, args: &Enrol) -> Result<(), CliError> {
    let server = Server::new(place.server()?)?;
    if let Some(known) = place.home.credential(server.address(), &place.tablet)? {
        if !args.again {
            say(format_args!(
                "この端末（{}）は登録済みです: {}（{}）",
                place.tablet, known.tenant.name, known.person.name
            ))?;
            return Ok(());
        }
        let unsent = Host::open(&place.home, known)?.status().unsent_records;
        if unsent > 0 {
            return Err(CliError::Unsent { records: unsent });
        }
        let store = place.home.store(server.address(), &place.tablet)?;
        std::fs::remove_file(&store)
            .map_err(|source| CliError::Folder { path: store.display().to_string(), source })?;
    }
    let scopes = (!args.scopes.is_empty()).then_some(args.scopes.as_slice());
    let credential = enrol(&place.home, &server, &place.tablet, &args.code, &args.name, scopes)?;
    say(format_args!("登録しました: {}（{}）", credential.tenant.name, credential.person.name))?;
    if !credential.scopes.is_empty() {
        say(format_args!("受け取る範囲: {}", credential.scopes.join("、")))?;
    }
    say("次は tsudoi sync で記録を受け取れます")
}

/// Enrols a tablet under a new id and remembers its credential.
pub(crate) fn enrol(
    home: &Home,
    server: &Server,
    tablet: &str,
    code: &str,
    name: &str,
    scopes: Option<&[String]>,
) -> Result<Credential, CliError> {
    let device = DeviceId::from_bytes(uuid::Uuid::new_v4().into_bytes());
    let enrolled = api::enrol(server, code, &device.to_string(), name, scopes)?;
    let credential = Credential::of(server.address(), tablet, device, code, enrolled);
    home.remember(&credential)?;
    Ok(credential)
}
