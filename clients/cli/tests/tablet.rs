//! The command line against a real server: nothing acknowledged is lost, nothing loaded twice is there twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use serde_json::Value;
use support::{Machine, Server};

const HONJO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/honjo-kodama-r6.json");
const SCOPES: [&str; 10] = [
    "--scope",
    "association:as-x",
    "--scope",
    "municipality:112119",
    "--scope",
    "municipality:113816",
    "--scope",
    "municipality:113832",
    "--scope",
    "municipality:113859",
];

fn observer(server: &Server, scopes: &[&str]) -> Machine {
    let machine = Machine::new();
    let code = server.code("11");
    let mut arguments = vec!["--server", &server.address, "enrol", "--code", &code];
    arguments.extend(scopes);
    machine.ok(&arguments);
    machine
}

fn honjo_association(server: &Server) -> String {
    let machine = observer(server, &[]);
    let _ = machine.run(&["sync"]);
    "as-".to_owned() + &sha_prefix("本庄市児玉郡医師会")
}

fn sha_prefix(name: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(name.as_bytes()).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or("")
}

#[test]
fn the_published_year_is_loaded_once_whatever_happens() {
    let server = Server::start();
    let code = server.code("11");
    let first = Machine::new();
    let arguments = ["--server", &server.address, "load-case", HONJO, "--code", &code];
    // a crash in the middle, several times, before it is allowed to end
    for wait in [150, 400, 900] {
        let mut child = first.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
    }
    let second = Machine::new();
    second.ok(&arguments);
    first.ok(&["--server", &server.address, "load-case", HONJO]);
    let again = first.ok(&["--server", &server.address, "load-case", HONJO]);
    assert!(again.contains("新しく記録 0 件、足りない分を補った 0 件"), "{again}");

    let association = format!("association:{}", honjo_association(&server));
    let mut scopes = SCOPES;
    scopes[1] = &association;
    let observer = observer(&server, &scopes);
    observer.ok(&["sync"]);
    observer.ok(&["digest"]);
    let records = observer.records();
    let of = |activity: &str| -> Vec<&Value> {
        records.iter().filter(|r| r["activity"] == activity && r["kind"] == "session").collect()
    };
    let talks = of("lecture");
    assert_eq!(talks.len(), 5);
    assert!(talks.iter().all(|talk| text(talk, "dispatched_by") == &association["association:".len()..]));
    assert!(talks.iter().all(|talk| talk["attendance"].is_null()));
    let mut places: Vec<&str> = talks.iter().map(|talk| text(talk, "municipality")).filter(|m| !m.is_empty()).collect();
    places.sort_unstable();
    assert_eq!(places, ["112119", "113816", "113832", "113859"]);
    let training = of("training");
    assert_eq!(
        (training.len(), text(training[0], "date"), &training[0]["attendance"]),
        (1, "2024-12-18", &Value::from(49))
    );
    let meetings = of("meeting");
    let titled = |title: &str| meetings.iter().filter(|meeting| text(meeting, "title") == title).count();
    assert_eq!((titled("協議会"), titled("市町担当者会議"), titled("担当課長会議")), (2, 18, 3));
    assert_eq!(meetings.len(), 24);
    let screenings = of("screening");
    assert_eq!(screenings.len(), 3);
    assert!(
        screenings
            .iter()
            .all(|s| s["tallies"]["screening.viewers"].is_null() && s["tallies"].get("screening.viewers").is_some())
    );
    let consultations: Vec<&Value> = records.iter().filter(|r| r["kind"] == "consultation").collect();
    assert_eq!((consultations.len(), &consultations[0]["tallies"]["consultation.unknown"]), (1, &Value::from(43)));
    assert!(records.iter().all(|r| r["group"] == "held" && r["conflict_count"] == 0));
    let zeros = records.iter().flat_map(|r| r["tallies"].as_object().unwrap().values()).filter(|v| **v == 0).count();
    assert_eq!(zeros, 0);
    let talk = talks[0]["document"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&observer.ok(&["show", talk, "--json"])).unwrap();
    let lecturers =
        shown["links"].as_array().unwrap().iter().filter(|link| link.as_str().unwrap().starts_with("lecturer/"));
    assert_eq!((lecturers.count(), &shown["fields"]["lecturer_attribution"]["value"]), (3, &Value::from("among")));
    assert!(server.verify());
}

#[test]
fn a_code_that_does_not_do_for_loading_says_which_does() {
    let server = Server::start();
    let machine = Machine::new();
    let file = machine.home.path().join("honjo.json");
    let case = r#"{"fiscal_year":2024,"area":{"medical_area":"北部","associations":["本庄市児玉郡医師会"],
        "municipalities":["本庄市"]},"lecturers":[],"activities":[
        {"kind":"public_lecture","title":"市民講演会","municipality":"本庄市","date":"2024-11-30","attendance":12}]}"#;
    std::fs::write(&file, case).unwrap();
    let load = ["--server", &server.address, "load-case", file.to_str().unwrap()];
    let refused = |code: Option<&str>| {
        let code: Vec<&str> = code.map(|code| vec!["--code", code]).unwrap_or_default();
        let output = machine.run(&[&load[..], &code].concat());
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let cases = [
        (None, "まだ登録していません"),
        (Some(server.code_of("staff", "11", "112119", &["--uses", "4"])), "台帳に登録できません"),
        (Some(server.code_of("administrator", "11", "11", &["--scope", "*"])), "使える回数"),
        (Some(server.code_of("administrator", "11", "11", &["--uses", "4"])), "端末の範囲にできません"),
    ];
    for (code, what) in cases {
        let told = refused(code.as_deref());
        assert!(told.contains(what) && told.contains("--scope '*' --uses 4"), "{told}");
    }
    let code = server.code_of("administrator", "11", "11", &["--scope", "*", "--uses", "4"]);
    let loaded = machine.ok(&[&load[..], &["--code", &code]].concat());
    assert!(loaded.contains("新しく記録 1 件"), "{loaded}");
}

