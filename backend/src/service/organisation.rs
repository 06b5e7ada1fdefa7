//! Whether the registry has what somebody named: an organisation for a role, a municipality, a scope; and which one was
//! meant when it has not.
//!
//! People write five digits, a wrong check digit, full-width digits or a name. Nothing is put right silently: the answer
//! says what to write instead.

use std::fmt;

use sync_core::ids::ScopeId;

use super::access::{Organisation, Role};
use super::registry::Named;
use crate::store::types::{Association, Registry};

/// A name the registry does not have, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Unknown {
    /// What was written.
    pub given: String,
    /// What to write instead.
    pub meant: Option<Named>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in the registry, or not of this kind", self.given)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {} ({})?", meant.id, meant.name),
            None => write!(f, "; `tsudoi-server org list` shows what is"),
        }
    }
}

/// Lecturers are of the associations, which keep the lecturer bank; staff work at hubs; coordinators at both.
const fn works_at(role: Role, association: &Association) -> bool {
    match role {
        Role::Lecturer => !association.hub,
        Role::Staff => association.hub,
        _ => true,
    }
}

/// Whether a role can be had in this organisation.
pub fn fits(registry: &Registry, tenant: &str, role: Role, id: &str) -> bool {
    match Organisation::of(role, id) {
        Organisation::Prefecture => id == tenant,
        Organisation::Municipality(code) => registry.municipalities.iter().any(|one| one.code == code),
        Organisation::Association(id) => registry.associations.iter().any(|one| one.id == id && works_at(role, one)),
        Organisation::Session(_) => false,
    }
}

/// Refuses an organisation in which this role cannot be had.
pub fn check(registry: &Registry, tenant: &str, role: Role, id: &str) -> Result<(), Unknown> {
    if fits(registry, tenant, role, id) {
        return Ok(());
    }
    let possible = all(registry, tenant).filter(|one| fits(registry, tenant, role, &one.id));
    Err(Unknown { given: id.to_owned(), meant: meant(id, possible) })
}

/// Refuses a municipality that is not in the registry.
pub fn check_municipality(registry: &Registry, code: &str) -> Result<(), Unknown> {
    if registry.municipalities.iter().any(|one| one.code == code) {
        return Ok(());
    }
    let possible = registry.municipalities.iter().map(|one| named(&one.code, &one.name));
    Err(Unknown { given: code.to_owned(), meant: meant(code, possible) })
}

/// Refuses a scope of something the registry does not have. A session has no entry there: a tablet gets its scope by a day
/// pass alone.
pub fn check_scope(registry: &Registry, text: &str) -> Result<ScopeId, Unknown> {
    let (kind, name) = text.split_once(':').unwrap_or(("", text));
    let municipalities = || registry.municipalities.iter().map(|one| named(&one.code, &one.name));
    let associations = || registry.associations.iter().map(|one| named(&one.id, &one.name));
    let lecturers = || registry.lecturers.iter().map(|one| named(&one.id, &one.surname));
    let possible: Vec<(&str, Named)> = match kind {
        "municipality" => municipalities().map(|one| (kind, one)).collect(),
        "association" => associations().map(|one| (kind, one)).collect(),
        "lecturer" => lecturers().map(|one| (kind, one)).collect(),
        _ => municipalities()
            .map(|one| ("municipality", one))
            .chain(associations().map(|one| ("association", one)))
            .collect(),
    };
    let written = |kind: &str, one: Named| Named { id: format!("{kind}:{}", one.id), name: one.name };
    if possible.iter().any(|(of, one)| *of == kind && one.id == name)
        && let Ok(scope) = text.parse()
    {
        return Ok(scope);
    }
    let found = meant(name, possible.iter().map(|(_, one)| one.clone()));
    let found = found.and_then(|one| possible.into_iter().find(|(_, known)| known.id == one.id));
    Err(Unknown { given: text.to_owned(), meant: found.map(|(kind, one)| written(kind, one)) })
}

fn named(id: &str, name: &str) -> Named {
    Named { id: id.to_owned(), name: name.to_owned() }
}

fn all<'a>(registry: &'a Registry, tenant: &'a str) -> impl Iterator<Item = Named> + 'a {
    let prefecture = std::iter::once(named(tenant, &registry.tenant_name));
    let municipalities = registry.municipalities.iter().map(|one| named(&one.code, &one.name));
    prefecture.chain(municipalities).chain(registry.associations.iter().map(|one| named(&one.id, &one.name)))
}

