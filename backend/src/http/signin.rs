//! Signing in at the console and out again, and what people change of it themselves.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::{cookie_name, cookie_of, cookie_token};
use crate::http::enrol::{Me, me_of};
use crate::http::error::{ApiError, Problem};
use crate::http::extract::{ApiJson, Peer};
use crate::service::App;
use crate::service::access::Caller;
use crate::service::secret::secret_hash;
use crate::service::signin::oidc::{Answer, Purpose, Return};
use crate::service::signin::own::OwnSignIn;
use crate::service::signin::{self, From, SignInError, SignedIn, oidc, own, passkey, password};

/// The cookie that is half of the secret of a visit to the provider.
const VISIT: &str = "tsudoi_visit";

/// A person who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// As shown: `XXXX-XXXX`.
    pub code: String,
}

/// A person who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub struct PasswordRequest {
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// A new sign-in name and password.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// Letters, digits and `.-_@+`, 3 to 64.
    pub name: String,
    /// At least 12 letters.
    pub password: String,
}

/// What proves anew who the caller is: one of the two.
#[derive(Deserialize, ToSchema)]
pub struct ProofRequest {
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
    /// A code of the caller's.
    #[serde(default)]
    pub code: Option<String>,
}

/// A step to be answered by the browser.
#[derive(Serialize, ToSchema)]
pub struct PasskeyStep {
    /// To be sent back; good once and for ten minutes.
    pub ceremony: String,
    /// For `navigator.credentials`.
    pub options: serde_json::Value,
}

/// What the browser made of a step.
#[derive(Deserialize, ToSchema)]
pub struct PasskeyAnswer {
    /// From the step.
    pub ceremony: String,
    /// What `navigator.credentials` gave.
    pub credential: serde_json::Value,
    /// What to call a new passkey.
    #[serde(default)]
    pub name: String,
}

/// The ways one can sign in here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ways {
    /// Whether passkeys can be used.
    pub passkeys: bool,
    /// What the organisation's own provider is called, where there is one.
    pub provider: Option<String>,
}

/// How many sign-ins were ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// That many.
    pub ended: u64,
}

/// What the provider is wanted for.
#[derive(Debug, Deserialize)]
struct Visit {
    purpose: Purpose,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(password_sign_in))
        .routes(routes!(begin_passkey))
        .routes(routes!(passkey_sign_in))
        .routes(routes!(visit_provider))
        .routes(routes!(back_from_provider))
        .routes(routes!(show_own))
        .routes(routes!(set_password))
        .routes(routes!(prove))
        .routes(routes!(begin_proof))
        .routes(routes!(passkey_proof))
        .routes(routes!(begin_adding_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(remove_passkey))
        .routes(routes!(visit_own_provider, unlink))
        .routes(routes!(end_login))
        .routes(routes!(end_others))
}

impl From {
    fn of(peer: Peer, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { peer: peer.0, agent: signin::agent_words(agent) }
    }
}

impl FromRequestParts<App> for From {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        Ok(Self::of(peer, &parts.headers))
    }
}

