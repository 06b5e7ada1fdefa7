//! SECURITY.md names tests that exist.

use crate::{below, none, read};

#[test]
fn every_test_that_security_md_names_exists() {
    let sources: Vec<String> = ["backend/", "clients/", "sync-core/", "tests/"]
        .into_iter()
        .flat_map(|folder| below(folder, &[".rs", ".mjs", ".ts"]))
        .filter(|file| !file.starts_with("tests/checks/"))
        .map(|file| read(&file))
        .collect();
    let text = read("SECURITY.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    assert!(rows.len() > 10, "SECURITY.md was read");
    let last =
        |row: &&str| row.trim_end().strip_suffix('|').unwrap_or(row).rsplit('|').next().unwrap_or_default().to_owned();
    let cells: Vec<String> = rows.iter().skip(1).map(last).collect();
    let named = cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let exists = |name: &str| {
        sources.iter().any(|source| {
            let called = |call| ['\'', '"'].iter().any(|mark| source.contains(&format!("{call}({mark}{name}{mark}")));
            source.contains(&format!("fn {name}(")) || called("test") || called("it")
        })
    };
    let missing: Vec<String> = named.filter(|name| !exists(name)).map(str::to_owned).collect();
    none(&missing, "SECURITY.md names tests that do not exist");
}
