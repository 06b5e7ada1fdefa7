//! What a caller gets when something is refused or fails: RFC 9457 problem details with a stable code.
//!
//! `detail` says in plain Japanese what to do. Causes go to the log once, here, never to the caller.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::request_id;
use crate::service::access::{Caller, Role};
use crate::service::admission::Refused;
use crate::service::enrol::EnrolError;
use crate::service::organisation::Unknown;
use crate::service::registry::RegistryError;
use crate::service::secret::NoRandomness;
use crate::store::StoreError;

/// The body of a refusal, `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; `about:blank#` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, in Japanese.
    pub detail: String,
    /// Stable name for programs.
    pub code: String,
    /// Names this request in the server's log.
    pub request_id: String,
}

/// Beside an answer: the stable code of its problem, for whoever notes refusals.
#[derive(Clone, Copy, Debug)]
pub struct ProblemCode(pub &'static str);

/// A refusal or a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_seconds: Option<u32>,
}

impl ApiError {
    /// A refusal with a stable code and what to do, in Japanese.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_seconds: None }
    }

    /// The caller should try again after this many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Unknown, or not this caller's to see: one answer for both.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "お探しのものは見つかりませんでした。アドレスや番号をお確かめください。",
        )
    }

    /// No valid credential.
    pub fn unauthorised() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorised",
            "サインインが必要です。もう一度サインインするか、端末を登録し直してください。",
        )
    }

    /// A tablet's proof is missing, out of date or wrong; `code` is the standard's word for it.
    pub fn proof(code: &'static str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            code,
            "この端末からの送信であることを確かめられませんでした。自動でもう一度送ります。続くときは端末を登録し直してください。",
        )
    }

    /// Calls of tablets arrive under another address than tablets use; `known`: where this server takes them to be sent to.
    pub fn address_mismatch(stated: &str, known: &str) -> Self {
        let known = if known.is_empty() { "（あて先の記入がありません）" } else { known };
        Self::new(
            StatusCode::BAD_REQUEST,
            "address_mismatch",
            format!(
                "端末が開いているアドレス（{stated}）と、サーバーが受け取ったあて先（{known}）が違うため、受け付けられません。記録は端末に残っています。システム管理者にこの文面を見せて、サーバーの設定「public_url」か、中継サーバーの「Host」の設定を直してもらってください。"
            ),
        )
    }

    /// The tablet's registration was revoked.
    pub fn revoked() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "device_revoked",
            "この端末の登録は取り消されています。端末に残っている記録は消さずに、担当者から新しいコードをもらって登録し直してください。",
        )
    }

    /// The time of a day pass is over.
    pub fn pass_over() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "pass_over",
            "一日券の時間が終わりました。まだ送っていない記録は、この画面を開いておくと自動で送ります。別の会の記録には、新しい一日券が必要です。",
        )
    }

    /// Why a caller is shown nothing any more.
    pub fn over(caller: &Caller) -> Self {
        if caller.role == Role::Visitor { Self::pass_over() } else { Self::revoked() }
    }

    /// The caller is known but the action is not its to do.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "この操作をする権限がありません。担当の管理者にご相談ください。")
    }

    /// The request has the wrong form.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// The body is larger than the server takes.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "送られたデータが大きすぎます。少しずつ分けて送ってください。",
        )
    }

    /// Too much at once; the same request works later.
    pub fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "ただいま混み合っています。しばらくしてから自動で送り直します。",
        )
        .retry_after(2)
    }

    /// Too many files are being made, or kept for who asked; the same request works later.
    pub fn too_many_files() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "ほかの書き出しが続いています。終わってから、もう一度お試しください。",
        )
        .retry_after(10)
    }

    /// The database cannot be reached, or does not take what is written; the same request works when it does again.
    pub fn without_database(code: &'static str) -> Self {
        let what = match code {
            "database_full" => "サーバーの記録の置き場所がいっぱいで、書き込めません。管理者に知らせてください。",
            "database_read_only" => {
                "サーバーのデータベースが読み取り専用になっていて、書き込めません。管理者に知らせてください。"
            }
            _ => "サーバーがデータベースにつながりません。続くときは管理者に知らせてください。",
        };
        let detail = format!(
            "{what}端末の記録は端末に残っていて、つながると自動で送り直します。事務局の画面で入力したものは、あとでもう一度お試しください。"
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(5)
    }

    /// The server failed; the cause is in its log.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "サーバーで問題が起きました。しばらくしてからもう一度お試しください。続くときは管理者にお知らせください。",
        )
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        match error {
            StoreError::Busy => {
                tracing::warn!("the database is busy");
                Self::busy()
            }
            error => {
                tracing::error!(%error, cause, "the store failed");
                match error {
                    StoreError::Unreachable(_) => Self::without_database("database_unreachable"),
                    StoreError::Full => Self::without_database("database_full"),
                    StoreError::ReadOnly => Self::without_database("database_read_only"),
                    _ => Self::internal(),
                }
            }
        }
    }
}