impl std::convert::From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        let unauthorised = |code, detail: &str| Self::new(StatusCode::UNAUTHORIZED, code, detail);
        match error {
            SignInError::TooMany { retry_after_seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_codes",
                if retry_after_seconds > 60 {
                    "この利用者名で違うパスワードが続いたため、しばらく受け付けません。15分ほどたってから、もう一度お試しください。お急ぎのときは、担当の管理者に登録コードをもらってください。"
                } else {
                    "違う入力が続いたため、しばらく受け付けません。1分ほどたってからもう一度入力してください。"
                },
            )
            .retry_after(retry_after_seconds),
            SignInError::NoCode => unauthorised(
                "code_unknown",
                "コードが違うか、期限が切れています。発行した担当者に新しいコードをもらってください。",
            ),
            SignInError::WrongPassword => unauthorised(
                "wrong_password",
                "利用者名かパスワードが違います。忘れたときは、担当の管理者に登録コードをもらうと、決め直せます。",
            ),
            SignInError::WrongPasskey => unauthorised(
                "wrong_passkey",
                "このパスキーは登録されていないか、確かめられませんでした。ほかの方法でサインインしてください。",
            ),
            SignInError::Over => {
                unauthorised("step_over", "手続きの時間が過ぎたか、すでに使われています。はじめからやり直してください。")
            }
            SignInError::Busy => Self::busy(),
            SignInError::NotSetUp => Self::not_found(),
            SignInError::ProofNeeded => Self::new(
                StatusCode::FORBIDDEN,
                "proof_needed",
                "大切な操作です。ご本人であることを、もう一度確かめてください。",
            ),
            SignInError::Weak(detail) => Self::new(StatusCode::BAD_REQUEST, "weak_password", detail),
            SignInError::Name => {
                Self::invalid("名前の形が正しくありません。利用者名は半角の英数字と記号（. - _ @ +）で3〜64文字です。")
            }
            SignInError::NameTaken => Self::new(
                StatusCode::CONFLICT,
                "name_taken",
                "この利用者名はほかの人が使っています。別の利用者名にしてください。",
            ),
            SignInError::Known => Self::new(
                StatusCode::CONFLICT,
                "known_already",
                "すでに登録されているか、登録できる数を超えています。",
            ),
            SignInError::Unknown => Self::not_found(),
            SignInError::Provider(error) => {
                tracing::warn!(%error, "signing in at the provider failed");
                Self::new(
                    StatusCode::UNAUTHORIZED,
                    provider_code(&error),
                    "組織のアカウントで確かめられませんでした。もう一度お試しになるか、ほかの方法でサインインしてください。",
                )
            }
            SignInError::NoRandomness(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

fn provider_code(error: &oidc::ProviderError) -> &'static str {
    match error {
        oidc::ProviderError::Unreachable(_) => "provider_unreachable",
        oidc::ProviderError::Denied(_) => "provider_denied",
        oidc::ProviderError::Invalid(_) => "provider_invalid",
        oidc::ProviderError::Unlinked => "provider_unlinked",
    }
}

fn set_cookie(app: &App, name: &str, value: &str, seconds: u64, same_site: &str) -> Result<HeaderValue, ApiError> {
    let name = cookie_name(app, name);
    let secure = if app.config.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; HttpOnly; SameSite={same_site}; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).map_err(|_| ApiError::internal())
}

fn session(app: &App, token: &str) -> Result<HeaderValue, ApiError> {
    let seconds = if token.is_empty() { 0 } else { app.config.login_hours.saturating_mul(3600) };
    set_cookie(app, crate::http::caller::COOKIE, token, seconds, "Strict")
}

/// The answer to one who has signed in. A sign-in that the browser still had ends.
async fn welcome(app: &App, headers: &HeaderMap, signed_in: SignedIn) -> Result<Response, ApiError> {
    if let Some(old) = cookie_token(app, headers) {
        own::sign_out(app, &secret_hash(old)).await?;
    }
    let cookie = session(app, &signed_in.token)?;
    let me = me_of(app, signed_in.caller).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// Names the ways one can sign in here.
#[utoipa::path(get, path = "/v1/sign-in/ways", tag = "identity", responses((status = 200, body = Ways)))]
async fn ways(State(app): State<App>) -> Json<Ways> {
    let provider = app.sign_in.provider.as_ref().map(|_| app.config.oidc_name.clone());
    Json(Ways { passkeys: app.sign_in.passkeys.is_some(), provider })
}

/// Signs a person in with a code.
#[utoipa::path(post, path = "/v1/login", tag = "identity", request_body = LoginRequest,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn login(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<LoginRequest>,
) -> Result<Response, ApiError> {
    let signed_in = signin::by_code(&app, &from, &request.code).await?;
    welcome(&app, &headers, signed_in).await
}

/// Ends the console's sign-in.
#[utoipa::path(post, path = "/v1/logout", tag = "identity", responses((status = 204)))]
async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(token) = cookie_token(&app, &headers) {
        own::sign_out(&app, &secret_hash(token)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, session(&app, "")?)]).into_response())
}

/// Signs a person in by name and password.
#[utoipa::path(post, path = "/v1/sign-in/password", tag = "identity", request_body = PasswordRequest,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn password_sign_in(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasswordRequest>,
) -> Result<Response, ApiError> {
    let signed_in = password::sign_in(&app, &from, &request.name, &request.password).await?;
    welcome(&app, &headers, signed_in).await
}

