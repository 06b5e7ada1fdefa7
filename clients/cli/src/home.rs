//! Where tablets live on this machine: one folder per server and tablet, with its credential and its store.
//!
//! ```text
//! HOME/<server>/<tablet>/credential.json   who this tablet is; readable by its owner only
//! HOME/<server>/<tablet>/store.redb        what it has recorded and received
//! ```
//!
//! Invariant: a credential file is either whole or absent. Nothing here is ever printed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sync_core::ids::DeviceId;

use crate::api::{Enrolled, Named, Tenant};
use crate::error::CliError;
use crate::key::TabletKey;
use crate::transport::normal_address;

/// The state folder of this tool.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

/// What a tablet needs to be itself again.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    /// Address of the server.
    pub server: String,
    /// Name of the tablet on this machine.
    pub tablet: String,
    /// The prefecture.
    pub tenant: Tenant,
    /// The tablet's id.
    pub device: DeviceId,
    /// Shows calls to be this tablet's.
    pub key: TabletKey,
    /// Who enrolled it.
    pub person: Named,
    /// Their role.
    pub role: String,
    /// The scopes given when it enrolled.
    pub scopes: Vec<String>,
    /// The code it enrolled with, to enrol further tablets of the same loader.
    pub code: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("server", &self.server).field("tablet", &self.tablet).finish_non_exhaustive()
    }
}

impl Credential {
    /// The credential that an enrolment gave.
    pub fn of(server: &str, tablet: &str, device: DeviceId, code: &str, enrolled: Enrolled) -> Self {
        Self {
            server: server.to_owned(),
            tablet: tablet.to_owned(),
            tenant: enrolled.tenant,
            device,
            key: enrolled.key,
            person: enrolled.person,
            role: enrolled.role,
            scopes: enrolled.scopes,
            code: code.to_owned(),
        }
    }

    /// Whether its role may enter associations, lecturers and materials.
    pub fn may_enter_registry(&self) -> bool {
        matches!(self.role.as_str(), "administrator" | "coordinator" | "prefectural")
    }
}

impl Home {
    /// The folder asked for, else the platform's data folder.
    pub fn find(asked: Option<PathBuf>) -> Result<Self, CliError> {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let own = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
        let root = asked.or_else(|| data.or(own).map(|data| data.join("tsudoi"))).ok_or(CliError::NoHome)?;
        Ok(Self { root })
    }

    /// The folder of a tablet; made when absent.
    pub fn folder(&self, server: &str, tablet: &str) -> Result<PathBuf, CliError> {
        let folder = self.root.join(folder_name(&normal_address(server)?)).join(folder_name(tablet));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|source| failed(&folder, source))?;
        Ok(folder)
    }

    /// The store of a tablet.
    pub fn store(&self, server: &str, tablet: &str) -> Result<PathBuf, CliError> {
        Ok(self.folder(server, tablet)?.join("store.redb"))
    }

    /// The credential of a tablet; `None` when it is not enrolled.
    pub fn credential(&self, server: &str, tablet: &str) -> Result<Option<Credential>, CliError> {
        read(&self.folder(server, tablet)?.join("credential.json"))
    }

    /// The credential of a tablet, or advice to enrol it.
    pub fn enrolled(&self, server: Option<&str>, tablet: &str) -> Result<Credential, CliError> {
        let server = match server {
            Some(server) => normal_address(server)?,
            None => self.only_server(tablet)?,
        };
        self.credential(&server, tablet)?.ok_or_else(|| CliError::NotEnrolled { server, tablet: tablet.to_owned() })
    }

    /// Every credential of a server, by tablet name.
    pub fn credentials(&self, server: &str) -> Result<Vec<Credential>, CliError> {
        let folder = self.root.join(folder_name(&normal_address(server)?));
        let mut found: Vec<Credential> = Vec::new();
        for tablet in folders(&folder)? {
            found.extend(read(&tablet.join("credential.json"))?);
        }
        found.sort_by(|a, b| a.tablet.cmp(&b.tablet));
        Ok(found)
    }

    /// Stores a credential, whole or not at all.
    pub fn remember(&self, credential: &Credential) -> Result<(), CliError> {
        let folder = self.folder(&credential.server, &credential.tablet)?;
        let (path, new) = (folder.join("credential.json"), folder.join("credential.new"));
        let text = serde_json::to_string_pretty(credential).unwrap_or_default();
        let write = || -> std::io::Result<()> {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(&folder)?.sync_all()
        };
        write().map_err(|source| failed(&path, source))
    }

    /// Removes the credential of a tablet that has recorded nothing.
    pub fn forget(&self, server: &str, tablet: &str) -> Result<(), CliError> {
        let folder = self.folder(server, tablet)?;
        fs::remove_dir_all(&folder).map_err(|source| failed(&folder, source))
    }

    fn only_server(&self, tablet: &str) -> Result<String, CliError> {
        let mut servers = Vec::new();
        for server in folders(&self.root)? {
            let credential: Option<Credential> = read(&server.join(folder_name(tablet)).join("credential.json"))?;
            servers.extend(credential.map(|credential| credential.server));
        }
        match servers.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(CliError::NoServer),
            many => Err(CliError::WhichServer(many.join("、"))),
        }
    }
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    match fs::read_dir(path) {
        Ok(entries) => Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(failed(path, source)),
    }
}

