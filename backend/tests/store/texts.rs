//! Text that a table cannot hold, and documents that a database refuses: the same answer on both databases, never a failure,
//! and nobody else's work waits for it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};
use sync_core::wire::Outcome;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::verify;
use tsudoi_tests::Cluster;

use crate::support::{HONJO, Server, document_id, outcomes, server_on};
use crate::{postgres, sqlite};

/// An example of what a schema describes, with the letter in each of its texts.
fn example(schema: &Value, all: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return example(&all["components"]["schemas"][name], all);
    }
    if let Some(one) = ["oneOf", "anyOf", "allOf"].iter().find_map(|way| schema[way].as_array()?.last()) {
        return example(one, all);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let of = |name: &str| match &schema["type"] {
        Value::Array(types) => types.iter().any(|one| one == name),
        one => one == name,
    };
    if of("string") {
        return json!("会\u{0}場");
    }
    if of("array") {
        return json!([example(&schema["items"], all)]);
    }
    if of("boolean") {
        return json!(false);
    }
    if of("integer") || of("number") {
        return json!(1);
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    Value::Object(properties.map(|(name, one)| (name.clone(), example(one, all))).collect::<Map<_, _>>())
}

/// Every call of the description with the letter in its path, in each of its conditions, and in each text of its body.
fn calls() -> Vec<(String, String, Option<Value>)> {
    let all = serde_json::to_value(tsudoi_server::http::openapi()).unwrap();
    let mut calls = Vec::new();
    for (path, methods) in all["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let schema = &call["requestBody"]["content"]["application/json"]["schema"];
            let body = (!schema.is_null()).then(|| example(schema, &all));
            let parameters = call["parameters"].as_array().cloned().unwrap_or_default();
            let filled = |text: &str| {
                let named = parameters.iter().filter(|one| one["in"] == "path");
                named.fold(path.clone(), |path, one| {
                    path.replace(&format!("{{{}}}", one["name"].as_str().unwrap()), text)
                })
            };
            if path.contains('{') {
                calls.push((method.to_uppercase(), filled("a%00b"), body.clone()));
            }
            for one in parameters.iter().filter(|one| one["in"] == "query") {
                let asked = format!("{}?{}=a%00b", filled("112119"), one["name"].as_str().unwrap());
                calls.push((method.to_uppercase(), asked, body.clone()));
            }
            if body.is_some() {
                calls.push((method.to_uppercase(), filled("112119"), body));
            }
        }
    }
    calls
}

/// The status of every call.
async fn answers(server: &Server) -> Vec<(String, u16)> {
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let mut answers = Vec::new();
    for (method, path, body) in calls() {
        let request = Request::builder().method(method.as_str()).uri(&path).header("cookie", &cookie);
        let request = request.header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = server.send_bare(request.body(body).unwrap()).await;
        assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.status);
        answers.push((format!("{method} {path}"), answer.status.as_u16()));
    }
    answers
}

/// What one tablet writes that no table can hold, or no index: it and everything beside it comes in or waits for a person,
/// and the pages of the office go on.
async fn hostile(server: &Server) {
    let mut device = server.device(1, HONJO).await;
    let long = "長".repeat(20_000);
    let fields =
        ["title", "venue", "occasion", "medium", "item", "municipality", "association", "dispatched_by", "month"];
    let mut pushes = Vec::new();
    let mut number = 0;
    for text in ["会\u{0}場", long.as_str()] {
        for field in fields {
            number += 1;
            let id = document_id(number);
            let change = device.set(id, field, text);
            pushes.push(device.push(id, vec![change]));
        }
    }
    let good = document_id(200);
    let change = device.set(good, "title", "ふつうの会");
    pushes.push(device.push(good, vec![change]));
    let response = server.sync(&device, &device.request(pushes)).await;
    assert_eq!(outcomes(&response, good)[0].0, Outcome::Stored);
    for number in 1..=number {
        let (outcome, ..) = outcomes(&response, document_id(number))[0].clone();
        assert!(matches!(outcome, Outcome::Stored | Outcome::Custody), "{number}: {outcome:?}");
    }
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().differences, Vec::<String>::new());
    let cookie = server.signed_in(Role::Administrator, "11").await;
    for path in ["/v1/records", "/v1/custody", "/v1/records.csv"] {
        let answer = server.get(path, Some(("cookie", &cookie))).await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

/// One document that the database refuses is held; those pushed with it, and what follows, come in.
async fn refused(server: &Server) {
    let mut device = server.device(2, HONJO).await;
    let mut pushes = Vec::new();
    for (number, title) in [(101, "一"), (102, "拒まれる会"), (103, "三")] {
        let change = device.set(document_id(number), "title", title);
        pushes.push(device.push(document_id(number), vec![change]));
    }
    let response = server.sync(&device, &device.request(pushes)).await;
    let of = |number: u8| outcomes(&response, document_id(number))[0].0;
    assert_eq!([of(101), of(102), of(103)], [Outcome::Stored, Outcome::Custody, Outcome::Stored]);
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().differences, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_no_table_can_hold_has_one_answer_on_both_databases() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let own = || tempfile::tempdir().unwrap();
    let one = server_on(Arc::new(sqlite(&folder).await), Config::default(), own()).await;
    let other = server_on(Arc::new(postgres(&cluster.database()).await), Config::default(), own()).await;
    assert_eq!(answers(&one).await, answers(&other).await);
    hostile(&one).await;
    hostile(&other).await;

    let file = SqliteConnectOptions::new().filename(folder.path().join("t.sqlite"));
    let mut raw = SqliteConnection::connect_with(&file).await.unwrap();
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON record_fact WHEN NEW.title = '拒まれる会' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END";
    raw.execute(trigger).await.unwrap();
    cluster.sql("t0", "ALTER TABLE record_fact ADD CONSTRAINT refuse CHECK (title <> '拒まれる会')");
    refused(&one).await;
    refused(&other).await;
}

/// Comparing is of one moment: while tablets write, it finds no difference that is none.
#[tokio::test(flavor = "multi_thread")]
async fn comparing_while_people_write_finds_no_difference() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let own = || tempfile::tempdir().unwrap();
    let one = server_on(Arc::new(sqlite(&folder).await), Config::default(), own()).await;
    let other = server_on(Arc::new(postgres(&cluster.database()).await), Config::default(), own()).await;
    for server in [one, other] {
        let server = Arc::new(server);
        let (started, mut is_started) = tokio::sync::watch::channel(0);
        let (writing, app) = (server.clone(), server.app.clone());
        let writer = tokio::spawn(async move {
            let mut device = writing.device(1, HONJO).await;
            for round in 0..400_u32 {
                let id = document_id(u8::try_from(round % 40).unwrap());
                let change = device.set(id, "title", &format!("会{round}"));
                let push = device.push(id, vec![change]);
                writing.sync(&device, &device.request(vec![push])).await;
                started.send_replace(round + 1);
            }
        });
        is_started.wait_for(|rounds| *rounds > 20).await.unwrap();
        let mut compared = 0;
        while !writer.is_finished() {
            let findings = verify::verify(&app, "11").await.unwrap();
            assert_eq!(findings.differences, Vec::<String>::new());
            compared += 1;
        }
        writer.await.unwrap();
        assert!(compared > 1, "nothing was compared while there was writing");
    }
}