fn step<T: Serialize>(step: passkey::Step<T>) -> Result<Json<PasskeyStep>, ApiError> {
    let options = serde_json::to_value(&step.options).map_err(|_| ApiError::internal())?;
    Ok(Json(PasskeyStep { ceremony: step.ceremony, options }))
}

fn credential<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|_| SignInError::WrongPasskey.into())
}

/// Begins to sign in with a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey/begin", tag = "identity",
    responses((status = 200, body = PasskeyStep), (status = 404, body = Problem), (status = 429, body = Problem)))]
async fn begin_passkey(State(app): State<App>, from: From) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_sign_in(&app, &from).await?)
}

/// Signs a person in with a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey", tag = "identity", request_body = PasskeyAnswer,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn passkey_sign_in(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<Response, ApiError> {
    let signed_in = passkey::sign_in(&app, &from, &request.ceremony, &credential(request.credential)?).await?;
    welcome(&app, &headers, signed_in).await
}

/// Sends the browser to the organisation's own provider.
#[utoipa::path(get, path = "/v1/sign-in/oidc", tag = "identity",
    responses((status = 303), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn visit_provider(State(app): State<App>, from: From) -> Result<Response, ApiError> {
    let departure = oidc::depart(&app, &from, Purpose::SignIn, None).await?;
    leave(&app, &departure)
}

fn leave(app: &App, departure: &oidc::Departure) -> Result<Response, ApiError> {
    let cookie = set_cookie(app, VISIT, &departure.secret, signin::CEREMONY_MS / 1000, "Lax")?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&departure.url)).into_response())
}

/// Sends one who is signed in to the provider, to link it or to prove anew who they are.
#[utoipa::path(get, path = "/v1/own/provider", tag = "identity", security(("cookie" = [])),
    params(("purpose" = String, Query, description = "link or proof")),
    responses((status = 303), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn visit_own_provider(
    State(app): State<App>,
    caller: Caller,
    from: From,
    headers: HeaderMap,
    visit: Result<Query<Visit>, QueryRejection>,
) -> Result<Response, ApiError> {
    let token = cookie_token(&app, &headers).map(secret_hash).ok_or_else(ApiError::unauthorised)?;
    let purpose = visit.ok().map(|Query(visit)| visit.purpose).filter(|purpose| *purpose != Purpose::SignIn);
    let purpose = purpose.ok_or_else(|| ApiError::invalid("目的の指定が正しくありません。"))?;
    if purpose == Purpose::Link && !own::is_proved(&app, &caller) {
        return Err(SignInError::ProofNeeded.into());
    }
    let departure = oidc::depart(&app, &from, purpose, Some((&caller, token))).await?;
    leave(&app, &departure)
}

/// Where the provider sends the browser back to.
#[utoipa::path(get, path = "/v1/sign-in/oidc/back", tag = "identity", responses((status = 303)))]
async fn back_from_provider(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, ApiError> {
    let secret = cookie_of(&app, &headers, VISIT).map(str::to_owned);
    let over = set_cookie(&app, VISIT, "", 0, "Lax")?;
    let to = |path: String| ([(header::SET_COOKIE, over.clone())], Redirect::to(&path)).into_response();
    match oidc::come_back(&app, &from, secret.as_deref(), answer).await {
        Ok(Return::SignedIn(token) | Return::Proved(token)) => {
            let mut response = to("/office".to_owned());
            response.headers_mut().append(header::SET_COOKIE, session(&app, &token)?);
            Ok(response)
        }
        Ok(Return::Linked) => Ok(to("/office/own".to_owned())),
        Err(error) => {
            let problem = ApiError::from(error);
            Ok(to(format!("/office?problem={}", problem.code())))
        }
    }
}

/// Tells how the caller signs in.
#[utoipa::path(get, path = "/v1/own/sign-in", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = OwnSignIn), (status = 401, body = Problem)))]
async fn show_own(State(app): State<App>, caller: Caller) -> Result<Json<OwnSignIn>, ApiError> {
    Ok(Json(own::show(&app, &caller).await?))
}

/// Sets the caller's sign-in name and password, and ends the caller's other sign-ins.
#[utoipa::path(post, path = "/v1/own/password", tag = "identity", security(("cookie" = [])), request_body = NewPassword,
    responses((status = 200, body = Ended), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn set_password(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewPassword>,
) -> Result<Json<Ended>, ApiError> {
    password::set(&app, &caller, &new.name, &new.password).await?;
    Ok(Json(Ended { ended: own::end_others(&app, &caller).await? }))
}

/// Opens dangerous acts to the person who proved: the sign-in goes on under another token.
async fn opened(app: &App, headers: &HeaderMap) -> Result<Response, ApiError> {
    let old = cookie_token(app, headers).ok_or_else(ApiError::unauthorised)?;
    let token = own::proved(app, &secret_hash(old)).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, session(app, &token)?)]).into_response())
}

