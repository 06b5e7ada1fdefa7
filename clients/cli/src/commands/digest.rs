//! `tsudoi digest`: this tablet's digest of every scope beside the server's.

use serde::Serialize;

use super::Place;
use crate::api;
use crate::error::CliError;
use crate::say::say;

#[derive(Serialize)]
struct Comparison {
    scope: String,
    own_count: u64,
    own_digest: String,
    server_count: Option<u64>,
    server_digest: Option<String>,
    equal: bool,
}

pub(super) fn run(place: &Place, json: bool) -> Result<(), CliError> {
    let host = place.open()?;
    let server = api::scopes(host.server(), &host.credential().key)?;
    let own = host.status().scopes;
    let mut lines: Vec<Comparison> = Vec::new();
    for scope in &own {
        let name = scope.scope.to_string();
        let theirs = server.iter().find(|theirs| theirs.scope == name);
        lines.push(Comparison {
            equal: theirs.is_some_and(|theirs| theirs.digest == scope.digest && theirs.document_count == scope.count),
            scope: name,
            own_count: scope.count,
            own_digest: scope.digest.clone(),
            server_count: theirs.map(|theirs| theirs.document_count),
            server_digest: theirs.map(|theirs| theirs.digest.clone()),
        });
    }
    for theirs in server.iter().filter(|theirs| own.iter().all(|scope| scope.scope.as_str() != theirs.scope)) {
        lines.push(Comparison {
            scope: theirs.scope.clone(),
            own_count: 0,
            own_digest: sync_core::digest::Digest::ZERO.hex(),
            server_count: Some(theirs.document_count),
            server_digest: Some(theirs.digest.clone()),
            equal: theirs.document_count == 0,
        });
    }
    if json {
        say(serde_json::to_string(&lines).unwrap_or_default())?;
    } else {
        for line in &lines {
            let word = if line.equal { "一致" } else { "不一致" };
            let theirs = line.server_digest.as_deref().unwrap_or("なし");
            say(format_args!(
                "{word}  {}  端末 {} 件 {}  サーバー {} 件 {theirs}",
                line.scope,
                line.own_count,
                line.own_digest,
                line.server_count.unwrap_or(0)
            ))?;
        }
    }
    if lines.iter().all(|line| line.equal) { Ok(()) } else { Err(CliError::Differs) }
}
