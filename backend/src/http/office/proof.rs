//! Endpoints for what people decide and keep watch over: custody, destroying a record, closing a month, healing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use sync_core::ids::DocumentId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiQuery;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::access::{Action, Caller};
use crate::service::office::OfficeError;
use crate::service::office::closing::{self, ClosingPage, ClosingQuery, CorrectionPage, CorrectionQuery, NewClosing};
use crate::service::office::custody::{
    self, CustodyDetail, CustodyPage, CustodyQuery, DecideError, Decided, NewDecision,
};
use crate::service::office::healing::{self, HealingPage};
use crate::service::{App, purge};

/// Longest reason, in letters.
const REASON_LETTERS: usize = 500;

/// The routes of this file.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_custody))
        .routes(routes!(show_custody))
        .routes(routes!(decide_custody))
        .routes(routes!(list_healing))
        .routes(routes!(list_closings, close_month))
        .routes(routes!(list_corrections))
        .routes(routes!(destroy_record))
}

impl From<DecideError> for ApiError {
    fn from(error: DecideError) -> Self {
        let conflict = |code, detail: String| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            DecideError::Forbidden => Self::forbidden(),
            DecideError::Reason => Self::invalid("理由を500文字までで入力してください。端末の画面にも表示されます。"),
            DecideError::AlreadyDecided => conflict(
                "already_decided",
                "すでに判断が済んでいるか、預かりからなくなっています。画面を読み込み直してください。".to_owned(),
            ),
            DecideError::Purged => conflict(
                "purged",
                "この記録は完全に消去されているため、取り込めません。「取り込まない」を選んでください。".to_owned(),
            ),
            DecideError::MissingDeps => conflict(
                "missing_deps",
                "この変更より前の変更がまだ届いていません。端末をもう一度つないでから、やり直してください。".to_owned(),
            ),
            DecideError::AuthorUnknown => conflict(
                "author_unknown",
                "書いた端末がこの県に登録されていないため、取り込めません。端末を登録し直してつなぐか、内容を見ながら\
                 現場の端末で入力し直してもらい、こちらは「取り込まない」を選んでください。"
                    .to_owned(),
            ),
            DecideError::Damaged => conflict(
                "record_damaged",
                "元の記録が壊れていて、端末から取り戻しているところです。記録が戻ってから、やり直してください。"
                    .to_owned(),
            ),
            DecideError::Refused(code) => conflict(
                "not_admissible",
                format!(
                    "このままの形では取り込めません（理由：{}）。内容を見ながら現場の端末で入力し直してもらい、\
                     こちらは「取り込まない」を選んでください。",
                    custody_reason(code.as_str())
                ),
            ),
            DecideError::Office(error) => error.into(),
        }
    }
}

/// A code of the gate in plain words.
fn custody_reason(code: &str) -> &'static str {
    match code {
        "too_large" => "一度に送れる大きさを超えています",
        "too_complex" => "一度に送れる量を超えています",
        "hash_mismatch" => "届くまでに内容が変わっています",
        "foreign_device" => "ほかの端末の名前で書かれています",
        "brought_back" => "書いた端末とは別の端末が持っていました",
        "sequence" => "この端末の前の変更とつながりません",
        "structure" => "記録の決まった形に合いません",
        "unloadable" => "取り込むと記録を開けなくなるおそれがあります",
        _ => "内容を読み取れません",
    }
}

/// What is kept aside from tablets of the caller's organisation and of records that are its, or of one record.
#[utoipa::path(get, path = "/v1/custody", tag = "office", params(CustodyQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = CustodyPage), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn list_custody(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<CustodyQuery>,
) -> Result<Json<CustodyPage>, ApiError> {
    Ok(Json(custody::list(&app, &caller, &query).await?))
}

/// What one tablet's held changes of one record would do.
#[utoipa::path(get, path = "/v1/custody/{document}/{device}", tag = "office",
    params(("document" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = CustodyDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_custody(
    State(app): State<App>,
    caller: Caller,
    Path((document, device)): Path<(String, String)>,
) -> Result<Json<CustodyDetail>, ApiError> {
    Ok(Json(custody::detail(&app, &caller, &document, &device).await?))
}

/// Lets held work in, or declines it. Once, with a reason; for those who answer for the record.
#[utoipa::path(post, path = "/v1/custody/decisions", tag = "office", request_body = NewDecision,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = Decided), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn decide_custody(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewDecision>,
) -> Result<Json<Decided>, ApiError> {
    Ok(Json(custody::decide(&app, &caller, &new).await?))
}

/// What tablets brought back after the server had lost it. For prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/healing", tag = "office", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = HealingPage), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn list_healing(State(app): State<App>, caller: Caller) -> Result<Json<HealingPage>, ApiError> {
    Ok(Json(healing::list(&app, &caller).await?))
}

/// The months of a year, and which of them are closed.
#[utoipa::path(get, path = "/v1/closings", tag = "office", params(ClosingQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = ClosingPage), (status = 401, body = Problem)))]
async fn list_closings(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ClosingQuery>,
) -> Result<Json<ClosingPage>, ApiError> {
    Ok(Json(closing::list(&app, &caller, query).await?))
}

/// Closes a month that has ended. For prefectural officers and administrators.
#[utoipa::path(post, path = "/v1/closings", tag = "office", request_body = NewClosing,
    security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn close_month(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewClosing>,
) -> Result<StatusCode, ApiError> {
    closing::close(&app, &caller, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What has changed in a month since it was closed, as reported and as now.
#[utoipa::path(get, path = "/v1/corrections", tag = "office", params(CorrectionQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = CorrectionPage), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn list_corrections(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<CorrectionQuery>,
) -> Result<Json<CorrectionPage>, ApiError> {
    Ok(Json(closing::corrections(&app, &caller, &query).await?))
}

/// Why a record is destroyed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPurge {
    /// In words; kept for good.
    reason: String,
}

/// Destroys a record for good. For administrators; it cannot be undone.
#[utoipa::path(delete, path = "/v1/records/{document}", tag = "office", request_body = NewPurge,
    params(("document" = String, Path, description = "UUID")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn destroy_record(
    State(app): State<App>,
    caller: Caller,
    Path(document): Path<String>,
    ApiJson(new): ApiJson<NewPurge>,
) -> Result<StatusCode, ApiError> {
    if !caller.may(Action::DestroyRecord) {
        return Err(ApiError::forbidden());
    }
    let document: DocumentId = document.parse().map_err(|_| ApiError::not_found())?;
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_LETTERS {
        return Err(ApiError::invalid("消去する理由を500文字までで入力してください。"));
    }
    if !app.store.knows(&caller.tenant, document).await? {
        return Err(ApiError::not_found());
    }
    if !purge::purge(&app, &caller, document, reason).await? {
        return Err(OfficeError::Already("この記録はすでに消去されています。").into());
    }
    Ok(StatusCode::NO_CONTENT)
}
