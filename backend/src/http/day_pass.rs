//! Day passes: given for one session and one lecturer, ended before their time.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::day_pass::{self, DayPassCode, DayPassError, NewDayPass};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(issue)).routes(routes!(end))
}

impl From<DayPassError> for ApiError {
    fn from(error: DayPassError) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            DayPassError::NotFound => Self::not_found(),
            DayPassError::Forbidden => Self::forbidden(),
            DayPassError::TooEarly => conflict(
                "pass_too_early",
                "一日券は、会の前の日から出せます。日付が違うときは、先に記録の日付を直してください。",
            ),
            DayPassError::Kind => conflict("not_a_session", "一日券は、会の記録にだけ出せます。"),
            DayPassError::Lecturer => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_reference",
                "講師が見つかりません。人材バンクの講師か、この会の講師を選んでください。",
            ),
            DayPassError::Over => {
                conflict("not_possible", "この一日券はもう終わっています。画面を読み込み直してください。")
            }
            DayPassError::Address => Self::invalid("アプリのアドレスの形式が正しくありません。"),
            DayPassError::NoRandomness(error) => {
                tracing::error!(%error, "cannot make a secret");
                Self::internal()
            }
            DayPassError::Store(error) => error.into(),
        }
    }
}

/// Makes a day pass for a session and a lecturer, with its picture. Good once and for ten minutes.
#[utoipa::path(post, path = "/v1/records/{document}/pass", tag = "tablets", request_body = NewDayPass,
    params(("document" = String, Path)), security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = DayPassCode), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn issue(
    State(app): State<App>,
    caller: Caller,
    Path(document): Path<String>,
    ApiJson(new): ApiJson<NewDayPass>,
) -> Result<Json<DayPassCode>, ApiError> {
    let document = document.parse().map_err(|_| ApiError::not_found())?;
    Ok(Json(day_pass::issue(&app, &caller, document, &new).await?))
}

/// Ends a day pass before its time.
#[utoipa::path(post, path = "/v1/devices/{device}/pass-end", tag = "tablets", params(("device" = String, Path)),
    security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end(State(app): State<App>, caller: Caller, Path(device): Path<String>) -> Result<StatusCode, ApiError> {
    let device = device.parse().map_err(|_| ApiError::not_found())?;
    day_pass::end(&app, &caller, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
