//! The certificate of a destruction: what was destroyed, how much, by whom, when and why, with the list and its SHA-256, as
//! a text that can be printed and filed.

use chrono::{DateTime, FixedOffset};

use super::{RetentionError, Subject, check, named};
use crate::service::App;
use crate::service::access::Caller;
use crate::service::office::era::fiscal_year_name;

/// The line before the list.
pub const LIST: &str = "【一覧】";

fn time(ms: u64) -> String {
    let utc = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    FixedOffset::east_opt(9 * 3600).map(|zone| utc.with_timezone(&zone).to_rfc3339()).unwrap_or_default()
}

/// The text; a destruction that goes on has none yet.
pub async fn text(app: &App, caller: &Caller, destruction: &str) -> Result<String, RetentionError> {
    check(caller)?;
    let row = app.store.lookup_destruction(&caller.tenant, destruction).await?.ok_or(RetentionError::NotFound)?;
    let subject = Subject::from_name(&row.subject).ok_or(RetentionError::NotFound)?;
    let finished_at = row.finished_at.ok_or(RetentionError::GoesOn)?;
    let names = app.store.lookup_names(&caller.tenant, &row.begun_by).await?;
    let prefecture = names.map(|(prefecture, _)| prefecture).unwrap_or_default();
    let by = named(app, &caller.tenant, &row.begun_by).await?;
    let left = match subject {
        Subject::Records => {
            "集計の数（年度、月、日付、市町村、医師会、講師の番号、種類、人数）。名称、会場、文章、変更の履歴は残していません。"
        }
        Subject::Custody => "なし。",
        Subject::Journal => "消去したところまでの番号と照合用の値（操作の記録の中に書き残しています）。",
        Subject::Tablets => "端末の番号と、登録を取り消した日時。",
        Subject::SignIns => "利用者の名前と役割（記録の作成者として）。",
    };
    let facts = [
        ("証明書の番号", row.destruction.clone()),
        ("県", format!("{prefecture}（{}）", row.tenant)),
        ("消去したもの", subject.label().to_owned()),
        ("対象の年度", format!("{}まで（保存期間{}年）", fiscal_year_name(row.fiscal_year), row.years)),
        ("件数", row.item_count.to_string()),
        ("消去を確かめた人", format!("{}（{}）", by.name, by.id)),
        ("理由", row.reason.replace(['\r', '\n'], " ")),
        ("確かめた日時", time(row.begun_at)),
        ("消去を終えた日時", time(finished_at)),
        ("残したもの", left.to_owned()),
        ("一覧のSHA-256", hex::encode(row.hash)),
    ];
    let facts: String = facts.iter().map(|(name, value)| format!("{name}：{value}\n")).collect();
    Ok(format!(
        "消去の証明書\n\n{facts}\n一覧のSHA-256は、下の一覧の行（それぞれ改行LFで終わるもの）をつないだ文字列の値です。\n\
         同じ値が、操作の記録の「{}」の項目にあります。\n\n{LIST}\n{}",
        row.destruction, row.items
    ))
}
