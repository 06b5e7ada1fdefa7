//! The command line as an operator meets it: a real process on a folder of its own. What is mistyped makes nothing, what
//! does not fit is said with what to do, and a signal or a reader that goes away ends nothing.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

const RECORD: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c";
const DATABASE: &str = "t.sqlite";

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsudoi-server"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TSUDOI_")) {
        command.env_remove(name);
    }
    command.args(arguments).env("TSUDOI_DATABASE", DATABASE).current_dir(folder.path()).stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Exit code, and both outputs together.
fn said(folder: &TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, arguments);
    (output.status.code(), [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat())
}

fn migrated() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = said(&folder, &["migrate"]);
    assert_eq!(code, Some(0), "{text}");
    folder
}

/// Runs statements on the file, and closes it with nothing left in a log.
async fn sql(path: &Path, texts: &[String]) {
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.unwrap();
    for text in texts {
        sqlx::raw_sql(AssertSqlSafe(text.as_str())).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

async fn number(path: &Path, text: &'static str) -> i64 {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    let number = sqlx::query_scalar(text).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

const USING: [&[&str]; 12] = [
    &["verify"],
    &["rebuild"],
    &["renew-epochs"],
    &["purge", "--tenant", "11", "--document", RECORD, "--reason", "x"],
    &["code", "--tenant", "11", "--role", "administrator", "--person", "x", "--organisation", "11"],
    &["user", "list", "--tenant", "11"],
    &["device", "list", "--tenant", "11"],
    &["org", "list", "--tenant", "11"],
    &["org", "prefecture", "--tenant", "11"],
    &["audit", "verify"],
    &["retention", "list", "--tenant", "11"],
    &["retention", "set", "--tenant", "11", "--subject", "journal"],
];

#[tokio::test]
async fn verbs_that_use_a_database_make_none_and_change_no_schema() {
    let empty = tempfile::tempdir().unwrap();
    let other = migrated();
    let path = other.path().join(DATABASE);
    let applied = "SELECT COUNT(*) FROM _sqlx_migrations";
    let all = number(&path, applied).await;
    for verb in USING {
        let (code, text) = said(&empty, verb);
        assert_eq!(code, Some(2), "{verb:?}: {text}");
        assert!(text.contains("there is no database t.sqlite") && text.contains("migrate"), "{verb:?}: {text}");
        assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "{verb:?} has made something");
    }

    for (content, expected) in [("", "holds no records"), ("root:x:0:0\n", "file is not a database")] {
        std::fs::write(empty.path().join(DATABASE), content).unwrap();
        for verb in USING {
            let (code, text) = said(&empty, verb);
            assert_eq!(code, Some(2), "{verb:?}: {text}");
            assert!(text.contains(expected), "{verb:?}: {text}");
            assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 1, "{verb:?} has made something");
            assert_eq!(
                std::fs::read_to_string(empty.path().join(DATABASE)).unwrap(),
                content,
                "{verb:?} wrote into it"
            );
        }
    }

    let older = "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)".to_owned();
    sql(&path, &[older]).await;
    for verb in USING {
        let (code, text) = said(&other, verb);
        assert_eq!(code, Some(2), "{verb:?}: {text}");
        assert!(text.contains("older version") && text.contains("tsudoi-server migrate"), "{verb:?}: {text}");
        assert_eq!(number(&path, applied).await, all - 1, "{verb:?} has migrated");
    }

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (209901010000, 'later', TRUE, X'00', 0)";
    sql(&path, &[newer.to_owned()]).await;
    let serve: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
    for verb in USING.into_iter().chain([serve, &["migrate"], &["demo"]]) {
        let (code, text) = said(&other, verb);
        assert_eq!(code, Some(2), "{verb:?}: {text}");
        assert!(text.contains("newer version"), "{verb:?}: {text}");
    }

    for (verb, folder) in [("migrate", "none/t.sqlite"), ("serve", "none/t.sqlite")] {
        let output = command(&empty, &[verb]).env("TSUDOI_DATABASE", folder).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("cannot open the database none/t.sqlite"), "{text}");
    }
    std::fs::write(empty.path().join(DATABASE), b"this is a letter and no database").unwrap();
    let (code, text) = said(&empty, &["user", "list", "--tenant", "11"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("the database t.sqlite is damaged: file is not a database"), "{text}");
}

/// A server that runs, with what it says.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    log: BufReader<ChildStderr>,
}