fn read(path: &Path) -> Result<Option<Credential>, CliError> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| CliError::Folder {
            path: path.display().to_string(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string()),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed(path, source)),
    }
}

fn failed(path: &Path, source: std::io::Error) -> CliError {
    CliError::Folder { path: path.display().to_string(), source }
}

/// A name as a folder: other letters than a-z, 0-9, dot and hyphen become their code, so no two names meet.
fn folder_name(name: &str) -> String {
    let mut folder = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | '0'..='9' | '-' | '.' if !(c == '.' && folder.is_empty()) => folder.push(c),
            other => folder.push_str(&format!("_{:x}", u32::from(other))),
        }
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(server: &str, tablet: &str) -> Credential {
        Credential {
            server: server.to_owned(),
            tablet: tablet.to_owned(),
            tenant: Tenant { code: "11".to_owned(), name: "埼玉県".to_owned() },
            device: DeviceId::from_bytes([1; 16]),
            key: crate::key::DeviceKey::generate().unwrap().with("secret".to_owned()),
            person: Named::default(),
            role: "administrator".to_owned(),
            scopes: Vec::new(),
            code: "secret".to_owned(),
        }
    }

    #[test]
    fn a_tablet_is_found_again_and_the_server_is_only_asked_for_when_there_are_two() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned())).unwrap();
        assert!(matches!(home.enrolled(None, "default"), Err(CliError::NoServer)));
        home.remember(&credential("http://a", "default")).unwrap();
        assert_eq!(home.enrolled(None, "default").unwrap().server, "http://a");
        assert_eq!(home.enrolled(Some("http://a/"), "default").unwrap().server, "http://a");
        home.remember(&credential("http://b", "default")).unwrap();
        assert!(matches!(home.enrolled(None, "default"), Err(CliError::WhichServer(_))));
        assert_eq!(home.credentials("http://b").unwrap().len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_is_for_its_owner_only_and_is_not_printed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned())).unwrap();
        let credential = credential("http://a", "default");
        home.remember(&credential).unwrap();
        let path = home.folder("http://a", "default").unwrap().join("credential.json");
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{credential:?}").contains("secret"));
    }

    #[test]
    fn folder_names_stay_inside_the_folder() {
        assert_eq!(folder_name("http://a:1"), "http_3a_2f_2fa_3a1");
        assert_eq!(folder_name(".."), "_2e.");
        assert_ne!(folder_name("A"), folder_name("a"));
    }
}
