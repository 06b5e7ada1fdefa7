//! What stored words are called in files. The same as on the screens, which a test of the repository compares; a word this
//! version does not know is shown as it is.

use sync_core::domain::Measure;
use sync_core::domain::vocabulary::{AGE_BANDS, ANSWERS, AUDIENCES, CONSULTATION_WAYS, QUESTIONS};

use crate::store::types::Registry;

/// A kind of outreach.
pub fn activity(code: &str) -> &str {
    match code {
        "lecture" => "ACP講話",
        "round_table" => "座談会",
        "public_lecture" => "講演会",
        "visiting_lecture" => "出前講座",
        "training" => "研修会",
        "booth" => "相談ブース",
        "meeting" => "会議",
        "screening" => "DVD上映",
        "distribution" => "配布",
        "publicity" => "広報",
        "consultation" => "相談",
        other => other,
    }
}

/// What a record counts as.
pub fn group(code: &str) -> &str {
    match code {
        "planned" => "予定",
        "held" => "実施",
        "cancelled" => "中止",
        "postponed" => "延期",
        "conflict" => "食い違い",
        other => other,
    }
}

/// How far a record has come.
pub fn state(code: &str) -> &str {
    match code {
        "none" => "予定",
        "requested" => "依頼",
        "offered" => "調整",
        "confirmed" => "確定",
        "held" => "実施",
        "reported" => "報告済み",
        "settled" => "精算済み",
        "cancelled" => "中止",
        "postponed" => "延期",
        "conflict" => "食い違い",
        other => other,
    }
}

/// Why something was cancelled or postponed.
pub fn reason(code: &str) -> &str {
    match code {
        "infection" => "感染症",
        "lecturer" => "講師都合",
        "few_people" => "参加者不足",
        "weather" => "天候",
        "other" => "その他",
        other => other,
    }
}

fn band(code: &str) -> &str {
    match code {
        "10-29" => "10・20代",
        "30-39" => "30代",
        "40-49" => "40代",
        "50-59" => "50代",
        "60-69" => "60代",
        "70-74" => "70–74歳",
        "75-84" => "75–84歳",
        "85+" => "85歳以上",
        "unknown" => "年齢不明",
        other => other,
    }
}

fn audience(code: &str) -> &str {
    match code {
        "resident" => "住民",
        "family" => "家族・現役世代",
        "welfare-volunteer" => "民生委員",
        "medical" => "医療職",
        "care" => "介護職",
        "other" => "その他",
        "unknown" => "対象不明",
        other => other,
    }
}

fn question(code: &str) -> &str {
    match code {
        "knows-acp" => "知っている",
        "has-talked" => "話し合った",
        "intends" => "話し合いたい",
        other => other,
    }
}

fn answer(code: &str) -> &str {
    match code {
        "yes" => "はい",
        "no" => "いいえ",
        "no-answer" => "無回答",
        other => other,
    }
}

fn way(code: &str) -> &str {
    match code {
        "visit" => "訪問",
        "interview" => "面接",
        "telephone" => "電話",
        "unknown" => "方法の報告なし",
        other => other,
    }
}

/// Every measure a record of this registry can have, with its name; viewers, whom a table names by themselves, are not in it.
pub fn measures(registry: &Registry) -> Vec<(String, String)> {
    let bands = AGE_BANDS.map(|code| (Measure::Band(code), format!("参加者 {}", band(code))));
    let audiences = AUDIENCES.map(|code| (Measure::Audience(code), format!("参加者 {}", audience(code))));
    let materials = registry.materials.iter().flat_map(|one| {
        one.eligibilities.iter().map(|(eligibility, name)| {
            let measure = Measure::Material { material: one.id.clone(), eligibility: eligibility.clone() };
            (measure, format!("{} {name}（{}）", one.name, one.unit))
        })
    });
    let answers = QUESTIONS.into_iter().flat_map(|asked| {
        ANSWERS.map(|given| {
            let name = format!("{}：{}", question(asked), answer(given));
            (Measure::Answer { question: asked, answer: given }, name)
        })
    });
    let ways = CONSULTATION_WAYS.map(|code| (Measure::Consultation(code), format!("相談 {}", way(code))));
    let all = bands.into_iter().chain(audiences).chain(materials).chain(answers).chain(ways);
    all.map(|(measure, name)| (measure.to_string(), name)).collect()
}
