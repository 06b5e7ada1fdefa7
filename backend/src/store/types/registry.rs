//! The registry as it is stored.

use sync_core::ids::DeviceId;

/// The registry of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// Counts changes.
    pub version: u64,
    /// Name of the prefecture.
    pub tenant_name: String,
    /// By code.
    pub municipalities: Vec<Municipality>,
    /// By id.
    pub associations: Vec<Association>,
    /// By id.
    pub lecturers: Vec<Lecturer>,
    /// In the order of lists.
    pub materials: Vec<Material>,
    /// Id and name.
    pub people: Vec<(String, String)>,
    /// Id and name.
    pub devices: Vec<(DeviceId, String)>,
    /// Those of them whose name is another than at first, and tablets whose name was erased: id as text, and the name now.
    pub renamed: Vec<(String, String)>,
}

/// 市町村.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Six digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// 二次保健医療圏.
    pub medical_area: String,
}

/// 郡市医師会, or 在宅医療連携拠点.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Codes of the municipalities it covers.
    pub municipalities: Vec<String>,
    /// 在宅医療連携拠点.
    pub hub: bool,
}

/// 講師.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lecturer {
    /// Registry id.
    pub id: String,
    /// 姓.
    pub surname: String,
    /// 名.
    pub given_name: Option<String>,
    /// 職名.
    pub title: Option<String>,
    /// 所属.
    pub affiliation: Option<String>,
    /// Registry id of the association.
    pub association: Option<String>,
    /// Registered in the lecturer bank.
    pub bank: bool,
    /// 人材育成中.
    pub in_training: bool,
    /// Starting year of the fiscal year in which the bank took them in; null: not known.
    pub registered_in: Option<i64>,
    /// Starting year of the last fiscal year in which they were in the bank; null: they still are, or it is not known.
    pub left_in: Option<i64>,
    /// How the name is read, in kana.
    pub reading: Option<String>,
}

/// 配布物.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Registry id.
    pub id: String,
    /// Name.
    pub name: String,
    /// 枚, 冊, 部, 組.
    pub unit: String,
    /// Id and name, in the order of lists.
    pub eligibilities: Vec<(String, String)>,
}