/// The only one that can have been meant: the only one there is, the same first five digits, the same name, or the only
/// name that begins so.
fn meant(given: &str, possible: impl Iterator<Item = Named>) -> Option<Named> {
    let possible: Vec<Named> = possible.collect();
    let given: String = given.trim().chars().map(half_width).collect();
    let digits = given.len() >= 5 && given.bytes().all(|byte| byte.is_ascii_digit());
    let only = |wanted: &dyn Fn(&Named) -> bool| {
        let mut found = possible.iter().filter(|one| wanted(one));
        found.next().filter(|_| found.next().is_none()).cloned()
    };
    if given.is_empty() {
        return None;
    }
    only(&|_| true)
        .or_else(|| only(&|one| one.id == given))
        .or_else(|| only(&|one| digits && one.id.len() == 6 && one.id.get(..5) == given.get(..5)))
        .or_else(|| only(&|one| one.name == given))
        .or_else(|| only(&|one| !digits && one.name.starts_with(&given)))
}

fn half_width(letter: char) -> char {
    match letter {
        '０'..='９' => char::from_u32(u32::from(letter) - u32::from('０') + u32::from('0')).unwrap_or(letter),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::types::Municipality;

    fn registry() -> Registry {
        let municipality = |code: &str, name: &str| Municipality {
            code: code.to_owned(),
            name: name.to_owned(),
            kana: String::new(),
            medical_area: String::new(),
        };
        let association = |id: &str, name: &str, hub| Association {
            id: id.to_owned(),
            name: name.to_owned(),
            municipalities: Vec::new(),
            hub,
        };
        Registry {
            tenant_name: "埼玉県".to_owned(),
            municipalities: vec![municipality("112119", "本庄市"), municipality("111007", "さいたま市")],
            associations: vec![association("as-1", "本庄市児玉郡医師会", false), association("hu-1", "拠点", true)],
            ..Registry::default()
        }
    }

    #[test]
    fn what_was_meant_is_said_and_nothing_else_is_taken() {
        let registry = registry();
        let table = [
            (Role::Staff, "112119", Ok(())),
            (Role::Staff, "112118", Err(Some("112119"))),
            (Role::Staff, "11211", Err(Some("112119"))),
            (Role::Staff, "１１２１１９", Err(Some("112119"))),
            (Role::Staff, "本庄市", Err(Some("112119"))),
            (Role::Municipal, "本庄", Err(Some("112119"))),
            (Role::Staff, "01101", Err(None)),
            (Role::Staff, "as-1", Err(None)),
            (Role::Staff, "hu-1", Ok(())),
            (Role::Lecturer, "hu-1", Err(Some("as-1"))),
            (Role::Coordinator, "本庄市児玉郡医師会", Err(Some("as-1"))),
            (Role::Administrator, "埼玉県", Err(Some("11"))),
            (Role::Administrator, "112119", Err(Some("11"))),
            (Role::Prefectural, "11", Ok(())),
        ];
        for (role, given, wanted) in table {
            let outcome = check(&registry, "11", role, given);
            let outcome = outcome.map_err(|unknown| unknown.meant.map(|meant| meant.id));
            assert_eq!(outcome, wanted.map_err(|id: Option<&str>| id.map(str::to_owned)), "{role:?} {given}");
        }
    }

    #[test]
    fn a_scope_is_of_something_in_the_registry() {
        let registry = registry();
        let table = [
            ("municipality:112119", Ok(())),
            ("association:as-1", Ok(())),
            ("municipality:112118", Err(Some("municipality:112119"))),
            ("112119", Err(Some("municipality:112119"))),
            ("本庄市", Err(Some("municipality:112119"))),
            ("association:as-9", Err(None)),
            ("session:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c", Err(None)),
            ("lecturer:le-1", Err(None)),
            ("", Err(None)),
        ];
        for (given, wanted) in table {
            let outcome = check_scope(&registry, given).map(|_| ());
            let outcome = outcome.map_err(|unknown| unknown.meant.map(|meant| meant.id));
            assert_eq!(outcome, wanted.map_err(|id: Option<&str>| id.map(str::to_owned)), "{given}");
        }
    }
}
