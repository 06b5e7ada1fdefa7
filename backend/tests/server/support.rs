//! A whole server in process on a temporary database, and devices that write honest changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use sync_core::document::{Document, Heads, Kind, Scalar};
use sync_core::domain::Intent;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPush, PROTOCOL, ScopeCursor, SyncRequest, SyncResponse};
use tower::ServiceExt;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::clock::Clock;
use tsudoi_server::service::enrol::{Grant, keep_code};
use tsudoi_server::service::secret::SignInCode;
use tsudoi_server::service::{App, reference, registry};
use tsudoi_server::store::Store;
use tsudoi_server::store::sqlite::SqliteStore;

#[path = "keys.rs"]
pub mod keys;

pub const HONJO: &str = "municipality:112119";
pub const KAMISATO: &str = "municipality:113859";

/// A clock that stands still until it is moved.
pub struct StillClock(pub AtomicU64);

impl StillClock {
    pub fn forward(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct Server {
    pub app: App,
    pub router: Router,
    pub clock: Arc<StillClock>,
    pub folder: tempfile::TempDir,
}

pub async fn server() -> Server {
    server_with(Config::default()).await
}

pub async fn server_with(config: Config) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("t.sqlite"), 4).await.unwrap());
    server_on(store, config, folder).await
}

/// A server on a store that is open already.
pub async fn server_on(store: Arc<dyn Store>, config: Config, folder: tempfile::TempDir) -> Server {
    store.migrate().await.unwrap();
    let clock = Arc::new(StillClock(AtomicU64::new(1_800_000_000_000)));
    let app = App::new(config, store, clock.clone());
    for prefecture in reference::prefectures() {
        registry::ensure_tenant(&app, &prefecture).await.unwrap();
    }
    Server { router: tsudoi_server::http::router(app.clone()), app, clock, folder }
}

