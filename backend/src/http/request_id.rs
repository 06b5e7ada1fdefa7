//! A short random name for each request, in the log, in problem details and in the `x-request-id` header of what is no
//! binary answer.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::error::ApiError;
use crate::http::exchange::is_binary;
use crate::service::App;

tokio::task_local! {
    static CURRENT: String;
}

/// The name of the request being answered; empty outside one.
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Names the request, ends it when it takes too long, logs its outcome, and puts the name into the answer.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        tracing::warn!("no randomness for a request id");
    }
    let id = hex::encode(bytes);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let limit = Duration::from_secs(app.config.request_timeout_seconds);
    let answer = async {
        match tokio::time::timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::busy().into_response(),
        }
    };
    let mut response = CURRENT.scope(id.clone(), answer).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    if status >= 500 {
        tracing::error!(request_id = id, %method, path, status, elapsed_ms, "answered");
    } else {
        tracing::info!(request_id = id, %method, path, status, elapsed_ms, "answered");
    }
    if !is_binary(response.headers())
        && let Ok(value) = HeaderValue::from_str(&id)
    {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
