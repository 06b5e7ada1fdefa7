//! Random calls of every endpoint in the list with the ids of everyone: what is read is the caller's to see, and nothing of
//! others changes.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tsudoi_server::http::matrix::{ENDPOINTS, Endpoint, Entrance};
use tsudoi_server::service::access::{Action, Extent, Role};
use tsudoi_server::service::journal::DONE;
use tsudoi_server::store::journal::JournalFilter;

use super::state;
use super::world::{Someone, World};
use crate::support::Device;

const CALLS: u64 = 600;

impl World {
    /// The address with an id of anyone, or of no one, in each place; and the same with ids nobody has.
    fn address(&mut self, endpoint: &Endpoint) -> (String, String) {
        let documents: Vec<String> = self.marks.iter().map(|mark| mark.document.to_string()).collect();
        let devices: Vec<String> = self.tablets.iter().map(|(device, _)| device.device.to_string()).collect();
        let people: Vec<String> = self.everyone.iter().map(|one| one.person.clone()).collect();
        let codes: Vec<String> = self.municipalities.iter().map(|(_, code)| code.clone()).collect();
        let associations: Vec<String> = self.associations.iter().map(|(_, id)| id.clone()).collect();
        let nobody = "99999999-9999-4999-8999-999999999999";
        let (mut some, mut none) = (endpoint.path.to_owned(), endpoint.path.to_owned());
        for (place, ids, unknown) in [
            ("{document}", documents, nobody),
            ("{device}", devices, nobody),
            ("{person}", people, "pe-9999999999"),
            ("{code}", codes, "999999"),
            ("{id}", associations, "as-9999999999"),
        ] {
            some = some.replace(place, &self.pick(&ids));
            none = none.replace(place, unknown);
        }
        (some, none)
    }

    fn query(&mut self, endpoint: &Endpoint) -> String {
        let code = self.municipalities[self.chance.below(self.municipalities.len() as u64) as usize].1.clone();
        let association = self.associations[self.chance.below(self.associations.len() as u64) as usize].1.clone();
        let filter = match self.chance.below(4) {
            0 => "fiscal_year=2026".to_owned(),
            1 => format!("municipality={code}"),
            2 => format!("association={association}"),
            _ => String::new(),
        };
        match endpoint.path {
            "/v1/records" | "/v1/records.csv" => format!("?{filter}"),
            "/v1/corrections" => "?month=2026-05".to_owned(),
            _ => String::new(),
        }
    }

    /// A body that would do something to what belongs to `organisation` of another.
    fn body(&mut self, endpoint: &Endpoint, stranger: &str) -> Value {
        let document = self.marks[self.chance.below(self.marks.len() as u64) as usize].document.to_string();
        let device = self.tablets[self.chance.below(self.tablets.len() as u64) as usize].0.device.to_string();
        let role = if stranger.starts_with("as-") { "lecturer" } else { "staff" };
        let choice = json!({ "role": role, "organisation": stranger });
        match endpoint.path {
            "/v1/registry/associations" | "/v1/registry/associations/{id}" => {
                json!({ "name": "第1医師会", "municipalities": [] })
            }
            "/v1/registry/lecturers" => json!({ "surname": "他人", "association": stranger, "bank": true }),
            "/v1/registry/materials" => json!({ "name": "他人の冊子" }),
            "/v1/records/{document}" => json!({ "reason": "他人" }),
            "/v1/custody/decisions" => {
                json!({ "document": document, "device": device, "decision": "declined", "reason": "他人" })
            }
            "/v1/closings" => json!({ "month": "2026-04" }),
            "/v1/people" => json!({ "name": "他人", "role": role, "organisation": stranger }),
            "/v1/people/{person}/roles" | "/v1/people/{person}/code" | "/v1/me/role" => choice,
            "/v1/people/{person}/disabled" => json!({ "disabled": true }),
            "/v1/records/{document}/pass" => {
                let visitor = self.everyone.iter().find(|one| one.role == Role::Visitor).unwrap();
                json!({ "lecturer": visitor.person, "address": "https://tsudoi.example" })
            }
            _ => json!({}),
        }
    }
}

/// Endpoints whose answers are streams, or are asked for in another test of this file.
fn is_apart(endpoint: &Endpoint) -> bool {
    endpoint.entrance == Entrance::Open
        || (endpoint.entrance == Entrance::Tablet && endpoint.method != "GET")
        || endpoint.path == "/v1/events"
}