impl From<NoRandomness> for ApiError {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "cannot make a secret");
        Self::internal()
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full { retry_after_seconds } => Self::busy().retry_after(retry_after_seconds),
            Refused::TooOften { retry_after_seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_often",
                "この端末からの送信が続いています。しばらくしてから自動で送り直します。",
            )
            .retry_after(retry_after_seconds),
        }
    }
}

impl From<Unknown> for ApiError {
    fn from(Unknown { given, meant }: Unknown) -> Self {
        let advice = match meant {
            Some(meant) => format!("{}（{}）のことでしたら、「{}」と書いてください。", meant.name, meant.id, meant.id),
            None => "先に登録するか、番号をお確かめください。".to_owned(),
        };
        let detail = format!("「{given}」は台帳にないか、ここでは使えません。{advice}");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_reference", detail)
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Forbidden => Self::forbidden(),
            RegistryError::Name => Self::invalid("名前が空か、長すぎます。200文字までで入力してください。"),
            RegistryError::Taken => Self::new(
                StatusCode::CONFLICT,
                "name_taken",
                "同じ名前がすでに登録されています。区別できる名前にしてください。",
            ),
            RegistryError::Years => Self::invalid(
                "人材バンクに登録されていた最後の年度が、登録した年度より前です。どちらかの年度を直してください。",
            ),
            RegistryError::Year(_) => {
                Self::invalid("年度は、平成12年度（2000）から令和81年度（2099）までの西暦の数字で指定してください。")
            }
            RegistryError::Unknown(unknown) => unknown.into(),
            RegistryError::Store(error) => error.into(),
        }
    }
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::TooMany => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_codes",
                "違うコードが続いたため、しばらく受け付けません。1分ほどたってからもう一度入力してください。",
            )
            .retry_after(60),
            EnrolError::NoCode => Self::new(
                StatusCode::UNAUTHORIZED,
                "code_unknown",
                "コードが違うか、期限が切れているか、サインイン用のコードです。端末用の新しいコードを担当者にもらってください。",
            ),
            EnrolError::NotAPass => Self::new(
                StatusCode::CONFLICT,
                "not_a_day_pass",
                "このコードは端末を登録するためのものです。一日券のコードを入れてください。",
            ),
            EnrolError::DeviceTaken => Self::new(
                StatusCode::CONFLICT,
                "device_taken",
                "この端末はすでに登録されています。端末の記録は消さずに、事務局の画面の「端末」でこの端末を開き、「登録し直すコードを出す」で出したコードを入れてください。",
            ),
            EnrolError::Scope(unknown) => unknown.into(),
            EnrolError::Invalid => Self::invalid("端末の名前を1〜80文字で入力してください。"),
            EnrolError::NoRandomness(error) => error.into(),
            EnrolError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: format!("about:blank#{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.to_owned(),
            request_id: request_id::current(),
        };
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(ProblemCode(self.code));
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }
}
