//! The device that enters what tablets only read: associations, lecturers, materials. It records nothing itself.

use crate::api::{self, NewAssociation, NewLecturer, NewMaterial, Registry};
use crate::case::CaseError;
use crate::case::form::CaseFile;
use crate::case::names::{Names, find_municipality};
use crate::case::words;
use crate::commands::enrol_tablet;
use crate::error::CliError;
use crate::home::{Credential, Home};
use crate::transport::Server;

/// An enrolled device that may enter registry data.
#[derive(Debug)]
pub struct Registrar {
    server: Server,
    credential: Credential,
    registry: Registry,
}

impl Registrar {
    /// The device for a server: enrolled with the code, or the remembered one whose prefecture knows these municipalities.
    pub fn find(home: &Home, address: &str, code: Option<&str>, municipalities: &[String]) -> Result<Self, CliError> {
        let server = Server::new(address)?;
        let mut known = home.credentials(server.address())?;
        known.retain(Credential::may_enter_registry);
        if let Some(code) = code {
            let credential = match known.into_iter().find(|credential| same_code(&credential.code, code)) {
                Some(credential) => credential,
                None => enrol(home, &server, code)?,
            };
            let registry = api::registry(&server, &credential.key)?;
            let registrar = Self { server, credential, registry };
            return match registrar.unknown(municipalities) {
                None => Ok(registrar),
                Some(name) => {
                    let tenant = &registrar.registry.tenant.name;
                    Err(loader_code(
                        format!("このコードは{tenant}のものですが、市町村「{name}」は{tenant}の台帳にありません"),
                        UNKNOWN_TENANT,
                    ))
                }
            };
        }
        let mut tried: Vec<String> = Vec::new();
        let mut server = Some(server);
        for credential in known {
            let Some(open) = server.take() else { break };
            match api::registry(&open, &credential.key) {
                Ok(registry) => {
                    let registrar = Self { server: open, credential, registry };
                    if registrar.unknown(municipalities).is_none() {
                        return Ok(registrar);
                    }
                    let tenant = registrar.registry.tenant.name.clone();
                    if !tried.contains(&tenant) {
                        tried.push(tenant);
                    }
                    server = Some(registrar.server);
                }
                Err(CliError::Refused { status: 401 | 403, .. }) => server = Some(open),
                Err(error) => return Err(error),
            }
        }
        let what = municipalities.first().map_or("", String::as_str);
        Err(if tried.is_empty() {
            loader_code(format!("{address} にまだ登録していません"), UNKNOWN_TENANT)
        } else {
            let tried = tried.join("、");
            loader_code(format!("登録済みの県（{tried}）の台帳に「{what}」などの市町村がありません"), UNKNOWN_TENANT)
        })
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Its credential.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The registry as last read.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Reads the registry anew.
    pub fn refresh(&mut self) -> Result<(), CliError> {
        self.registry = api::registry(&self.server, &self.credential.key)?;
        Ok(())
    }

    /// Enters an association; municipalities it is known for already stay.
    pub fn association(&self, name: &str, municipalities: Vec<String>) -> Result<String, CliError> {
        let mut all = municipalities;
        if let Some(known) = self.registry.associations.iter().find(|known| known.name == name) {
            if all.iter().all(|code| known.municipalities.contains(code)) {
                return Ok(known.id.clone());
            }
            all.extend(known.municipalities.iter().filter(|code| !all.contains(code)).cloned().collect::<Vec<_>>());
        }
        api::enter_association(&self.server, &self.credential.key, &NewAssociation { name, municipalities: all })
    }

    /// Enters a lecturer.
    pub fn lecturer(&self, new: &NewLecturer<'_>) -> Result<String, CliError> {
        let known = self.registry.lecturers.iter().find(|known| {
            known.surname == new.surname
                && known.given_name.as_deref() == new.given_name
                && known.association == new.association
                && known.bank == new.bank
        });
        match known {
            Some(known) => Ok(known.id.clone()),
            None => api::enter_lecturer(&self.server, &self.credential.key, new),
        }
    }

    /// Enters a material with an eligibility.
    pub fn material(&self, name: &str, eligibilities: Vec<String>) -> Result<(), CliError> {
        let known = self.registry.materials.iter().find(|known| known.name == name);
        let has = |wanted: &String| known.is_some_and(|m| m.eligibilities.iter().any(|known| known.name == *wanted));
        if eligibilities.iter().all(has) {
            return Ok(());
        }
        api::enter_material(&self.server, &self.credential.key, &NewMaterial { name, eligibilities }).map(|_| ())
    }

    /// Enters everything a case file names, and gives its names their ids.
    pub fn enter(&mut self, case: &CaseFile) -> Result<Names, CliError> {
        self.check_lecturers(case)?;
        let only = case.area.only_association();
        let municipalities: Vec<String> =
            case.area.municipalities.iter().filter_map(|name| find_municipality(&self.registry, name)).collect();
        for name in case.area.all_associations() {
            let codes = if only.is_some() { municipalities.clone() } else { Vec::new() };
            self.association(name.trim(), codes)?;
        }
        let lecturers = case.lecturers.iter().filter_map(|lecturer| lecturer.association.as_deref());
        let senders = case.activities.iter().filter_map(|activity| activity.dispatched_by.as_deref());
        for name in lecturers.chain(senders) {
            self.association(name.trim(), Vec::new())?;
        }
        for activity in &case.activities {
            if let Some(material) = &activity.material {
                let eligibility = words::eligibility(activity.eligibility.as_deref());
                self.material(material.trim(), vec![eligibility.to_owned()])?;
            }
        }
        self.refresh()?;
        let mut names = Names { registry: self.registry.clone(), own_lecturers: Vec::new() };
        for (index, lecturer) in case.lecturers.iter().enumerate() {
            let stated = lecturer.association.as_deref().or(only.filter(|_| lecturer.bank));
            let place = format!("lecturers[{index}].association");
            let association = stated.map(|name| names.association(&place, name)).transpose()?;
            let id = self.lecturer(&NewLecturer {
                surname: lecturer.surname.trim(),
                given_name: lecturer.given_name.as_deref(),
                title: lecturer.title.as_deref(),
                affiliation: lecturer.affiliation.as_deref(),
                association,
                bank: lecturer.bank,
                in_training: lecturer.in_training.unwrap_or(false),
            })?;
            names.own_lecturers.push((lecturer.clone(), id));
        }
        Ok(names)
    }

    /// Finds a lecturer nobody knows before anything is entered.
    fn check_lecturers(&self, case: &CaseFile) -> Result<(), CaseError> {
        let own = case.lecturers.iter().map(|lecturer| (lecturer.clone(), String::new())).collect();
        let names = Names { registry: self.registry.clone(), own_lecturers: own };
        for (index, activity) in case.activities.iter().enumerate() {
            for (i, name) in activity.lecturers.iter().flatten().enumerate() {
                names.lecturer(&format!("activities[{index}].lecturers[{i}]"), name)?;
            }
        }
        Ok(())
    }

    fn unknown<'a>(&self, municipalities: &'a [String]) -> Option<&'a String> {
        municipalities.iter().find(|name| find_municipality(&self.registry, name).is_none())
    }
}

/// Stands where the number of a prefecture belongs that is not known here.
const UNKNOWN_TENANT: &str = "県の番号";

fn loader_code(what: String, tenant: &str) -> CliError {
    CliError::LoaderCode { what, tenant: tenant.to_owned() }
}

fn enrol(home: &Home, server: &Server, code: &str) -> Result<Credential, CliError> {
    let first = enrol_tablet(home, server, "registrar-new", code, "台帳の登録", Some(&[]))?;
    let credential = Credential { tablet: format!("registrar-{}", first.tenant.code), ..first };
    home.remember(&credential)?;
    home.forget(server.address(), "registrar-new")?;
    if credential.may_enter_registry() {
        Ok(credential)
    } else {
        Err(loader_code("このコードでは台帳に登録できません".to_owned(), &credential.tenant.code))
    }
}

/// Codes are typed with or without the hyphen, in either case.
fn same_code(a: &str, b: &str) -> bool {
    let plain = |code: &str| code.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
    plain(&words::half_width(a)) == plain(&words::half_width(b))
}
