//! Enrolment of tablets, and who one is.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, ScopeId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::KeyHolder;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::{ApiJson, Peer};
use crate::service::access::{Action, Caller, Role};
use crate::service::registry::{Named, TenantView};
use crate::service::{App, enrol};

/// A tablet that wants to be enrolled.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EnrolRequest {
    /// As shown: `XXXX-XXXX`. Hyphens, case and full-width letters are forgiven.
    pub code: String,
    /// A UUID made by the tablet.
    pub device: String,
    /// What people call it.
    pub device_name: String,
    /// Scopes it wants; only heard when the code leaves them open.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The server's half of what opens the tablet when its PINs are lost: 64 hexadecimal digits.
    #[serde(default)]
    pub recovery: Option<String>,
    /// Whether the code is to be a day pass's: one for a tablet is refused then, and stays good.
    #[serde(default)]
    pub pass_only: bool,
}

/// An enrolled tablet.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolResponse {
    /// For `Authorization: DPoP <token>`; shown only here, and worth nothing without the key.
    pub token: String,
    /// The prefecture.
    pub tenant: TenantView,
    /// The tablet's id.
    pub device: String,
    /// Its name.
    pub device_name: String,
    /// Who enrolled it.
    pub person: Named,
    /// The person's role.
    pub role: Role,
    /// Municipality code, association id or tenant.
    pub organisation: String,
    /// What it may hold; the first is the home of records it makes.
    pub scopes: Vec<String>,
    /// The day pass, when the code was one's.
    pub pass: Option<PassView>,
}

/// What a day pass is good for.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassView {
    /// The one session.
    pub document: String,
    /// From then on it shows nothing, ms.
    pub ends_at: u64,
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person.
    pub person: Named,
    /// The person's role.
    pub role: Role,
    /// Municipality code, association id or tenant.
    pub organisation: String,
    /// The prefecture.
    pub tenant: TenantView,
    /// The tablet, when the call comes from one.
    pub device: Option<String>,
    /// What that tablet may hold.
    pub scopes: Vec<String>,
    /// Stable names of what the role reaches somewhere, so that screens offer nothing else.
    pub may: Vec<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enrol_device)).routes(routes!(me))
}

async fn names(app: &App, caller: &Caller) -> Result<(Named, TenantView), ApiError> {
    let (tenant, person) =
        app.store.lookup_names(&caller.tenant, &caller.person).await?.ok_or_else(ApiError::unauthorised)?;
    let tenant = TenantView { code: caller.tenant.clone(), name: tenant };
    Ok((Named { id: caller.person.clone(), name: person }, tenant))
}

/// Turns a code into an enrolled tablet. The proof in the header `DPoP` shows the key it will be known by.
#[utoipa::path(post, path = "/v1/enrol", tag = "identity", request_body = EnrolRequest,
    responses((status = 200, body = EnrolResponse), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn enrol_device(
    State(app): State<App>,
    Peer(peer): Peer,
    KeyHolder(key): KeyHolder,
    ApiJson(request): ApiJson<EnrolRequest>,
) -> Result<Json<EnrolResponse>, ApiError> {
    let device: DeviceId =
        request.device.parse().map_err(|_| ApiError::invalid("端末の番号の形式が正しくありません。"))?;
    let scopes: Result<Vec<ScopeId>, _> = request.scopes.iter().map(|scope| scope.parse()).collect();
    let scopes = scopes.map_err(|_| ApiError::invalid("範囲の指定の形式が正しくありません。"))?;
    let recovery = match &request.recovery {
        None => None,
        Some(text) => {
            let mut half = [0; 32];
            hex::decode_to_slice(text, &mut half)
                .map_err(|_| ApiError::invalid("復旧用の値の形式が正しくありません。"))?;
            Some(half)
        }
    };
    let enrolled = if request.pass_only {
        enrol::enter_pass(&app, peer, &request.code, device, key).await?
    } else {
        enrol::enrol(&app, peer, &request.code, device, key, &request.device_name, &scopes).await?
    };
    if let Some(half) = recovery {
        app.store.keep_recovery(&enrolled.caller.tenant, device, &half).await?;
    }
    let (person, tenant) = names(&app, &enrolled.caller).await?;
    let (scopes, pass) = enrolled.caller.device.map(|tablet| (tablet.scopes, tablet.pass)).unwrap_or_default();
    Ok(Json(EnrolResponse {
        token: enrolled.token,
        tenant,
        device: device.to_string(),
        device_name: enrolled.device_name,
        person,
        role: enrolled.caller.role,
        organisation: enrolled.caller.organisation,
        scopes: scopes.iter().map(ScopeId::to_string).collect(),
        pass: pass.map(|pass| PassView { document: pass.document.to_string(), ends_at: pass.ends_at }),
    }))
}

pub(super) async fn me_of(app: &App, caller: Caller) -> Result<Me, ApiError> {
    let (person, tenant) = names(app, &caller).await?;
    let may = Action::ALL.iter().filter(|action| caller.may(**action)).map(|action| action.as_str().to_owned());
    let may = may.collect();
    let (device, scopes) = match caller.device {
        Some(tablet) => (Some(tablet.device.to_string()), tablet.scopes),
        None => (None, Vec::new()),
    };
    Ok(Me {
        person,
        role: caller.role,
        organisation: caller.organisation,
        tenant,
        device,
        scopes: scopes.iter().map(ScopeId::to_string).collect(),
        may,
    })
}

/// Tells who the caller is.
#[utoipa::path(get, path = "/v1/me", tag = "identity", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(State(app): State<App>, caller: Caller) -> Result<Json<Me>, ApiError> {
    Ok(Json(me_of(&app, caller).await?))
}
