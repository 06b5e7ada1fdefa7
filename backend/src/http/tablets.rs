//! Tablets as the office handles them, and what a tablet asks for when a PIN is lost or a colleague joins.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::ids::DeviceId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::{DeviceCaller, KeyHolder};
use crate::http::error::{ApiError, Problem};
use crate::http::extract::{ApiJson, Peer};
use crate::service::App;
use crate::service::access::Caller;
use crate::service::registry::Named;
use crate::service::scan::ScanCode;
use crate::service::tablets::{self, NewPinCode, NewTabletCode, PinCode, TabletDetail, TabletError, TabletPage};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(issue))
        .routes(routes!(show))
        .routes(routes!(revoke))
        .routes(routes!(issue_pin_code))
        .routes(routes!(recover))
        .routes(routes!(add_colleague))
}

impl From<TabletError> for ApiError {
    fn from(error: TabletError) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            TabletError::NotFound => Self::not_found(),
            TabletError::Forbidden => Self::forbidden(),
            TabletError::Impossible => conflict(
                "not_possible",
                "この端末ではできません。登録がすでに取り消されているか、暗証番号を戻す用意がありません。画面を読み込み直してください。",
            ),
            TabletError::PassOver => {
                conflict("not_possible", "この一日券はもう終わっています。画面を読み込み直してください。")
            }
            TabletError::TooEarly => conflict(
                "pass_too_early",
                "一日券は、会の前の日から出せます。日付が違うときは、先に記録の日付を直してください。",
            ),
            TabletError::NotSession => conflict("not_a_session", "一日券は、会の記録にだけ出せます。"),
            TabletError::Lecturer => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_reference",
                "講師が見つかりません。一日券には人材バンクの講師かこの会の講師を、講師の端末にはその医師会の講師を選んでください。",
            ),
            TabletError::Address => Self::invalid("アプリのアドレスの形式が正しくありません。"),
            TabletError::NoRandomness(error) => error.into(),
            TabletError::Store(error) => error.into(),
        }
    }
}

/// A code that a coordinator gave for a lost PIN.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RecoveryRequest {
    /// `XXXX-XXXX`.
    pub code: String,
    /// The tablet's own id.
    pub device: String,
}

/// The server's half of the way back in.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryResponse {
    /// 64 hexadecimal digits.
    pub recovery: String,
    /// Whose PIN may be chosen anew.
    pub person: Named,
}

/// A code of a colleague.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ColleagueRequest {
    /// `XXXX-XXXX`.
    pub code: String,
}

fn device_of(text: &str) -> Result<DeviceId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

/// The tablets of the caller's organisation, and who may be given one.
#[utoipa::path(get, path = "/v1/devices", tag = "tablets", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = TabletPage), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller) -> Result<Json<TabletPage>, ApiError> {
    Ok(Json(tablets::list(&app, &caller).await?))
}

/// Makes a code that enrols one tablet, with its picture. Good once, for ten minutes and for nothing else.
#[utoipa::path(post, path = "/v1/devices/codes", tag = "tablets", request_body = NewTabletCode,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = ScanCode), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn issue(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewTabletCode>,
) -> Result<Json<ScanCode>, ApiError> {
    Ok(Json(tablets::issue(&app, &caller, &new).await?))
}

/// One tablet, and the records that only it has written.
#[utoipa::path(get, path = "/v1/devices/{device}", tag = "tablets", params(("device" = String, Path)),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = TabletDetail), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(device): Path<String>,
) -> Result<Json<TabletDetail>, ApiError> {
    Ok(Json(tablets::show(&app, &caller, device_of(&device)?).await?))
}

/// Ends a tablet's registration.
#[utoipa::path(post, path = "/v1/devices/{device}/revocation", tag = "tablets", params(("device" = String, Path)),
    security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn revoke(State(app): State<App>, caller: Caller, Path(device): Path<String>) -> Result<StatusCode, ApiError> {
    tablets::revoke(&app, &caller, device_of(&device)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a code with which one person opens this tablet without their PIN. Good once and for ten minutes.
#[utoipa::path(post, path = "/v1/devices/{device}/pin-code", tag = "tablets", params(("device" = String, Path)),
    request_body = NewPinCode, security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = PinCode), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn issue_pin_code(
    State(app): State<App>,
    caller: Caller,
    Path(device): Path<String>,
    ApiJson(new): ApiJson<NewPinCode>,
) -> Result<Json<PinCode>, ApiError> {
    Ok(Json(tablets::issue_pin_code(&app, &caller, device_of(&device)?, &new.person).await?))
}

/// Gives a locked tablet the server's half of the way back in. The proof in the header `DPoP` has to be by its own key.
#[utoipa::path(post, path = "/v1/recover", tag = "tablets", request_body = RecoveryRequest,
    responses((status = 200, body = RecoveryResponse), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 429, body = Problem)))]
async fn recover(
    State(app): State<App>,
    Peer(peer): Peer,
    KeyHolder(key): KeyHolder,
    ApiJson(request): ApiJson<RecoveryRequest>,
) -> Result<Json<RecoveryResponse>, ApiError> {
    let device = request.device.parse().map_err(|_| ApiError::invalid("端末の番号の形式が正しくありません。"))?;
    let (half, person) = tablets::recover(&app, peer, &request.code, device, &key).await?;
    Ok(Json(RecoveryResponse { recovery: hex::encode(half), person }))
}

/// Adds a colleague of the same organisation to those who use this tablet.
#[utoipa::path(post, path = "/v1/device/people", tag = "tablets", request_body = ColleagueRequest,
    security(("device" = [])),
    responses((status = 200, body = Named), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 429, body = Problem)))]
async fn add_colleague(
    State(app): State<App>,
    Peer(peer): Peer,
    device: DeviceCaller,
    ApiJson(request): ApiJson<ColleagueRequest>,
) -> Result<Json<Named>, ApiError> {
    Ok(Json(tablets::add_colleague(&app, &device.caller, device.tablet.device, peer, &request.code).await?))
}
