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
use crate::service::day_pass::{self, DayPassCode, NewDayPass};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(issue)).routes(routes!(end))
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
