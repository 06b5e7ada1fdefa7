//! What a caller is told when signing in, or proving who they are, is refused.

use axum::http::StatusCode;

use crate::http::error::ApiError;
use crate::service::signin::SignInError;
use crate::service::signin::oidc::ProviderError;

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        let unauthorised = |code, detail: &str| Self::new(StatusCode::UNAUTHORIZED, code, detail);
        match error {
            SignInError::TooMany { retry_after_seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_codes",
                if retry_after_seconds > 60 {
                    "この利用者名で違うパスワードが続いたため、しばらく受け付けません。15分ほどたってから、もう一度お試しください。お急ぎのときは、担当の管理者にサインインコードをもらってください。"
                } else {
                    "違う入力が続いたため、しばらく受け付けません。1分ほどたってからもう一度入力してください。"
                },
            )
            .retry_after(retry_after_seconds),
            SignInError::NoCode => unauthorised(
                "code_unknown",
                "コードが違うか、期限が切れているか、端末用のコードです。サインイン用の新しいコードを担当者にもらってください。",
            ),
            SignInError::WrongPassword => unauthorised(
                "wrong_password",
                "利用者名かパスワードが違います。忘れたときは、担当の管理者にサインインコードをもらうと、決め直せます。",
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

fn provider_code(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Unreachable(_) => "provider_unreachable",
        ProviderError::Denied(_) => "provider_denied",
        ProviderError::Invalid(_) => "provider_invalid",
        ProviderError::Unlinked => "provider_unlinked",
    }
}
