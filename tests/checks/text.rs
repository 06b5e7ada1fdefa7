//! What files say: a page about themselves at the top, no skipped tests, no path of a machine, texts where texts live.

use crate::{below, files, none, read, root};

#[test]
fn every_rust_file_says_what_it_is_for() {
    let offenders: Vec<String> =
        below("", &[".rs"]).into_iter().filter(|file| !read(file).starts_with("//! ")).collect();
    none(&offenders, "these files do not begin with a module doc (//!)");
}

#[test]
fn every_typescript_file_says_what_it_is_for() {
    let offenders: Vec<String> = below("clients/web/src", &[".ts", ".tsx"])
        .into_iter()
        .chain(below("tests/browser", &[".ts", ".mjs"]))
        .chain(below("tests/interop", &[".mjs"]))
        .filter(|file| !file.ends_with(".d.ts"))
        .filter(|file| {
            let text = read(file);
            let first = text.lines().find(|line| !line.starts_with("/// <reference")).unwrap_or_default();
            !first.starts_with("// ") && !first.starts_with("/**") && !first.starts_with("/* ")
        })
        .collect();
    none(&offenders, "these files do not begin with a comment on what they are for");
}

#[test]
fn no_test_is_skipped_or_runs_alone() {
    let mut offenders = Vec::new();
    let marks_rust = [concat!("#[", "ignore")];
    let marks_web = [".skip(", ".only(", ".todo(", ".skipIf(", "describe.skip", "xit(", "xdescribe("];
    for file in below("", &[".rs", ".ts", ".tsx", ".mjs"]) {
        let is_rust = file.ends_with(".rs");
        if !is_rust && !file.contains(".test.") && !file.starts_with("tests/") {
            continue;
        }
        for (index, line) in read(&file).lines().enumerate() {
            let marks = if is_rust { &marks_rust[..] } else { &marks_web[..] };
            if marks.iter().any(|mark| line.contains(mark)) {
                offenders.push(format!("{file}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    none(&offenders, "tests are not skipped: assert today's result instead");
}

#[test]
fn migrations_are_named_by_minute_and_purpose_in_every_dialect_alike() {
    let names = |dialect: &str| -> Vec<String> {
        let folder = format!("migrations/{dialect}/");
        below(&folder, &[""]).into_iter().map(|file| file[folder.len()..].to_owned()).collect()
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    let wrong: Vec<String> = sqlite
        .iter()
        .filter(|name| {
            let (minute, rest) = name.split_at(name.len().min(12));
            let purpose = rest.strip_prefix('_').and_then(|rest| rest.strip_suffix(".sql")).unwrap_or_default();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            minute.len() != 12
                || !minute.chars().all(|c| c.is_ascii_digit())
                || purpose.is_empty()
                || !purpose.chars().all(plain)
        })
        .cloned()
        .collect();
    none(&wrong, "a migration is named YYYYMMDDHHMM_purpose.sql");
    let postgres = names("postgres");
    assert!(postgres.is_empty() || postgres == sqlite, "both dialects have the same files: {sqlite:?}, {postgres:?}");
}

#[test]
fn every_migration_is_in_the_list_of_its_database() {
    let mut missing = Vec::new();
    for dialect in ["sqlite", "postgres"] {
        let list = read(&format!("backend/src/store/{dialect}/connect.rs"));
        missing.extend(
            below(&format!("migrations/{dialect}/"), &[""]).into_iter().filter(|file| !list.contains(file.as_str())),
        );
    }
    none(&missing, "these migrations are not in the list that the server applies");
}

#[test]
fn no_path_of_a_machine_is_committed() {
    let marks = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/home", "/"), concat!("/Us", "ers/")];
    let mut offenders = Vec::new();
    for file in files() {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) && !line.contains("https://") {
                offenders.push(format!("{file}:{}: {}", index + 1, line.chars().take(120).collect::<String>()));
            }
        }
    }
    none(&offenders, "paths of one machine");
}

/// Text without comments. Enough for our own style: no comment marks inside strings but `://`.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        let comment = rest[start..].find("*/").map_or(rest.len() - start, |end| end + 2);
        out.extend(rest[start..start + comment].chars().filter(|c| *c == '\n'));
        rest = &rest[start + comment..];
    }
    out.push_str(rest);
    let cut = |line: &str| -> String {
        let mut from = 0;
        while let Some(at) = line[from..].find("//") {
            let at = from + at;
            if at == 0 || !line[..at].ends_with(':') {
                return line[..at].to_owned();
            }
            from = at + 2;
        }
        line.to_owned()
    };
    out.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// Kana and kanji. Marks such as the middle dot are no text.
fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30fa}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}')
}

#[test]
fn texts_of_the_screens_live_in_i18n() {
    let mut offenders = Vec::new();
    for file in below("clients/web/src", &[".tsx"]) {
        if file.contains("/i18n/") || file.contains(".test.") {
            continue;
        }
        for (index, line) in without_comments(&read(&file)).lines().enumerate() {
            if line.chars().any(is_japanese) {
                offenders.push(format!("{file}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    none(&offenders, "Japanese text outside clients/web/src/i18n");
}

#[test]
fn comments_are_told_from_code() {
    assert_eq!(without_comments("a // 注\nb /* 釈\n */ c\nhttps://x.y // z"), "a \nb \n c\nhttps://x.y ");
    assert!(
        is_japanese('集')
            && is_japanese('つ')
            && is_japanese('ド')
            && !is_japanese('A')
            && !is_japanese('—')
            && !is_japanese('・')
    );
}
