//! How long things are kept, what falls due, confirming its destruction, and the certificates.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::download;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::retention::{self, RetentionError, RetentionPage, Subject, certificate, destruction};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set)).routes(routes!(confirm)).routes(routes!(show))
}

impl From<RetentionError> for ApiError {
    fn from(error: RetentionError) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            RetentionError::Forbidden => Self::forbidden(),
            RetentionError::NotFound => Self::not_found(),
            RetentionError::Years => {
                Self::invalid("年数を1から100までの数字で入力するか、「消去しない」を選んでください。")
            }
            RetentionError::Reason => Self::invalid("消去する理由を500文字までで入力してください。"),
            RetentionError::Changed => conflict(
                "list_changed",
                "確かめた後に、対象が変わりました。画面を読み込み直して、もう一度確かめてください。",
            ),
            RetentionError::Nothing => {
                conflict("nothing_due", "保存期間が過ぎたものはありません。画面を読み込み直してください。")
            }
            RetentionError::GoesOn => {
                conflict("goes_on", "前の消去がまだ終わっていません。終わってから、もう一度お試しください。")
            }
            RetentionError::NoRandomness(error) => error.into(),
            RetentionError::Store(error) => error.into(),
        }
    }
}

/// How long a subject is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRetention {
    /// Whole fiscal years after the one it belongs to, 1 to 100; null: for good.
    #[schema(minimum = 1, maximum = 100)]
    years: Option<i64>,
}

/// A person's word for a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDestruction {
    /// The name of the list that was shown.
    list: String,
    /// In words; stands on the certificate.
    reason: String,
}

/// A destruction that begins.
#[derive(Debug, Serialize, ToSchema)]
struct BegunDestruction {
    /// Its id.
    destruction: String,
}

fn subject_of(name: &str) -> Result<Subject, ApiError> {
    Subject::from_name(name).ok_or_else(ApiError::not_found)
}

/// What is kept how long, what falls due, and what was destroyed. For administrators.
#[utoipa::path(get, path = "/v1/retention", tag = "retention", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = RetentionPage), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller) -> Result<Json<RetentionPage>, ApiError> {
    Ok(Json(retention::page(&app, &caller).await?))
}

/// Sets how long a subject is kept. Destroys nothing.
#[utoipa::path(put, path = "/v1/retention/{subject}", tag = "retention", request_body = NewRetention,
    params(("subject" = String, Path, description = "records, custody, journal, tablets or sign_ins")),
    security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(subject): Path<String>,
    ApiJson(new): ApiJson<NewRetention>,
) -> Result<StatusCode, ApiError> {
    retention::set(&app, &caller, subject_of(&subject)?, new.years).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to destroy what falls due, exactly as it was shown. It cannot be undone.
#[utoipa::path(post, path = "/v1/retention/{subject}/destructions", tag = "retention", request_body = NewDestruction,
    params(("subject" = String, Path, description = "records, custody, journal, tablets or sign_ins")),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = BegunDestruction), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn confirm(
    State(app): State<App>,
    caller: Caller,
    Path(subject): Path<String>,
    ApiJson(new): ApiJson<NewDestruction>,
) -> Result<Json<BegunDestruction>, ApiError> {
    let id = destruction::confirm(&app, &caller, subject_of(&subject)?, &new.list, &new.reason).await?;
    let begun = BegunDestruction { destruction: id.clone() };
    // it takes as long as it takes; whoever looks at the page sees when it is done
    tokio::spawn(async move {
        if let Err(error) = destruction::carry_on_with(&app, &caller.tenant, &id).await {
            tracing::warn!(%error, destruction = id, "a destruction was interrupted; it goes on later");
        }
    });
    Ok(Json(begun))
}

/// The certificate of a destruction that is done, as a text to be filed.
#[utoipa::path(get, path = "/v1/retention/destructions/{destruction}", tag = "retention",
    params(("destruction" = String, Path, description = "Id")), security(("device" = []), ("cookie" = [])),
    responses((status = 200, content_type = "text/plain", body = String), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, ApiError> {
    let text = certificate::text(&app, &caller, &id).await?;
    Ok(download::whole(&format!("消去の証明書_{id}"), download::Kind::Text, text))
}