/// Proves anew who the caller is, with their password or a code of theirs.
#[utoipa::path(post, path = "/v1/own/proof", tag = "identity", security(("cookie" = [])), request_body = ProofRequest,
    responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn prove(
    State(app): State<App>,
    caller: Caller,
    from: From,
    headers: HeaderMap,
    ApiJson(proof): ApiJson<ProofRequest>,
) -> Result<Response, ApiError> {
    match (&proof.password, &proof.code) {
        (Some(word), None) => password::prove(&app, &caller, &from, word).await?,
        (None, Some(code)) => own::prove_by_code(&app, &caller, &from, code).await?,
        _ => return Err(ApiError::invalid("パスワードか登録コードのどちらかを入力してください。")),
    }
    opened(&app, &headers).await
}

/// Begins to prove with a passkey.
#[utoipa::path(post, path = "/v1/own/proof/passkey/begin", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = PasskeyStep), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn begin_proof(State(app): State<App>, caller: Caller) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_proof(&app, &caller).await?)
}

/// Proves anew who the caller is, with a passkey.
#[utoipa::path(post, path = "/v1/own/proof/passkey", tag = "identity", security(("cookie" = [])),
    request_body = PasskeyAnswer, responses((status = 204), (status = 401, body = Problem)))]
async fn passkey_proof(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<Response, ApiError> {
    passkey::prove(&app, &caller, &request.ceremony, &credential(request.credential)?).await?;
    opened(&app, &headers).await
}

/// Begins to make a passkey.
#[utoipa::path(post, path = "/v1/own/passkeys/begin", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = PasskeyStep), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn begin_adding_passkey(State(app): State<App>, caller: Caller) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_adding(&app, &caller).await?)
}

/// Keeps a new passkey.
#[utoipa::path(post, path = "/v1/own/passkeys", tag = "identity", security(("cookie" = [])), request_body = PasskeyAnswer,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
async fn add_passkey(
    State(app): State<App>,
    caller: Caller,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<StatusCode, ApiError> {
    let made = credential(request.credential)?;
    passkey::add(&app, &caller, &request.ceremony, &request.name, &made).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes one of the caller's passkeys.
#[utoipa::path(delete, path = "/v1/own/passkeys/{id}", tag = "identity", security(("cookie" = [])),
    params(("id" = String, Path, description = "hexadecimal")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn remove_passkey(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    own::remove_passkey(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the link between the caller and the organisation's own provider.
#[utoipa::path(delete, path = "/v1/own/provider", tag = "identity", security(("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn unlink(State(app): State<App>, caller: Caller) -> Result<StatusCode, ApiError> {
    let issuer = &app.config.oidc_issuer;
    let removed = app.store.remove_identity(&caller.tenant, &caller.person, issuer).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found()) }
}

/// Ends one of the caller's sign-ins.
#[utoipa::path(delete, path = "/v1/own/logins/{id}", tag = "identity", security(("cookie" = [])),
    params(("id" = String, Path, description = "as listed")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn end_login(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    own::end(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the caller's sign-ins but this one.
#[utoipa::path(delete, path = "/v1/own/logins", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = Ended), (status = 401, body = Problem)))]
async fn end_others(State(app): State<App>, caller: Caller) -> Result<Json<Ended>, ApiError> {
    Ok(Json(Ended { ended: own::end_others(&app, &caller).await? }))
}