pub async fn reading(world: &mut World, seed: u64) {
    let (mut called, mut shown) = (BTreeSet::new(), 0);
    let endpoints: Vec<&Endpoint> = ENDPOINTS.iter().filter(|one| one.method == "GET" && !is_apart(one)).collect();
    for call in 0..CALLS {
        let endpoint = endpoints[(call as usize) % endpoints.len()];
        let who = world.chance.below(world.everyone.len() as u64) as usize;
        let (some, none) = world.address(endpoint);
        let query = world.query(endpoint);
        let one = &world.everyone[who];
        let answer = world.send(one, "GET", &format!("{some}{query}"), None).await;
        let what = format!("{some}{query} (seed {seed})");
        assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
        world.assert_own(one, &what, &answer);
        let text = String::from_utf8_lossy(&answer.body);
        shown += world.marks.iter().filter(|mark| text.contains(&mark.text)).count();
        if one.role.extent(endpoint.action) == Extent::Nothing {
            assert!(answer.status.is_client_error(), "{:?} gets {} from {what}", one.role, answer.status);
        }
        if some != none && answer.status != StatusCode::OK {
            let unknown = world.send(one, "GET", &format!("{none}{query}"), None).await;
            assert_eq!((answer.status, answer.code()), (unknown.status, unknown.code()), "{what} is told from unknown");
        }
        called.insert(endpoint.path);
    }
    assert!(shown > 30, "so little was shown ({shown}) that nothing could have been wrong");
    assert_eq!(called.len(), endpoints.iter().map(|one| one.path).collect::<BTreeSet<_>>().len());
}

/// What nobody knows cannot be acted on, not even by who may do anything: the answer says so, nothing changes, and the journal
/// tells of no act.
pub async fn acting_on_nothing(world: &mut World, seed: u64) {
    let one = world.everyone.iter().position(|one| one.role == Role::Administrator && one.tenant == "11").unwrap();
    let (stranger, before) = (world.everyone[one].organisation.clone(), state(world).await);
    let done = async |world: &World| {
        let rows = world.server.app.store.list_journal("11", &JournalFilter::default(), None, 10_000).await.unwrap();
        rows.into_iter().filter(|row| row.entry.outcome == DONE).map(|row| row.entry.action).collect::<Vec<_>>()
    };
    let noted = done(world).await;
    let endpoints: Vec<&Endpoint> = ENDPOINTS.iter().filter(|one| one.method != "GET" && !is_apart(one)).collect();
    for endpoint in endpoints.into_iter().filter(|one| one.path.contains('{')) {
        let (some, none) = world.address(endpoint);
        if some == none {
            continue;
        }
        let body = world.body(endpoint, &stranger);
        let answer = world.send(&world.everyone[one], endpoint.method, &none, Some(&body)).await;
        let what = format!("{} {none} {body} (seed {seed}): {}", endpoint.method, answer.status);
        assert!(answer.status.is_client_error(), "{what}");
        assert_ne!(answer.status, StatusCode::CONFLICT, "{what}");
    }
    assert_eq!(state(world).await, before, "something has changed (seed {seed})");
    assert_eq!(done(world).await, noted, "an act was noted that was none (seed {seed})");
}

/// Whether a caller may do this to something that is not of their organisation, by role alone.
fn may_do_anywhere(one: &Someone, endpoint: &Endpoint) -> bool {
    one.role.extent(endpoint.action) == Extent::Prefecture
}

pub async fn writing(world: &mut World, seed: u64) {
    let before = state(world).await;
    let endpoints: Vec<&Endpoint> = ENDPOINTS.iter().filter(|one| one.method != "GET" && !is_apart(one)).collect();
    for call in 0..CALLS {
        let endpoint = endpoints[(call as usize) % endpoints.len()];
        let who = world.chance.below(world.everyone.len() as u64) as usize;
        let strangers: Vec<String> = world
            .municipalities
            .iter()
            .chain(&world.associations)
            .filter(|(tenant, id)| *id != world.everyone[who].organisation && *tenant == world.everyone[who].tenant)
            .map(|(_, id)| id.clone())
            .collect();
        let stranger = world.pick(&strangers);
        let (some, _) = world.address(endpoint);
        let body = world.body(endpoint, &stranger);
        let one = &world.everyone[who];
        let what = format!("{} {some} {body} by {:?} {} (seed {seed})", endpoint.method, one.role, one.organisation);
        let of_oneself = one.role.extent(endpoint.action) == Extent::Oneself && endpoint.path != "/v1/me/role";
        if of_oneself || endpoint.path == "/v1/follow/ticket" || may_do_anywhere(one, endpoint) {
            continue;
        }
        if endpoint.action == Action::DecideCustody || endpoint.path.starts_with("/v1/people/{person}") {
            // these may be the caller's own by chance: what belongs to others is told by the marks below
            let person = some.split('/').nth(3).unwrap_or_default();
            let of = world.everyone.iter().find(|one| one.person == person);
            let own = of.is_some_and(|of| of.tenant == one.tenant && of.organisation == one.organisation);
            let decides = world
                .marks
                .iter()
                .any(|mark| body["document"].as_str() == Some(&mark.document.to_string()) && one.may_see(mark));
            if own || decides {
                continue;
            }
        }
        let named = |device: &Device| some.contains(&device.device.to_string());
        if world.tablets.iter().any(|(device, of)| named(device) && *of == one.organisation) {
            continue;
        }
        if endpoint.path.ends_with("/pass")
            && world
                .marks
                .iter()
                .any(|mark| some.contains(&mark.document.to_string()) && one.role != Role::Visitor && one.may_see(mark))
        {
            continue;
        }
        let answer = world.send(one, endpoint.method, &some, Some(&body)).await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        world.assert_own(one, &what, &answer);
    }
    assert_eq!(state(world).await, before, "something of others has changed (seed {seed})");
}
