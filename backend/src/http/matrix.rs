//! Every endpoint with what it takes to be answered there. An endpoint that is not listed here is answered to nobody, and a
//! test compares the list with the description of the interface.

use crate::service::rights::Action;

/// Who gets as far as the question of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Everyone: the endpoint itself looks at what is shown to it.
    Open,
    /// A signed-in person or an enrolled tablet.
    Caller,
    /// A person signed in at the console. A tablet is for recording: whoever finds one has no console.
    Person,
    /// An enrolled tablet.
    Tablet,
}

/// For whom it takes a proof of the last minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// For nobody.
    Nobody,
    /// For everyone.
    Everyone,
    /// For those whose role reaches the whole prefecture here: what they take along is everything.
    WholePrefecture,
}

/// What the journal keeps of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// Nothing.
    Never,
    /// Each reading; the same again soon after is one.
    Once,
    /// Every time: what is taken along is in as many hands as it was taken.
    EveryTime,
}

/// One method of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// GET, POST …
    pub method: &'static str,
    /// As in the description of the interface.
    pub path: &'static str,
    /// Who gets as far as the question of rights.
    pub entrance: Entrance,
    /// What is done there. The caller's role must reach somewhere in it; the service decides on the particular thing.
    pub action: Action,
    /// Whether reading here is an entry of the journal.
    pub noted: Noted,
    /// Whether it is open only to one who is signed in and has shown lately who they are.
    pub proof: Proof,
    /// Whether the endpoint does not exist for those whose role does not reach it.
    pub hidden: bool,
}

impl Endpoint {
    const fn new(method: &'static str, path: &'static str, entrance: Entrance, action: Action) -> Self {
        Self { method, path, entrance, action, noted: Noted::Never, proof: Proof::Nobody, hidden: false }
    }

    const fn noted(self) -> Self {
        Self { noted: Noted::Once, ..self }
    }

    const fn noted_every_time(self) -> Self {
        Self { noted: Noted::EveryTime, ..self }
    }

    const fn proved(self) -> Self {
        Self { proof: Proof::Everyone, ..self }
    }

    const fn proved_for_everything(self) -> Self {
        Self { proof: Proof::WholePrefecture, ..self }
    }

    const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// The endpoint that answers this method of this path.
    pub fn find(method: &str, path: &str) -> Option<&'static Self> {
        let method = if method == "HEAD" { "GET" } else { method };
        ENDPOINTS.iter().find(|endpoint| endpoint.method == method && endpoint.path == path)
    }
}

const fn open(method: &'static str, path: &'static str, action: Action) -> Endpoint {
    Endpoint::new(method, path, Entrance::Open, action)
}

const fn caller(method: &'static str, path: &'static str, action: Action) -> Endpoint {
    Endpoint::new(method, path, Entrance::Caller, action)
}

const fn person(method: &'static str, path: &'static str, action: Action) -> Endpoint {
    Endpoint::new(method, path, Entrance::Person, action)
}

const fn tablet(method: &'static str, path: &'static str, action: Action) -> Endpoint {
    Endpoint::new(method, path, Entrance::Tablet, action)
}

