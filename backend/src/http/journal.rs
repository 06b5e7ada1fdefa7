//! The journal, a page at a time or as a file.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::download;
use crate::http::error::{ApiError, Problem};
use crate::http::office::ApiQuery;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::office::journal::{self, JournalPage, JournalQuery};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(export))
}

/// Who did what, from where, when; latest first. For prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/journal", tag = "journal", params(JournalQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = JournalPage), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<JournalQuery>,
) -> Result<Json<JournalPage>, ApiError> {
    Ok(Json(journal::list(&app, &caller, &query).await?))
}

/// The same entries as CSV: UTF-8 with BOM, all of them, with the hash of each.
#[utoipa::path(get, path = "/v1/journal.csv", tag = "journal", params(JournalQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    method: Method,
    ApiQuery(query): ApiQuery<JournalQuery>,
) -> Result<Response, ApiError> {
    let name = journal::file_name(&app, &caller, &query).await?;
    let write = |app, caller, mut file| async move {
        journal::send(&app, &caller, &query, &mut file).await?;
        Ok(file)
    };
    download::table(app, caller, method, &name, write).await
}
