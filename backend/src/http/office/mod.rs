//! Endpoints of the office console: dashboards and the records behind their figures; what people decide is in `proof`.

mod proof;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::download;
use crate::http::error::{ApiError, Problem};
use crate::service::App;
use crate::service::access::Caller;
use crate::service::office::OfficeError;
use crate::service::office::association::{self, AssociationDashboard};
use crate::service::office::export;
use crate::service::office::municipality::{self, MunicipalityDashboard};
use crate::service::office::prefecture::{self, PrefectureDashboard};
use crate::service::office::publication;
use crate::service::office::record::{self, RecordDetail};
use crate::service::office::records::{self, RecordPage, RecordQuery};

/// The routes of the office console.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(prefecture_dashboard))
        .routes(routes!(municipality_dashboard))
        .routes(routes!(association_dashboard))
        .routes(routes!(list_records))
        .routes(routes!(export_records))
        .routes(routes!(publish_figures))
        .routes(routes!(show_record))
        .merge(proof::router())
}

/// The year of a dashboard.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct YearQuery {
    /// Starting year; the present or the latest with records unless stated.
    #[param(minimum = 0, maximum = 9998)]
    #[serde(default, deserialize_with = "crate::service::office::asked_year")]
    fiscal_year: Option<i64>,
}

/// A query whose refusal is a problem detail.
pub(super) struct ApiQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refused = |rejection: QueryRejection| {
            ApiError::invalid(format!(
                "条件を読み取れませんでした。アドレスをお確かめください。（{}）",
                rejection.body_text()
            ))
        };
        Query::<T>::from_request_parts(parts, state).await.map(|Query(value)| Self(value)).map_err(refused)
    }
}

impl From<OfficeError> for ApiError {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::NotFound => Self::not_found(),
            OfficeError::Forbidden => Self::forbidden(),
            OfficeError::Invalid(detail) => Self::invalid(detail),
            OfficeError::Already(detail) => Self::new(StatusCode::CONFLICT, "already_done", detail),
            OfficeError::Unreadable => {
                tracing::error!("a stored document cannot be read");
                Self::internal()
            }
            OfficeError::File(error) => {
                tracing::error!(%error, "a file cannot be written; is the disk full?");
                Self::busy()
            }
            OfficeError::Store(error) => error.into(),
        }
    }
}

/// Dispatches of the whole prefecture. For prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/dashboard/prefecture", tag = "office", params(YearQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = PrefectureDashboard), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn prefecture_dashboard(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<YearQuery>,
) -> Result<Json<PrefectureDashboard>, ApiError> {
    Ok(Json(prefecture::dashboard(&app, &caller, query.fiscal_year).await?))
}

/// A municipality's year. For its own people, prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/dashboard/municipality/{code}", tag = "office",
    params(("code" = String, Path, description = "Six-digit code"), YearQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = MunicipalityDashboard), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn municipality_dashboard(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    ApiQuery(query): ApiQuery<YearQuery>,
) -> Result<Json<MunicipalityDashboard>, ApiError> {
    Ok(Json(municipality::dashboard(&app, &caller, &code, query.fiscal_year).await?))
}

/// An association's year. For its own people, prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/dashboard/association/{id}", tag = "office",
    params(("id" = String, Path, description = "Registry id"), YearQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = AssociationDashboard), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn association_dashboard(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<YearQuery>,
) -> Result<Json<AssociationDashboard>, ApiError> {
    Ok(Json(association::dashboard(&app, &caller, &id, query.fiscal_year).await?))
}

/// The records behind a figure, of those the caller may see.
#[utoipa::path(get, path = "/v1/records", tag = "office", params(RecordQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = RecordPage), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_records(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<RecordQuery>,
) -> Result<Json<RecordPage>, ApiError> {
    Ok(Json(records::list(&app, &caller, query).await?))
}

/// The same records as CSV: UTF-8 with BOM, all of them, sent while they are read.
#[utoipa::path(get, path = "/v1/records.csv", tag = "office", params(RecordQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem)))]
async fn export_records(
    State(app): State<App>,
    caller: Caller,
    method: Method,
    ApiQuery(query): ApiQuery<RecordQuery>,
) -> Result<Response, ApiError> {
    let name = export::file_name(&app, &caller, &query).await?;
    let write = |app, caller, mut file| async move {
        export::send(&app, &caller, query, &mut file).await?;
        Ok(file)
    };
    download::table(app, caller, method, &name, write).await
}

/// A year's figures by municipality as CSV that may be published: small counts, and what would give them away, are not in
/// it. For prefectural officers and administrators.
#[utoipa::path(get, path = "/v1/publication.csv", tag = "office", params(YearQuery),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn publish_figures(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<YearQuery>,
) -> Result<Response, ApiError> {
    let (name, table) = publication::table(&app, &caller, query.fiscal_year).await?;
    Ok(download::whole(&name, download::Kind::Csv, table))
}

/// One whole record.
#[utoipa::path(get, path = "/v1/records/{document}", tag = "office",
    params(("document" = String, Path, description = "UUID")),
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = RecordDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_record(
    State(app): State<App>,
    caller: Caller,
    Path(document): Path<String>,
) -> Result<Json<RecordDetail>, ApiError> {
    Ok(Json(record::detail(&app, &caller, &document).await?))
}