#[test]
fn the_made_up_year_is_loaded_into_a_registry_that_knows_nothing_of_it() {
    let server = Server::start();
    let machine = Machine::new();
    let code = server.code("11");
    let loaded = machine.ok(&["--server", &server.address, "load-synthetic", "--until", "2026-11-20", "--code", &code]);
    assert!(loaded.contains("新しく記録 481 件") && loaded.contains("照合済み"), "{loaded}");
    assert!(server.verify());
}

#[test]
fn a_case_is_loaded_into_the_prefecture_that_knows_its_municipalities() {
    let server = Server::start();
    let machine = Machine::new();
    let file = machine.home.path().join("keno.json");
    let case = r#"{"fiscal_year":2024,"area":{"medical_area":"県央","associations":["厚木医師会","大和市医師会"],
        "municipalities":["厚木市","大和市"]},"lecturers":[],"activities":[
        {"kind":"public_lecture","title":"市民講演会","municipality":"厚木市","date":"2024-11-30","attendance":120,
         "attendance_by_band":{"70-74":50,"85歳以上":10},"outcome":"質問が多かった"},
        {"kind":"distribution","material":"エンディングノート","municipalities":["厚木市","大和市"],"quantity":300},
        {"kind":"training","count":2,"municipality":"大和市","status":"cancelled","reason":"infection"}]}"#;
    std::fs::write(&file, case).unwrap();
    let path = file.to_str().unwrap();
    let refused = machine.run(&["--server", &server.address, "load-case", path]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--code"));
    for (tablet, tenant) in [("default", "11"), ("other", "14")] {
        let code = server.code(tenant);
        machine.ok(&["--server", &server.address, "--tablet", tablet, "enrol", "--code", &code]);
    }
    let loaded = machine.ok(&["--server", &server.address, "load-case", path]);
    assert!(loaded.contains("神奈川県") && loaded.contains("新しく記録 6 件"), "{loaded}");
    assert!(!loaded.contains(&server.code("14")));
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let server = Server::start();
    let machine = observer(&server, &["--scope", "municipality:112119"]);
    let document = "11111111-2222-4333-8444-555555555555";
    let mut child =
        machine.command(&["record", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let line = format!(
            r#"{{"document":"{document}","intent":{{"type":"count","measure":"attendance.band.70-74","by":1}}}}"#
        );
        while writeln!(input, "{line}").is_ok() {}
    });
    let mut acknowledged = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        assert!(line.unwrap().contains(document));
        acknowledged += 1;
        if acknowledged == 57 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    writer.join().unwrap();
    machine.ok(&["sync"]);
    let records = machine.records();
    assert!(records[0]["attendance"].as_i64().unwrap() >= acknowledged, "{acknowledged}: {}", records[0]);
    assert_eq!(records[0]["save_state"], "agreed");
}

#[test]
fn a_record_is_made_edited_and_refused_in_plain_words() {
    let server = Server::start();
    let machine = observer(&server, &["--scope", "municipality:112119"]);
    let made =
        machine.ok(&["record", "new", "--activity", "lecture", "--date", "2026-11-21", "--municipality", "112119"]);
    let document = made.trim();
    machine.ok(&["record", document, "set", "venue", "公民館"]);
    machine.ok(&["record", document, "count", "attendance.band.70-74", "5"]);
    machine.ok(&["record", document, "count", "attendance.band.70-74", "-1", "--reason", "mistake"]);
    machine.ok(&["record", document, "write", "outcome", "よく話した"]);
    machine.ok(&["record", document, "step", "held"]);
    let refused = machine.run(&["record", document, "set", "colour", "red"]);
    assert_eq!(refused.status.code(), Some(1));
    machine.ok(&["sync"]);
    machine.ok(&["digest"]);
    let shown = machine.ok(&["show", document]);
    assert!(shown.contains("照合済み") && shown.contains("参加者: 4") && shown.contains("公民館"), "{shown}");
    let address = server.address.clone();
    drop(server);
    machine.ok(&["record", document, "step", "reported"]);
    let unsent = machine.run(&["--server", &address, "sync"]);
    assert!(!unsent.status.success());
    assert!(String::from_utf8_lossy(&unsent.stderr).contains("端末に残っています"));
}

#[test]
fn a_reader_that_goes_away_ends_nothing_and_loses_nothing() {
    let server = Server::start();
    let machine = observer(&server, &["--scope", "municipality:112119"]);
    let mut child = machine
        .command(&["record", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // as an editor of another system writes it
    write!(input, "\u{feff}").unwrap();
    for number in 0..50 {
        writeln!(input, "{}", TITLE.replace('会', &format!("会{number}"))).unwrap();
    }
    drop(input);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
    assert_eq!(machine.records().len(), 50);

    for arguments in [&["show"][..], &["show", "--json"], &["sync"], &["digest"]] {
        let mut child = machine.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

const TITLE: &str = r#"{"intent":{"type":"set","field":"title","value":"会"}}"#;