fn authorization(request: &Request<Body>) -> &str {
    request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// What a proof says.
pub struct Claims<'a> {
    pub method: &'a str,
    pub address: &'a str,
    pub nonce: Option<String>,
    pub token: Option<&'a str>,
    pub seconds: i64,
    /// A new one, unless given.
    pub id: Option<&'a str>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The first cookie it sets, as a request bears it.
    pub fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    /// The stable code of a refusal, after checking that it is a whole problem.
    pub fn code(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        for field in ["type", "title", "detail", "code", "request_id"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {problem}");
        }
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Server {
    /// Sends a request; a tablet's is signed with its key, unless it bears a proof already.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        self.sign(&mut request);
        self.send_bare(request).await
    }

    /// Puts a tablet's proof into a request, unless it bears one.
    pub fn sign(&self, request: &mut Request<Body>) {
        request.headers_mut().entry(header::HOST).or_insert("tsudoi.example".parse().unwrap());
        let enrolling = ["/v1/enrol", "/v1/recover"].contains(&request.uri().path());
        let token = authorization(request).strip_prefix("DPoP ").map(str::to_owned);
        if (enrolling || token.is_some()) && !request.headers().contains_key("dpop") {
            let address = format!("https://tsudoi.example{}", request.uri().path());
            let claims = Claims { token: token.as_deref(), ..self.claims(request.method().as_str(), &address) };
            let proof = keys::common().proof(&claims);
            request.headers_mut().insert("dpop", proof.parse().unwrap());
        }
    }

    /// What an honest proof says now.
    pub fn claims<'a>(&self, method: &'a str, address: &'a str) -> Claims<'a> {
        let nonce = self.app.possession.nonce(self.app.now()).unwrap();
        Claims { method, address, nonce: Some(nonce), token: None, seconds: self.app.now().0 as i64 / 1000, id: None }
    }

    pub async fn send_bare(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn call(
        &self,
        method: &str,
        path: &str,
        credential: Option<(&str, &str)>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((name, value)) = credential {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str, credential: Option<(&str, &str)>) -> Answer {
        self.call("GET", path, credential, None).await
    }

    pub async fn post(&self, path: &str, credential: Option<(&str, &str)>, body: &Value) -> Answer {
        self.call("POST", path, credential, Some(body)).await
    }

    pub async fn put(&self, path: &str, credential: Option<(&str, &str)>, body: &Value) -> Answer {
        self.call("PUT", path, credential, Some(body)).await
    }

    pub async fn delete(&self, path: &str, credential: Option<(&str, &str)>, body: &Value) -> Answer {
        self.call("DELETE", path, credential, Some(body)).await
    }

    /// What an address tells whoever bears this cookie.
    pub async fn read(&self, cookie: &str, path: &str) -> Value {
        let answer = self.get(path, Some(("cookie", cookie))).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Signs in with a code; the cookie.
    pub async fn sign_in(&self, code: &str) -> String {
        let answer = self.post("/v1/login", None, &serde_json::json!({ "code": code })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        answer.cookie()
    }

    /// Signs the person of a role and organisation in; the cookie.
    pub async fn signed_in(&self, role: Role, organisation: &str) -> String {
        let code = self.code(role, organisation, "", 1).await;
        self.sign_in(&code.shown()).await
    }

    pub async fn code(&self, role: Role, organisation: &str, scopes: &str, uses: i64) -> SignInCode {
        self.grant(role, organisation, scopes, uses, None).await
    }

    /// A code that registers this known tablet anew.
    pub async fn code_for(&self, device: DeviceId, role: Role, organisation: &str, scopes: &str) -> SignInCode {
        self.grant(role, organisation, scopes, 1, Some(device)).await
    }

    async fn grant(
        &self,
        role: Role,
        organisation: &str,
        scopes: &str,
        uses: i64,
        device: Option<DeviceId>,
    ) -> SignInCode {
        let code = SignInCode::random().unwrap();
        let grant = Grant {
            tenant: "11".to_owned(),
            person_name: format!("{} {organisation}", role.as_str()),
            role,
            organisation: organisation.to_owned(),
            scopes: scopes.to_owned(),
            uses,
            expires_at: self.app.now().plus_ms(3_600_000).0,
            device,
        };
        keep_code(&self.app, &code, &grant).await.unwrap();
        code
    }

    /// Enrols a tablet of staff with these scopes.
    pub async fn device(&self, number: u8, scopes: &str) -> Device {
        self.device_as(number, Role::Staff, scopes).await
    }

    pub async fn device_as(&self, number: u8, role: Role, scopes: &str) -> Device {
        let device = DeviceId::from_bytes([number; 16]);
        let code = self.code(role, "112119", scopes, 1).await;
        let body = serde_json::json!({
            "code": code.shown(), "device": device.to_string(), "device_name": format!("端末{number}"),
        });
        let answer = self.post("/v1/enrol", None, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        Device { device, authorization: format!("DPoP {token}"), documents: BTreeMap::new() }
    }

    pub async fn sync_bytes(&self, device: &Device, body: Vec<u8>, encoding: Option<&str>) -> Answer {
        let mut request = Request::post("/v1/sync")
            .header(header::AUTHORIZATION, &device.authorization)
            .header(header::CONTENT_TYPE, "application/cbor");
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn sync(&self, device: &Device, request: &SyncRequest) -> SyncResponse {
        let answer = self.sync_bytes(device, request.encode(), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        SyncResponse::decode(&answer.body).unwrap()
    }

    /// Everything the device may hold, from the beginning.
    pub async fn pull_all(&self, device: &Device) -> SyncResponse {
        self.sync(device, &device.request(Vec::new())).await
    }
}

pub fn document_id(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

/// An enrolled tablet with its own copies of documents.
pub struct Device {
    pub device: DeviceId,
    pub authorization: String,
    pub documents: BTreeMap<DocumentId, Document>,
}

impl Device {
    pub fn credential(&self) -> Option<(&str, &str)> {
        Some(("authorization", &self.authorization))
    }

    pub fn document(&mut self, id: DocumentId) -> &mut Document {
        let device = self.device;
        self.documents.entry(id).or_insert_with(|| {
            let mut document = Document::genesis(id, Kind::Session).unwrap();
            document.write_as(ActorId::new(device, 1));
            document
        })
    }

    /// Makes one change and returns its bytes.
    pub fn edit(&mut self, id: DocumentId, edit: impl FnOnce(&mut Document, DeviceId)) -> Vec<u8> {
        let device = self.device;
        let document = self.document(id);
        edit(document, device);
        document.commit(Timestamp(1_700_000_000_000), "pe-x", None).unwrap().bytes
    }

    pub fn set(&mut self, id: DocumentId, field: &str, value: &str) -> Vec<u8> {
        self.edit(id, |document, _| document.set_field(field, Some(&Scalar::Text(value.to_owned()))).unwrap())
    }

    pub fn count(&mut self, id: DocumentId, measure: &str, by: i64) -> Vec<u8> {
        self.edit(id, |document, device| document.count(measure, device, by).unwrap())
    }

    pub fn step(&mut self, id: DocumentId, state: StepState) -> Vec<u8> {
        self.edit(id, |document, device| {
            let number = document.steps().len() as u64 + 1;
            Intent::Step { state, reason: None }.apply(IntentId { device, number }, document).unwrap();
        })
    }

    pub fn heads(&mut self, id: DocumentId) -> Heads {
        self.document(id).heads()
    }

    pub fn push(&mut self, id: DocumentId, changes: Vec<Vec<u8>>) -> DocumentPush {
        let heads = self.heads(id);
        raw_push(id, heads, changes)
    }

    pub fn request(&self, pushes: Vec<DocumentPush>) -> SyncRequest {
        SyncRequest {
            protocol: PROTOCOL,
            clock: Timestamp(1_800_000_000_000),
            pushes,
            cursors: Vec::new(),
            registry_version: 0,
            page_bytes: 1 << 20,
            ..SyncRequest::default()
        }
    }

    pub fn request_from(&self, response: &SyncResponse) -> SyncRequest {
        let cursor = |page: &sync_core::wire::ScopePage| ScopeCursor {
            scope: page.scope.clone(),
            epoch: Some(page.epoch),
            seq: page.next_seq,
            below: page.below,
        };
        SyncRequest { cursors: response.scopes.iter().map(cursor).collect(), ..self.request(Vec::new()) }
    }
}

pub fn raw_push(document: DocumentId, heads: Heads, changes: Vec<Vec<u8>>) -> DocumentPush {
    DocumentPush::new(document, Kind::Session, heads, changes.into_iter().map(Into::into).collect())
}

/// Outcome and code of every run of a document.
pub fn outcomes(response: &SyncResponse, document: DocumentId) -> Vec<(sync_core::wire::Outcome, u64, String)> {
    let receipt = response.receipts.iter().find(|receipt| receipt.document == document).unwrap();
    receipt.runs.iter().map(|run| (run.outcome, run.count, run.code.clone().unwrap_or_default())).collect()
}

impl Server {
    pub async fn raw(&self) -> sqlx::SqliteConnection {
        use sqlx::ConnectOptions;
        let file = self.folder.path().join("t.sqlite");
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap()
    }

    /// Everything derived in the database is what its documents make.
    pub async fn assert_sound(&self) {
        let findings = tsudoi_server::service::verify::verify(&self.app, "11").await.unwrap();
        assert_eq!(findings.count, 0, "{:#?}", findings.differences);
    }

    pub async fn custody_count(&self) -> i64 {
        let mut raw = self.raw().await;
        sqlx::query_scalar("SELECT COUNT(*) FROM custody").fetch_one(&mut raw).await.unwrap()
    }

    /// Turns over a bit of a stored document, as a fault of the disk would.
    pub async fn damage_snapshot(&self, document: DocumentId, place: usize) {
        let mut raw = self.raw().await;
        let id = document.as_bytes().to_vec();
        let query = sqlx::query_scalar("SELECT snapshot FROM document WHERE document = ?").bind(&id);
        let mut snapshot: Vec<u8> = query.fetch_one(&mut raw).await.unwrap();
        snapshot[place] ^= 0x20;
        let query = sqlx::query("UPDATE document SET snapshot = ? WHERE document = ?").bind(snapshot).bind(id);
        query.execute(&mut raw).await.unwrap();
    }

    /// Makes facts, roll-ups and a digest wrong, as a fault would.
    pub async fn damage_projections(&self) {
        let mut raw = self.raw().await;
        for statement in [
            "UPDATE record_fact SET attendance = 0",
            "DELETE FROM tally_fact",
            "UPDATE rollup SET total = total + 1 WHERE measure = 'attendance'",
            "UPDATE scope SET document_count = 7, digest = zeroblob(32)",
        ] {
            sqlx::query(statement).execute(&mut raw).await.unwrap();
        }
    }
}