impl Running {
    fn start(folder: &TempDir, settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
        let mut child =
            command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, log) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, out: BufReader::new(out), log: BufReader::new(log) }
    }

    /// Where it listens, once it does.
    fn address(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "ended before it was ready: {}", self.rest());
        line.trim().strip_prefix("tsudoi-server ready http://").unwrap().to_owned()
    }

    /// Reads the log until a line holds this.
    fn logs(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "ended before it said {words}");
            if line.contains(words) {
                return line;
            }
        }
    }

    fn rest(&mut self) -> String {
        let mut text = String::new();
        self.log.read_to_string(&mut text).unwrap();
        text
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_second_server_on_one_file_waits_for_the_first_and_commands_work_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Running::start(&folder, &[]);
    first.address();
    let (code, text) = said(&folder, &["org", "list", "--tenant", "11"]);
    assert_eq!(code, Some(0), "{text}");
    let mut second = Running::start(&folder, &[]);
    second.logs("waiting until another tsudoi-server has ended");
    first.signal("-TERM");
    assert!(first.child.wait().unwrap().success());
    second.address();
}

/// Pages of an older copy together with a log of a later time: each may be sound, and the whole is not.
#[tokio::test]
async fn a_log_left_beside_a_restored_file_is_found_before_anything_is_written() {
    let folder = migrated();
    let path = folder.path().join(DATABASE);
    let beside = |suffix: &str| folder.path().join(format!("{DATABASE}{suffix}"));
    let insert = |from: u32, to: u32| {
        let rows = (from..to).map(|number| format!("('11', 'pe-{number}', '{}')", "名".repeat(40)));
        format!("INSERT INTO person (tenant, person, name) VALUES {}", rows.collect::<Vec<_>>().join(", "))
    };
    let tenant = "INSERT INTO tenant (tenant, name, registry_version) VALUES ('11', '埼玉県', 1)".to_owned();
    sql(&path, &[tenant, insert(0, 2_000)]).await;
    let backup = std::fs::read(&path).unwrap();
    // a part of what came after the backup is in the file, the rest still in the log
    sql(&path, &[insert(2_000, 6_000)]).await;
    let options = SqliteConnectOptions::new().filename(&path).pragma("wal_autocheckpoint", "0");
    let mut connection = options.connect().await.unwrap();
    let last = AssertSqlSafe(insert(6_000, 6_300));
    sqlx::raw_sql(last).execute(&mut connection).await.unwrap();
    let log = std::fs::read(beside("-wal")).unwrap();
    connection.close().await.unwrap();
    std::fs::remove_file(beside("-shm")).ok();
    std::fs::write(&path, &backup).unwrap();
    std::fs::write(beside("-wal"), &log).unwrap();

    for verb in [&["serve"][..], &["migrate"], &["demo"], &["user", "list", "--tenant", "11"], &["verify"]] {
        let (code, text) = said(&folder, verb);
        assert_eq!(code, Some(2), "{verb:?}: {text}");
        assert!(text.contains("is damaged") && text.contains("remove t.sqlite-wal"), "{verb:?}: {text}");
        assert!(std::fs::read(&path).unwrap() == backup, "{verb:?} has written to the file");
        assert!(std::fs::read(beside("-wal")).unwrap() == log, "{verb:?} has written to the log");
    }
    std::fs::remove_file(beside("-wal")).unwrap();
    std::fs::remove_file(beside("-shm")).ok();
    let (code, text) = said(&folder, &["verify"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(number(&path, "SELECT COUNT(*) FROM person").await, 2_000);
}

#[test]
fn a_hang_up_ends_nothing_and_the_first_link_is_shown_whatever_is_logged() {
    for (log, told) in [("verbose", true), ("off", false), ("tsudoi_server=loud", true), ("error", false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Running::start(&folder, &[("TSUDOI_LOG", log)]);
        if told {
            assert!(server.logs("the setting `log` is not used").contains(log));
        }
        assert!(server.logs("sign in once at").contains("/office#code="));
        server.address();
        server.signal("-HUP");
        if told {
            server.logs("SIGHUP: there is no certificate");
        }
        assert!(server.child.try_wait().unwrap().is_none(), "{log}");
    }
}

#[test]
fn codes_are_for_what_the_registry_has_and_the_one_that_was_meant_is_named() {
    let folder = migrated();
    let code = |organisation: &str, scope: &str| {
        let scope = if scope.is_empty() { vec![] } else { vec!["--scope", scope] };
        let grant = ["code", "--tenant", "11", "--role", "staff", "--person", "山田", "--organisation", organisation];
        said(&folder, &[&grant[..], &scope[..]].concat())
    };
    assert_eq!(code("112119", "municipality:112119").0, Some(0));
    for (organisation, scope, words) in [
        ("112118", "", "did you mean 112119 (本庄市)?"),
        ("11211", "", "did you mean 112119 (本庄市)?"),
        ("本庄市", "", "did you mean 112119 (本庄市)?"),
        ("01101", "", "org list"),
        ("", "", "org list"),
        ("112119", "municipality:112118", "did you mean municipality:112119 (本庄市)?"),
        ("112119", "112119", "did you mean municipality:112119 (本庄市)?"),
        ("112119", "association:nobody", "org list"),
    ] {
        let (status, text) = code(organisation, scope);
        assert_eq!(status, Some(2), "{organisation} {scope}: {text}");
        assert!(text.contains(words), "{organisation} {scope}: {text}");
    }
    let add = |organisation: &str| {
        said(
            &folder,
            &["user", "add", "--tenant", "11", "--name", "川田", "--role", "staff", "--organisation", organisation],
        )
    };
    let (status, text) = add("112119");
    assert_eq!(status, Some(0), "{text}");
    let person = text.split_whitespace().next().unwrap().to_owned();
    assert!(add("112118").1.contains("did you mean 112119"));
    for verb in [["user", "give"], ["user", "take"], ["user", "code"], ["device", "code"]] {
        let of = ["--tenant", "11", "--person", &person, "--role", "staff", "--organisation", "本庄市"];
        let (status, text) = said(&folder, &[&verb[..], &of].concat());
        assert_eq!(status, Some(2));
        assert!(text.contains("did you mean 112119 (本庄市)?"), "{verb:?}: {text}");
    }
    let (status, text) = said(&folder, &["org", "add", "--tenant", "11", "--name", "会", "--municipality", "112118"]);
    assert_eq!(status, Some(2));
    assert!(text.contains("did you mean 112119 (本庄市)?"), "{text}");
    let (status, text) = said(&folder, &["user", "list", "--tenant", "埼玉県"]);
    assert_eq!(status, Some(2));
    assert!(text.contains("it knows 11 and 14"), "{text}");
}

#[test]
fn a_code_says_what_it_is_good_for_and_what_was_not_understood() {
    let folder = migrated();
    let code = |person: &str, role: &str, uses: &str| {
        let of = ["code", "--tenant", "11", "--organisation", "11", "--person", person, "--role", role, "--uses", uses];
        said(&folder, &of)
    };
    let (status, text) = code("山田", "administrator", "4");
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("4 times within 24 hours") && text.contains("signs 山田 in as administrator"), "{text}");
    assert!(text.contains("that is a new person (pe-"), "a slip in a name makes one: {text}");
    assert!(code("山田", "administrator", "1").1.contains("that is somebody known (pe-"));
    for (person, role, uses, words) in [
        ("", "administrator", "1", "a name has 1 to 80 letters"),
        ("　", "administrator", "1", "a name has 1 to 80 letters"),
        ("山田", "Staff", "1", "lecturer, staff, coordinator, municipal, prefectural, administrator"),
        ("山田", "administrator", "0", "0 is not in 1.."),
    ] {
        let (status, text) = code(person, role, uses);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_mistyped_record_is_not_called_destroyed() {
    let folder = migrated();
    assert_eq!(said(&folder, &["org", "prefecture", "--tenant", "11"]).0, Some(0));
    let purge = ["purge", "--tenant", "11", "--document", RECORD, "--reason", "x"];
    let (code, text) = said(&folder, &purge);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("nothing was destroyed"), "{text}");
    assert!(!text.starts_with("destroyed"), "{text}");
    let (code, text) = said(&folder, &[&purge[..], &["--unknown"]].concat());
    assert!(code == Some(0) && text.starts_with("destroyed\n"), "{text}");
    assert_eq!(said(&folder, &purge), (Some(0), "was destroyed before\n".to_owned()));
}

#[test]
fn readers_that_go_away_end_nothing() {
    let folder = migrated();
    assert_eq!(said(&folder, &["org", "prefecture", "--tenant", "11"]).0, Some(0));
    for verb in [&["org", "list", "--tenant", "11"][..], &["audit", "verify"], &["verify"]] {
        let mut child = command(&folder, verb).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((child.wait().unwrap().code(), text.as_str()), (Some(0), ""), "{verb:?}");
    }

    // a server whose log nobody reads any more goes on answering
    let mut server = Running::start(&folder, &[]);
    let address = server.address();
    let Running { log, .. } = &mut server;
    drop(std::mem::replace(log, BufReader::new(nothing())));
    for _ in 0..3 {
        server.signal("-HUP");
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut stream, b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
}

/// A standard error that is at its end.
fn nothing() -> ChildStderr {
    let mut child = Command::new("true").stderr(Stdio::piped()).spawn().unwrap();
    let end = child.stderr.take().unwrap();
    child.wait().unwrap();
    end
}
