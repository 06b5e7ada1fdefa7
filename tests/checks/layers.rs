//! Dependencies point one way: web → wasm → sync-core ← backend, command line.

use crate::{below, code, none, root};
use std::process::Command;

/// Names of the packages that a package is built from.
fn tree(package: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

fn packages_without(package: &str, banned: &[&str]) {
    let found: Vec<String> = tree(package).into_iter().filter(|name| banned.contains(&name.as_str())).collect();
    none(&found, &format!("{package} must not be built from"));
}

/// Offending lines of files below `folder` outside `allowed`.
fn lines_with(folder: &str, allowed: &[&str], words: &[&str]) -> Vec<String> {
    let mut offenders = Vec::new();
    for file in below(folder, &[".rs"]) {
        if allowed.iter().any(|prefix| file.starts_with(prefix)) {
            continue;
        }
        for (line, text) in code(&file) {
            if words.iter().any(|word| text.contains(word)) {
                offenders.push(format!("{file}:{line}: {}", text.trim()));
            }
        }
    }
    offenders
}

#[test]
fn the_core_is_built_without_io_runtime_or_browser() {
    packages_without(
        "sync-core",
        &[
            "tokio",
            "axum",
            "hyper",
            "sqlx",
            "reqwest",
            "wasm-bindgen",
            "js-sys",
            "web-sys",
            "chrono",
            "tsudoi-server",
            "tsudoi",
        ],
    );
}

#[test]
fn the_command_line_and_the_browser_binding_are_built_without_the_server() {
    packages_without("tsudoi", &["tsudoi-server", "axum"]);
    packages_without("tsudoi-wasm", &["tsudoi-server", "tsudoi", "axum", "sqlx", "tokio", "reqwest"]);
}

#[test]
fn only_the_document_folder_names_automerge() {
    let words = ["automerge::", "use automerge"];
    let mut offenders = lines_with("sync-core/src", &["sync-core/src/document/"], &words);
    for folder in ["backend/src", "clients/cli/src", "clients/wasm/src"] {
        offenders.extend(lines_with(folder, &[], &words));
    }
    none(&offenders, "only sync-core/src/document names automerge");
}

#[test]
fn moving_changes_does_not_read_them() {
    let mut offenders = lines_with("sync-core/src/sync", &[], &["crate::domain"]);
    offenders.extend(lines_with("sync-core/src/wire", &[], &["crate::domain", "crate::document::Document;"]));
    none(&offenders, "sync and wire never import domain");
}

#[test]
fn the_database_stays_in_its_dialect_folders_and_http_in_its_own() {
    none(
        &lines_with(
            "backend/src",
            &["backend/src/store/sql/", "backend/src/store/sqlite/", "backend/src/store/postgres/"],
            &["sqlx::", "use sqlx"],
        ),
        "sqlx only in store/sql, store/sqlite and store/postgres",
    );
    none(
        &lines_with("backend/src", &["backend/src/http", "backend/src/lib.rs"], &["axum::", "use axum"]),
        "axum only in http and lib.rs",
    );
    none(
        &lines_with("backend/src", &["backend/src/config.rs"], &["env::var", "env::vars"]),
        "the environment is read only in config.rs",
    );
}

#[test]
fn inner_layers_of_the_server_do_not_call_outer_ones() {
    let mut offenders = lines_with("backend/src/store", &[], &["crate::http", "crate::service"]);
    offenders.extend(lines_with("backend/src/service", &[], &["crate::http"]));
    none(&offenders, "http calls service, service calls store, never the other way");
}

#[test]
fn workers_know_no_page_and_the_tablet_carries_no_console() {
    let mut offenders = Vec::new();
    for (folder, banned) in [
        ("clients/web/src/worker/", &["/app/", "/ui/", "/features/", "/office/"][..]),
        ("clients/web/src/sw/", &["/app/", "/ui/", "/features/", "/office/"][..]),
        ("clients/web/src/core/", &["/app/", "/ui/", "/features/", "/office/"][..]),
        ("clients/web/src/ui/", &["/app/", "/features/", "/office/"][..]),
        ("clients/web/src/features/", &["/office/"][..]),
        ("clients/web/src/app/", &["/office/"][..]),
    ] {
        for file in below(folder, &[".ts", ".tsx"]) {
            for (line, text) in code(&file) {
                let imported = text.split(" from '").nth(1);
                if imported.is_some_and(|path| path.starts_with('.') && banned.iter().any(|part| path.contains(part))) {
                    offenders.push(format!("{file}:{line}: {}", text.trim()));
                }
            }
        }
    }
    none(&offenders, "imports of the web app point inward");
}
