//! Wordings of sources and the words of the domain that they mean. A wording not known here is never guessed.

use sync_core::domain::vocabulary::{AGE_BANDS, AUDIENCES};

/// Eligibility for which the source gives no category.
pub const ELIGIBILITY_NOT_STATED: &str = "区分不明";

/// What a wording of an age band means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// This band.
    Known(&'static str),
    /// Ages that no single band holds: counted as of unknown age.
    Unplaceable,
}

/// The band of a wording; `None` when it is no wording of ages.
pub fn band(text: &str) -> Option<Band> {
    let text = half_width(text);
    if let Some(known) = AGE_BANDS.iter().find(|known| **known == text) {
        return Some(Band::Known(known));
    }
    let plain = text.replace(['代', '歳', '才'], "").replace(['–', '〜', '～', '~', '・', '_', '−'], "-");
    let known = match plain.as_str() {
        "10-20" | "10-29" | "10" | "20" | "10-19" | "20-29" => "10-29",
        "30" | "30-39" => "30-39",
        "40" | "40-49" => "40-49",
        "50" | "50-59" => "50-59",
        "60" | "60-69" => "60-69",
        "70-74" => "70-74",
        "75-84" => "75-84",
        "85+" | "85以上" | "85-" => "85+",
        "不明" | "年齢不明" | "unknown" => "unknown",
        other if other.starts_with(|c: char| c.is_ascii_digit()) => {
            let rest = other.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
            return matches!(rest, "" | "+" | "以上" | "以下" | "未満").then_some(Band::Unplaceable);
        }
        _ => return None,
    };
    Some(Band::Known(known))
}

/// The audience of a wording.
pub fn audience(text: &str) -> Option<&'static str> {
    let plain = text.trim().replace('_', "-");
    if let Some(known) = AUDIENCES.iter().find(|known| **known == plain) {
        return Some(known);
    }
    Some(match plain.as_str() {
        "住民" | "一般住民" | "市民" | "町民" | "村民" | "residents" => "resident",
        "家族" | "家族・現役世代" | "現役世代" => "family",
        "民生委員" | "民生委員・児童委員" => "welfare-volunteer",
        "医療職" | "医療従事者" => "medical",
        "介護職" | "介護従事者" => "care",
        "その他" => "other",
        _ => return None,
    })
}

/// The registry's name of an eligibility for a wording of a source; other wordings are names of their own.
pub fn eligibility(text: Option<&str>) -> &str {
    match text.map(str::trim) {
        None | Some("") => ELIGIBILITY_NOT_STATED,
        Some("75歳に年度内に達する人" | "75歳到達者" | "75歳到達") => "75歳到達",
        Some("新規介護認定者" | "新規介護認定") => "新規介護認定",
        Some("単身高齢者" | "単身高齢") => "単身高齢",
        Some(other) => other,
    }
}

/// Digits and signs in their half-width form, without blanks around.
pub fn half_width(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | '＋' | '－' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    };
    text.trim().chars().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_known_by_their_ids_and_by_their_japanese_words() {
        for (text, expected) in [
            ("85+", Some(Band::Known("85+"))),
            ("85歳以上", Some(Band::Known("85+"))),
            ("10・20代", Some(Band::Known("10-29"))),
            ("３０代", Some(Band::Known("30-39"))),
            ("70～74歳", Some(Band::Known("70-74"))),
            ("不明", Some(Band::Known("unknown"))),
            ("70+", Some(Band::Unplaceable)),
            ("65歳以上", Some(Band::Unplaceable)),
            ("7O-74", None),
            ("大人", None),
        ] {
            assert_eq!(band(text), expected, "{text}");
        }
    }

    #[test]
    fn an_audience_or_eligibility_is_never_guessed() {
        assert_eq!(audience("民生委員"), Some("welfare-volunteer"));
        assert_eq!(audience("welfare_volunteer"), Some("welfare-volunteer"));
        assert_eq!(audience("学生"), None);
        assert_eq!(eligibility(Some("75歳に年度内に達する人")), "75歳到達");
        assert_eq!(eligibility(Some("独居世帯")), "独居世帯");
        assert_eq!(eligibility(None), ELIGIBILITY_NOT_STATED);
    }
}