/// The list. Open ones first, then by subject.
pub const ENDPOINTS: &[Endpoint] = &[
    open("GET", "/livez", Action::AskHealth),
    open("GET", "/readyz", Action::AskHealth),
    open("GET", "/version", Action::AskHealth),
    open("POST", "/v1/login", Action::SignIn),
    open("GET", "/v1/sign-in/ways", Action::SignIn),
    open("POST", "/v1/sign-in/password", Action::SignIn),
    open("POST", "/v1/sign-in/passkey/begin", Action::SignIn),
    open("POST", "/v1/sign-in/passkey", Action::SignIn),
    open("GET", "/v1/sign-in/oidc", Action::SignIn),
    open("GET", "/v1/sign-in/oidc/back", Action::SignIn),
    open("POST", "/v1/logout", Action::SignOut),
    open("POST", "/v1/enrol", Action::Enrol),
    open("POST", "/v1/recover", Action::ResetPin),
    caller("GET", "/v1/me", Action::ReadOwn),
    person("GET", "/v1/me/roles", Action::ReadOwn),
    person("POST", "/v1/me/role", Action::EditOwn),
    person("GET", "/v1/own/sign-in", Action::ReadOwn),
    person("POST", "/v1/own/proof", Action::SignIn),
    person("POST", "/v1/own/proof/passkey/begin", Action::SignIn),
    person("POST", "/v1/own/proof/passkey", Action::SignIn),
    person("POST", "/v1/own/password", Action::EditOwn).proved(),
    person("POST", "/v1/own/passkeys/begin", Action::EditOwn).proved(),
    person("POST", "/v1/own/passkeys", Action::EditOwn).proved(),
    person("DELETE", "/v1/own/passkeys/{id}", Action::EditOwn).proved(),
    person("GET", "/v1/own/provider", Action::SignIn),
    person("DELETE", "/v1/own/provider", Action::EditOwn).proved(),
    person("DELETE", "/v1/own/logins/{id}", Action::SignOut),
    person("DELETE", "/v1/own/logins", Action::SignOut).proved(),
    tablet("POST", "/v1/sync", Action::Sync),
    tablet("POST", "/v1/audit", Action::Sync),
    tablet("GET", "/v1/scopes", Action::Sync),
    caller("GET", "/v1/events", Action::Hear),
    open("GET", "/v1/follow", Action::Follow),
    caller("POST", "/v1/follow/ticket", Action::Follow),
    tablet("POST", "/v1/device/people", Action::Enrol),
    person("GET", "/v1/devices", Action::ReadDevices).noted(),
    person("POST", "/v1/devices/codes", Action::IssueEnrolment).proved(),
    person("GET", "/v1/devices/{device}", Action::ReadDevices).noted(),
    person("POST", "/v1/devices/{device}/revocation", Action::RevokeDevice).proved(),
    person("POST", "/v1/devices/{device}/pin-code", Action::ResetPin).proved(),
    person("POST", "/v1/records/{document}/pass", Action::IssueDayPass),
    person("POST", "/v1/devices/{device}/pass-end", Action::IssueDayPass),
    caller("GET", "/v1/registry", Action::ReadRegistry),
    caller("POST", "/v1/registry/associations", Action::EditOrganisations),
    person("PUT", "/v1/registry/associations/{id}", Action::EditOrganisations),
    caller("POST", "/v1/registry/lecturers", Action::EditLecturers),
    caller("POST", "/v1/registry/materials", Action::EditMaterials),
    person("GET", "/v1/dashboard/prefecture", Action::ReadPrefecture).hidden(),
    person("GET", "/v1/dashboard/municipality/{code}", Action::ReadFigures),
    person("GET", "/v1/dashboard/association/{id}", Action::ReadFigures),
    person("GET", "/v1/records", Action::ReadRecords).noted(),
    person("GET", "/v1/records.csv", Action::ExportRecords).noted_every_time().proved_for_everything(),
    person("GET", "/v1/publication.csv", Action::ExportRecords).noted_every_time(),
    person("GET", "/v1/records/{document}", Action::ReadRecords).noted(),
    person("DELETE", "/v1/records/{document}", Action::DestroyRecord).proved(),
    person("GET", "/v1/custody", Action::ReadCustody).noted(),
    person("GET", "/v1/custody/{document}/{device}", Action::ReadCustody).noted(),
    person("POST", "/v1/custody/decisions", Action::DecideCustody),
    person("GET", "/v1/healing", Action::ReadHealing).hidden(),
    person("GET", "/v1/closings", Action::ReadClosings),
    person("POST", "/v1/closings", Action::CloseMonth).proved(),
    person("GET", "/v1/corrections", Action::ReadClosings).noted(),
    person("GET", "/v1/people", Action::ReadPeople).noted(),
    person("POST", "/v1/people", Action::EditPeople).proved(),
    person("POST", "/v1/people/{person}/name", Action::EditPeople).proved(),
    person("POST", "/v1/people/{person}/roles", Action::EditPeople).proved(),
    person("DELETE", "/v1/people/{person}/roles", Action::EditPeople).proved(),
    person("POST", "/v1/people/{person}/disabled", Action::EditPeople).proved(),
    person("POST", "/v1/people/{person}/code", Action::EditPeople).proved(),
    person("GET", "/v1/journal", Action::ReadJournal).noted(),
    person("GET", "/v1/journal.csv", Action::ReadJournal).noted_every_time().proved_for_everything(),
    person("GET", "/v1/retention", Action::SetRetention),
    person("PUT", "/v1/retention/{subject}", Action::SetRetention).proved(),
    person("POST", "/v1/retention/{subject}/destructions", Action::SetRetention).proved(),
    person("GET", "/v1/retention/destructions/{destruction}", Action::SetRetention).noted(),
];

/// The list as the documentation prints it.
pub fn table() -> String {
    let mut text = String::from(
        "| 方法 | アドレス | 入口 | すること | 閲覧を記録 | 本人確認 |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for endpoint in ENDPOINTS {
        let entrance = match endpoint.entrance {
            Entrance::Open => "誰でも",
            Entrance::Caller => "利用者・端末",
            Entrance::Person => "利用者",
            Entrance::Tablet => "端末",
        };
        let Endpoint { method, path, action, .. } = endpoint;
        let noted = if endpoint.noted == Noted::Never { "" } else { "する" };
        let proved = match endpoint.proof {
            Proof::Nobody => "",
            Proof::Everyone => "直前に必要",
            Proof::WholePrefecture => "県全体の人は直前に必要",
        };
        text.push_str(&format!("| {method} | `{path}` | {entrance} | {} | {noted} | {proved} |\n", action.label()));
    }
    text
}

/// The text of `RIGHTS.md`.
pub fn document() -> String {
    format!(
        "# だれが何をできるか\n\nこの文書は `tsudoi-server` の表（`service/rights.rs`、`http/matrix.rs`）から作られ、\
         テストが表と比べます。手では直しません。\n\n## 役割とできること\n\n\
         「自分の組織」は、講師では医師会、コーディネーターでは医師会か拠点、職員では市町村か拠点、市町村担当では市町村です。\
         一日券の「端末の範囲」は一つの会で、会の日が終わると何もできなくなります。\
         自分の範囲の外にあるものは、存在しない番号と同じ答えになります。\n\n{}\n\
         ## 役割を与えられる人\n\n{}\n## アドレスごとの入口\n\n\
         ここにないアドレスは、だれにも答えません。断った要求は、すべて操作の記録に残ります。\n\n{}",
        crate::service::rights::table(),
        crate::service::rights::giving(),
        table()
    )
}
