//! Who may do what: one table of roles and actions.
//!
//! Everything that decides on a right reads it here: the guard before an endpoint, the services for what a call is
//! about, the journal for the name of an act. `backend/RIGHTS.md` is printed from this table, and a test compares them.
//! Deliberately absent: exceptions. Who may do a thing somewhere else gets a line of its own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person does with Tsudoi.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 登録講師; organisation: a medical association.
    Lecturer,
    /// 職員; organisation: a municipality or a hub.
    Staff,
    /// コーディネーター; organisation: a medical association or a hub.
    Coordinator,
    /// 市町村担当; organisation: a municipality.
    Municipal,
    /// 県; organisation: the tenant.
    Prefectural,
    /// システム管理者; organisation: the tenant.
    Administrator,
    /// 一日券の講師; organisation: the one session, a document's id. Nobody is given this role: it comes with a day pass.
    Visitor,
}

/// What a role's organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationKind {
    /// 市町村, named by its six-digit code.
    Municipality,
    /// 郡市医師会 or 在宅医療連携拠点, named by its registry id.
    Association,
    /// 県, named by two digits.
    Prefecture,
    /// One session, named by its document's id.
    Session,
}

impl Role {
    /// Every role, in the order of the table's columns.
    pub const ALL: [Self; 7] = [
        Self::Lecturer,
        Self::Staff,
        Self::Coordinator,
        Self::Municipal,
        Self::Prefectural,
        Self::Administrator,
        Self::Visitor,
    ];

    /// The roles that people are given.
    pub const GIVEN: [Self; 6] =
        [Self::Lecturer, Self::Staff, Self::Coordinator, Self::Municipal, Self::Prefectural, Self::Administrator];

    /// The stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lecturer => "lecturer",
            Self::Staff => "staff",
            Self::Coordinator => "coordinator",
            Self::Municipal => "municipal",
            Self::Prefectural => "prefectural",
            Self::Administrator => "administrator",
            Self::Visitor => "visitor",
        }
    }

    /// The role with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// As people say it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Lecturer => "登録講師",
            Self::Staff => "職員",
            Self::Coordinator => "コーディネーター",
            Self::Municipal => "市町村担当",
            Self::Prefectural => "県担当",
            Self::Administrator => "システム管理者",
            Self::Visitor => "一日券の講師",
        }
    }

    /// What the organisation of this name is.
    pub fn organisation_kind(self, id: &str) -> OrganisationKind {
        match self {
            Self::Municipal => OrganisationKind::Municipality,
            // a municipality is named by digits alone, and a registry id begins with letters
            Self::Staff if id.bytes().all(|byte| byte.is_ascii_digit()) => OrganisationKind::Municipality,
            Self::Staff | Self::Lecturer | Self::Coordinator => OrganisationKind::Association,
            Self::Prefectural | Self::Administrator => OrganisationKind::Prefecture,
            Self::Visitor => OrganisationKind::Session,
        }
    }

    /// The roles that one who may edit people may give to others, and take from them. Nobody gives more than they have.
    pub const fn gives(self) -> &'static [Self] {
        match self {
            Self::Lecturer | Self::Staff | Self::Prefectural | Self::Visitor => &[],
            Self::Coordinator => &[Self::Lecturer, Self::Staff],
            Self::Municipal => &[Self::Staff],
            Self::Administrator => &Self::GIVEN,
        }
    }

    /// How far this role reaches in an action.
    pub fn extent(self, action: Action) -> Extent {
        let [lecturer, staff, coordinator, municipal, prefectural, administrator] = action.extents();
        match self {
            Self::Lecturer => lecturer,
            Self::Staff => staff,
            Self::Coordinator => coordinator,
            Self::Municipal => municipal,
            Self::Prefectural => prefectural,
            Self::Administrator => administrator,
            Self::Visitor => action.extent_of_a_visitor(),
        }
    }
}

/// How far a role reaches in an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Not at all.
    Nothing,
    /// What is the person's own: sign-ins, passwords, the code in the hand.
    Oneself,
    /// The scopes of the tablet.
    Tablet,
    /// What belongs to the person's organisation.
    Own,
    /// The whole prefecture.
    Prefecture,
}

impl Extent {
    /// As the table prints it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nothing => "―",
            Self::Oneself => "自分",
            Self::Tablet => "端末の範囲",
            Self::Own => "自分の組織",
            Self::Prefecture => "県全体",
        }
    }
}

macro_rules! rights {
    ($($action:ident = $name:literal $label:literal:
        $lecturer:ident $staff:ident $coordinator:ident $municipal:ident $prefectural:ident $administrator:ident;)*) => {
        /// Something that can be done. Every endpoint and every entry of the journal is one of these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $label] $action,)*
        }

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The stable name, as kept in the journal.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$action => $name),* }
            }

            /// As people say it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$action => $label),* }
            }

            const fn extents(self) -> [Extent; 6] {
                match self {
                    $(Self::$action => [
                        Extent::$lecturer, Extent::$staff, Extent::$coordinator,
                        Extent::$municipal, Extent::$prefectural, Extent::$administrator,
                    ]),*
                }
            }
        }
    };
}

