//! Japanese words for what the core names in English. Texts only; nothing is decided here.

use sync_core::document::TextName;
use sync_core::domain::vocabulary::{Activity, Group, StepState};
use sync_core::tablet::{RecordSummary, SaveState, Status};
use sync_core::time::Timestamp;

/// The word for a kind of outreach.
pub fn activity_word(activity: Activity) -> &'static str {
    match activity {
        Activity::Lecture => "講話",
        Activity::RoundTable => "座談会",
        Activity::PublicLecture => "講演会",
        Activity::VisitingLecture => "出前講座",
        Activity::Training => "研修会",
        Activity::Booth => "相談ブース",
        Activity::Meeting => "会議",
        Activity::Screening => "DVD上映",
        Activity::Distribution => "配布",
        Activity::Publicity => "広報",
        Activity::Consultation => "相談",
    }
}

/// The word for a step.
pub fn state_word(state: StepState) -> &'static str {
    match state {
        StepState::Requested => "依頼",
        StepState::Offered => "調整",
        StepState::Confirmed => "確定",
        StepState::Held => "実施",
        StepState::Reported => "報告",
        StepState::Settled => "精算",
        StepState::Cancelled => "中止",
        StepState::Postponed => "延期",
    }
}

/// The word for how safe a record is.
pub fn save_word(state: SaveState) -> &'static str {
    match state {
        SaveState::Saved => "端末に保存",
        SaveState::Sent => "送信済み",
        SaveState::Agreed => "照合済み",
        SaveState::Held => "預かり",
        SaveState::Declined => "見送り",
    }
}

/// A number, or that none was reported.
pub fn number_word(value: Option<i64>) -> String {
    value.map_or_else(|| "報告なし".to_owned(), |value| value.to_string())
}

/// The column of the yearly report a long text belongs to.
pub fn text_word(text: TextName) -> &'static str {
    match text {
        TextName::Outcome => "内容・実績",
        TextName::Issue => "課題・問題点",
        TextName::Plan => "取組計画",
    }
}

/// A field's name.
pub fn field_word(field: &str) -> &str {
    match field {
        "fiscal_year" => "年度",
        "month" => "月",
        "date" => "日付",
        "start" => "開始",
        "end" => "終了",
        "activity" => "種類",
        "title" => "名称",
        "theme" => "テーマ",
        "occasion" => "場面",
        "host" => "主催",
        "venue" => "会場",
        "municipality" => "市町村",
        "association" => "医師会",
        "medical_area" => "医療圏",
        "item" => "事業項目",
        "dispatched_by" => "派遣元",
        "audience" => "対象",
        "medium" => "上映したもの",
        "minutes" => "分",
        "also" => "あわせて行ったこと",
        "lecturer_attribution" => "講師の示し方",
        other => other,
    }
}

/// A time in Japan, to the minute.
pub fn time_word(at: Timestamp) -> String {
    let japan = chrono::FixedOffset::east_opt(9 * 3600);
    let seconds = chrono::DateTime::from_timestamp(at.seconds(), 0);
    match japan.zip(seconds) {
        Some((japan, seconds)) => seconds.with_timezone(&japan).format("%Y-%m-%d %H:%M").to_string(),
        None => at.0.to_string(),
    }
}

/// One line of the list of records.
pub fn record_line(record: &RecordSummary) -> String {
    let activity = record.activity.map_or("種類なし", activity_word);
    let state = match (record.state, record.group) {
        (Some(state), _) => state_word(state),
        (None, Group::Conflict) => "要確認",
        (None, _) => "予定",
    };
    let date = record
        .date
        .clone()
        .or_else(|| record.fiscal_year.map(|year| format!("{year}年度")))
        .unwrap_or_else(|| "日付なし".to_owned());
    let title = record.title.as_deref().or(record.occasion.as_deref()).unwrap_or("（名称の報告なし）");
    let conflict =
        if record.conflict_count > 0 { format!(" 食い違い{}件", record.conflict_count) } else { String::new() };
    format!(
        "{}  {date}  {activity}  {title}  {state}  参加者 {}  {}{conflict}",
        record.document,
        number_word(record.attendance),
        save_word(record.save_state)
    )
}

/// The state of the tablet in two lines.
pub fn status_lines(status: &Status) -> String {
    let agreed = status
        .last_agreed_at
        .map_or_else(|| "まだ照合していません".to_owned(), |at| format!("照合済み {}", time_word(at)));
    format!("未送信の記録 {} 件（変更 {} 件）\n{agreed}", status.unsent_records, status.unsent_changes)
}
