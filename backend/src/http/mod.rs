//! Routes and the order of middleware; nothing else.
//!
//! From outside in: request name, time limit and log → nonces for tablets → the caller's address → safe headers →
//! compression of answers → the guard → refusal of other sites' requests → the endpoint.

pub mod audit;
pub mod caller;
pub mod cross_site;
pub mod day_pass;
pub mod description;
pub mod download;
pub mod enrol;
pub mod error;
pub mod events;
pub mod exchange;
pub mod extract;
pub mod follow;
pub mod guard;
pub mod headers;
pub mod health;
pub mod journal;
pub mod matrix;
pub mod office;
pub mod people;
pub mod proxy;
pub mod registry;
pub mod request_id;
pub mod retention;
pub mod scopes;
pub mod serve;
pub mod signin;
pub mod sync;
pub mod tablets;
pub mod text;
pub mod tls;
pub mod web;

use std::sync::Arc;

use axum::{Json, Router, middleware};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::http::proxy::Proxies;
use crate::service::App;

#[derive(OpenApi)]
#[openapi(
    info(title = "Tsudoi", description = "ACP（人生会議）普及啓発の記録と集計"),
    modifiers(&Credentials)
)]
struct Description;

/// The two ways to say who one is.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_with(Default::default);
        let device = ApiKeyValue::with_description(
            "Authorization",
            "DPoP <token> of /v1/enrol, with a proof in the header DPoP (RFC 9449)",
        );
        components.add_security_scheme("device", SecurityScheme::ApiKey(ApiKey::Header(device)));
        let cookie = ApiKeyValue::with_description(caller::COOKIE, "from /v1/login");
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(health::router())
        .merge(enrol::router())
        .merge(signin::router())
        .merge(sync::router())
        .merge(audit::router())
        .merge(scopes::router())
        .merge(events::router())
        .merge(follow::router())
        .merge(registry::router())
        .merge(tablets::router())
        .merge(day_pass::router())
        .merge(office::router())
        .merge(people::router())
        .merge(journal::router())
        .merge(retention::router())
}

/// The description of every JSON endpoint.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut description = api().split_for_parts().1;
    description::describe_refusals(&mut description);
    description
}

/// The whole application, ready to be served.
pub fn router(app: App) -> Router {
    let (routes, mut description) = api().split_for_parts();
    description::describe_refusals(&mut description);
    // the binary calls of tablets compress what is worth it themselves
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new(exchange::CBOR));
    // a wrong setting ends the start; here it means that no proxy is believed
    let proxies = Arc::new(Proxies::parse(&app.config.trusted_proxies).unwrap_or_default());
    routes
        .route_layer(cross_site::layer(&app.config.public_url))
        .route_layer(middleware::from_fn_with_state(app.clone(), guard::layer))
        .route("/openapi.json", axum::routing::get(move || async move { Json(description) }))
        .method_not_allowed_fallback(web::method_not_allowed)
        .fallback(web::fallback)
        .layer(CompressionLayer::new().gzip(true).compress_when(compressed))
        .layer(middleware::from_fn(text::layer))
        .layer(middleware::from_fn_with_state(app.clone(), headers::layer))
        .layer(middleware::from_fn_with_state((app.clone(), proxies), proxy::layer))
        .layer(middleware::from_fn_with_state(app.clone(), caller::nonces))
        .layer(middleware::from_fn_with_state(app.clone(), request_id::layer))
        .with_state(app)
}