rights! {
    // action = stable name, label:                            講師    職員    コーディネーター 市町村 県      管理者
    AskHealth = "ask_health" "サーバーの状態を尋ねる":            Oneself Oneself Oneself Oneself Oneself Oneself;
    SignIn = "sign_in" "サインインする":                        Oneself Oneself Oneself Oneself Oneself Oneself;
    SignOut = "sign_out" "サインアウトする":                     Oneself Oneself Oneself Oneself Oneself Oneself;
    Enrol = "enrol" "端末を登録コードで登録する":                  Oneself Oneself Oneself Oneself Oneself Oneself;
    ReadOwn = "read_own" "自分の情報を見る":                     Oneself Oneself Oneself Oneself Oneself Oneself;
    EditOwn = "edit_own" "自分の役割とサインイン方法を変える":      Oneself Oneself Oneself Oneself Oneself Oneself;

    Sync = "sync" "端末で記録を送り、受け取る":                   Tablet Tablet Tablet Tablet Tablet Tablet;
    RecordAnywhere = "record_anywhere" "端末の範囲の外の記録に書く": Nothing Nothing Nothing Nothing Nothing Prefecture;
    Hear = "hear" "新着の知らせを受ける":                        Own Own Own Own Prefecture Prefecture;
    Follow = "follow" "記録をほかのソフトで追う":                 Own Own Own Own Prefecture Prefecture;

    ReadRegistry = "read_registry" "台帳を見る":                 Prefecture Prefecture Prefecture Prefecture Prefecture Prefecture;
    EditLecturers = "edit_lecturers" "講師を登録する・直す":       Nothing Nothing Own Nothing Prefecture Prefecture;
    EditMaterials = "edit_materials" "配布物を登録する・直す":     Nothing Nothing Prefecture Nothing Prefecture Prefecture;
    EditOrganisations = "edit_organisations" "医師会・拠点を登録する・直す": Nothing Nothing Nothing Nothing Prefecture Prefecture;

    ReadFigures = "read_figures" "集計を見る":                   Own Own Own Own Prefecture Prefecture;
    ReadPrefecture = "read_prefecture" "県全体の集計を見る":       Nothing Nothing Nothing Nothing Prefecture Prefecture;
    ReadRecords = "read_records" "記録を見る":                   Own Own Own Own Prefecture Prefecture;
    ExportRecords = "export_records" "記録を書き出す":            Nothing Own Own Own Prefecture Prefecture;
    DestroyRecord = "destroy_record" "記録を完全に消去する":       Nothing Nothing Nothing Nothing Nothing Prefecture;

    ReadCustody = "read_custody" "預かっている変更を見る":         Own Own Own Own Prefecture Prefecture;
    DecideCustody = "decide_custody" "預かっている変更を取り込む・断る": Nothing Nothing Own Own Prefecture Prefecture;
    ReadHealing = "read_healing" "端末から戻った記録を見る":       Nothing Nothing Nothing Nothing Prefecture Prefecture;
    ReadClosings = "read_closings" "月の締めと訂正を見る":         Own Own Own Own Prefecture Prefecture;
    CloseMonth = "close_month" "月を締める":                     Nothing Nothing Nothing Nothing Prefecture Prefecture;

    ReadPeople = "read_people" "利用者の一覧を見る":              Nothing Nothing Own Own Prefecture Prefecture;
    EditPeople = "edit_people" "利用者と役割を登録する・止める":     Nothing Nothing Own Own Nothing Prefecture;
    ReadDevices = "read_devices" "端末の一覧を見る":              Nothing Own Own Own Prefecture Prefecture;
    IssueEnrolment = "issue_enrolment" "端末の登録コードを出す":   Nothing Nothing Own Own Nothing Prefecture;
    RevokeDevice = "revoke_device" "端末の利用を止める":          Nothing Nothing Own Own Nothing Prefecture;
    ResetPin = "reset_pin" "忘れた暗証番号を戻す":                Nothing Nothing Own Own Nothing Prefecture;
    IssueDayPass = "issue_day_pass" "一日券を出す":              Nothing Own Own Own Nothing Prefecture;

    ReadJournal = "read_journal" "操作の記録を見る":              Nothing Nothing Nothing Nothing Prefecture Prefecture;
    SetRetention = "set_retention" "保存期間を決め、期限の過ぎたものを消す": Nothing Nothing Nothing Nothing Nothing Prefecture;
    Operate = "operate" "サーバーの命令で管理する":               Nothing Nothing Nothing Nothing Nothing Nothing;
}

impl Action {
    /// The action with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }

    /// How far a day pass reaches: to its one session, and to nothing of what is not named here.
    const fn extent_of_a_visitor(self) -> Extent {
        match self {
            Self::AskHealth | Self::ReadOwn => Extent::Oneself,
            Self::Sync | Self::Hear => Extent::Tablet,
            _ => Extent::Nothing,
        }
    }
}

/// The table as the documentation prints it.
pub fn table() -> String {
    let mut text = String::from("| すること | 名前 |");
    Role::ALL.iter().for_each(|role| text.push_str(&format!(" {} |", role.label())));
    text.push_str("\n| --- | --- |");
    Role::ALL.iter().for_each(|_| text.push_str(" --- |"));
    for action in Action::ALL {
        text.push_str(&format!("\n| {} | `{}` |", action.label(), action.as_str()));
        Role::ALL.iter().for_each(|role| text.push_str(&format!(" {} |", role.extent(*action).label())));
    }
    text.push('\n');
    text
}

/// Who gives which role, as the documentation prints it.
pub fn giving() -> String {
    let mut text = String::from("| 与える人 | 与えられる役割 |\n| --- | --- |\n");
    for role in Role::ALL.into_iter().filter(|role| !role.gives().is_empty()) {
        let given: Vec<&str> = role.gives().iter().map(|given| given.label()).collect();
        text.push_str(&format!("| {} | {} |\n", role.label(), given.join("、")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_a_role_that_reaches_further_than_their_own() {
        for giver in Role::ALL {
            for given in giver.gives() {
                for action in Action::ALL {
                    assert!(given.extent(*action) <= giver.extent(*action), "{giver:?} {given:?} {action:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_found_again_and_no_two_are_the_same() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.as_str()), Some(*action));
        }
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
    }
}
