//! Reference data that ships with the server: prefectures with their municipalities, and the materials everyone has.

use crate::store::types::{Material, Municipality};

const FILES: [(&str, &str, &str); 2] = [
    ("11", "埼玉県", include_str!("../../reference/municipalities-saitama.csv")),
    ("14", "神奈川県", include_str!("../../reference/municipalities-kanagawa-keno.csv")),
];

/// Id, name, unit.
const MATERIALS: [(&str, &str, &str); 7] = [
    ("contact-card", "わたしの連絡先カード", "枚"),
    ("anshin-set", "通院・入院時あんしんセット", "組"),
    ("intention-notebook", "私の意思表示ノート", "冊"),
    ("my-notebook", "わたしノート", "冊"),
    ("ending-notebook", "エンディングノート", "冊"),
    ("acp-flyer", "ACPチラシ", "枚"),
    ("home-care-map", "在宅診療マップ", "部"),
];

/// Id, name.
const ELIGIBILITIES: [(&str, &str); 4] =
    [("age-75", "75歳到達"), ("newly-certified", "新規介護認定"), ("living-alone", "単身高齢"), ("other", "その他")];

/// A prefecture the server knows from the start.
#[derive(Clone, Debug)]
pub struct Prefecture {
    /// Two digits.
    pub tenant: &'static str,
    /// Name.
    pub name: &'static str,
    /// Its municipalities, or those of the areas that use Tsudoi.
    pub municipalities: Vec<Municipality>,
}

/// Every prefecture the server knows from the start.
pub fn prefectures() -> Vec<Prefecture> {
    FILES.iter().map(|(tenant, name, csv)| Prefecture { tenant, name, municipalities: read(csv) }).collect()
}

fn read(text: &str) -> Vec<Municipality> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.filter_map(|row| {
        let column = |place: usize| row.get(place).map(str::to_owned);
        Some(Municipality { code: column(0)?, name: column(2)?, kana: column(3)?, medical_area: column(4)? })
    })
    .collect()
}

/// The materials every tenant starts with, each with its eligibilities.
pub fn materials() -> Vec<Material> {
    let eligibilities: Vec<_> = ELIGIBILITIES.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect();
    let material = |(id, name, unit): &(&str, &str, &str)| Material {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        unit: (*unit).to_owned(),
        eligibilities: eligibilities.clone(),
    };
    MATERIALS.iter().map(material).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_hold_what_they_should() {
        let counts: Vec<_> = prefectures().iter().map(|p| (p.tenant, p.municipalities.len())).collect();
        assert_eq!(counts, [("11", 63), ("14", 7)]);
        assert!(prefectures().iter().flat_map(|p| p.municipalities.clone()).all(|m| m.code.len() == 6));
    }
}
