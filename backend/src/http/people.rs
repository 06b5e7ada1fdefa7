//! People and their roles, and going on in another role of one's own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::cookie_token;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::journal::Act;
use crate::service::people::{self, NewCode, NewPerson, PeopleError, PeoplePage, RoleChoice, RoleView};
use crate::service::secret::secret_hash;
use crate::store::people::Membership;

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(rename))
        .routes(routes!(give, take))
        .routes(routes!(set_disabled))
        .routes(routes!(sign_in_code))
        .routes(routes!(own_roles))
        .routes(routes!(switch))
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            PeopleError::NotFound => Self::not_found(),
            PeopleError::Forbidden => Self::forbidden(),
            PeopleError::Name => Self::invalid("名前を1〜80文字で入力してください。"),
            PeopleError::Taken => conflict(
                "name_taken",
                "同じ組織に同じ名前の利用者がいます。その利用者に役割を加えるか、区別できる名前にしてください。",
            ),
            PeopleError::Organisation(unknown) => unknown.into(),
            PeopleError::Oneself => {
                conflict("oneself", "自分自身の利用は止められません。ほかの管理者に頼んでください。")
            }
            PeopleError::Disabled => {
                conflict("person_disabled", "この利用者は利用を止められています。先に利用を再開してください。")
            }
            PeopleError::NoRandomness(error) => error.into(),
            PeopleError::Store(error) => error.into(),
        }
    }
}

/// The id of a person who was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedPerson {
    /// Registry id.
    person: String,
}

/// Whether a person is kept from signing in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Disabling {
    /// True: they may not sign in.
    disabled: bool,
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewName {
    /// 1 to 80 letters.
    name: String,
    /// How it is read, in kana, at most 80 letters; absent or empty: not stated.
    reading: Option<String>,
}

/// The people of the caller's part, with their roles.
#[utoipa::path(get, path = "/v1/people", tag = "people", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = PeoplePage), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller) -> Result<Json<PeoplePage>, ApiError> {
    Ok(Json(people::list(&app, &caller).await?))
}

/// Adds a person with a first role.
#[utoipa::path(post, path = "/v1/people", tag = "people", request_body = NewPerson,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = AddedPerson), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewPerson>,
) -> Result<Json<AddedPerson>, ApiError> {
    Ok(Json(AddedPerson { person: people::add(&app, &caller, new).await? }))
}

/// Gives a person another name.
#[utoipa::path(post, path = "/v1/people/{person}/name", tag = "people", request_body = NewName,
    params(("person" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn rename(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<String>,
    ApiJson(new): ApiJson<NewName>,
) -> Result<StatusCode, ApiError> {
    people::rename(&app, &caller, &person, &new.name, new.reading.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a person a role. Saying it twice changes nothing.
#[utoipa::path(post, path = "/v1/people/{person}/roles", tag = "people", request_body = RoleChoice,
    params(("person" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn give(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<String>,
    ApiJson(choice): ApiJson<RoleChoice>,
) -> Result<StatusCode, ApiError> {
    people::give(&app, &caller, &person, &choice).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role from a person; sign-ins and codes made with it end.
#[utoipa::path(delete, path = "/v1/people/{person}/roles", tag = "people", request_body = RoleChoice,
    params(("person" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn take(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<String>,
    ApiJson(choice): ApiJson<RoleChoice>,
) -> Result<StatusCode, ApiError> {
    people::take(&app, &caller, &person, &choice).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a person from signing in, or lets them in again.
#[utoipa::path(post, path = "/v1/people/{person}/disabled", tag = "people", request_body = Disabling,
    params(("person" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn set_disabled(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<String>,
    ApiJson(new): ApiJson<Disabling>,
) -> Result<StatusCode, ApiError> {
    people::set_disabled(&app, &caller, &person, new.disabled).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a code with which a person signs in to the console once, within a day.
#[utoipa::path(post, path = "/v1/people/{person}/code", tag = "people", request_body = RoleChoice,
    params(("person" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = NewCode), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn sign_in_code(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<String>,
    ApiJson(choice): ApiJson<RoleChoice>,
) -> Result<Json<NewCode>, ApiError> {
    Ok(Json(people::sign_in_code(&app, &caller, &person, &choice).await?))
}

/// What the caller may go on as.
#[utoipa::path(get, path = "/v1/me/roles", tag = "identity", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = Vec<RoleView>), (status = 401, body = Problem)))]
async fn own_roles(State(app): State<App>, caller: Caller) -> Result<Json<Vec<RoleView>>, ApiError> {
    Ok(Json(people::own_roles(&app, &caller).await?))
}

/// Goes on with this sign-in in another of one's roles. A tablet keeps the one it was enrolled with.
#[utoipa::path(post, path = "/v1/me/role", tag = "identity", request_body = RoleChoice, security(("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn switch(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(choice): ApiJson<RoleChoice>,
) -> Result<StatusCode, ApiError> {
    let token = cookie_token(&app, &headers).filter(|_| caller.device.is_none()).ok_or_else(ApiError::forbidden)?;
    let membership = Membership { role: choice.role.as_str().to_owned(), organisation: choice.organisation };
    if !app.store.switch_role(&secret_hash(token), &membership).await? {
        return Err(ApiError::forbidden());
    }
    let act = Act::done(Action::EditOwn).saying(format!("role {} {}", membership.role, membership.organisation));
    app.journal.note(&caller, act).await?;
    Ok(StatusCode::NO_CONTENT)
}
