//! `cargo xtask sbom`: every package that goes into what is delivered, as CycloneDX 1.6, from the lock files alone.
//!
//! The same lock files give the same bytes: sorted, without time and without a random serial number.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::process;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Writes the bill to the target folder and returns where.
pub fn write(house: &House) -> Result<PathBuf> {
    let metadata = process::read(&mut house.cargo(&["metadata", "--locked", "--format-version", "1"]))?;
    let lock = std::fs::read_to_string(house.web.join("package-lock.json"))?;
    let bill = bill(&serde_json::from_str(&metadata)?, &serde_json::from_str(&lock)?)?;
    let path = house.target.join("tsudoi.cdx.json");
    std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&bill)?))?;
    Ok(path)
}

fn bill(metadata: &Value, lock: &Value) -> Result<Value> {
    let mut components = BTreeMap::new();
    for (purl, component) in crates(metadata)?.into_iter().chain(packages(lock)?) {
        components.insert(purl, component);
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application", "name": "tsudoi", "bom-ref": "tsudoi", "licenses": [{ "expression": "Apache-2.0" }],
        } },
        "components": components.into_values().collect::<Vec<_>>(),
    }))
}

fn component(purl: &str, name: &str, version: &str, licence: Option<&str>) -> (String, Value) {
    let mut component = json!({ "type": "library", "bom-ref": purl, "purl": purl, "name": name, "version": version });
    if let Some(licence) = licence {
        // an old way of writing OR
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    (purl.to_owned(), component)
}

/// What the server, the command line and the core are made of; what only tests and build scripts use is left out.
fn crates(metadata: &Value) -> Result<Vec<(String, Value)>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let ours = |package: &&Value| package["source"].is_null();
    let mut waiting: Vec<String> = packages
        .values()
        .filter(ours)
        .filter(|package| !["xtask", "tsudoi-tests"].contains(&package["name"].as_str().unwrap_or_default()))
        .map(|package| text(&package["id"]))
        .collect();
    if waiting.is_empty() {
        return Err(Failure::new("cargo metadata names no part of this workspace"));
    }
    let mut found = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        let Some(package) = packages.get(&id).filter(|_| !found.contains_key(&id)) else { continue };
        found.insert(id.clone(), package);
        for dependency in nodes.get(&id).map(|node| list(&node["deps"])).unwrap_or_default() {
            // kind null: neither for tests nor for build scripts
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    let foreign = found.into_values().filter(|package| !package["source"].is_null());
    Ok(foreign
        .map(|package| {
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            component(&format!("pkg:cargo/{name}@{version}"), &name, &version, package["license"].as_str())
        })
        .collect())
}

/// What the web app is made of; what only builds and tests it is left out.
fn packages(lock: &Value) -> Result<Vec<(String, Value)>> {
    let all = lock["packages"].as_object().ok_or_else(|| Failure::new("package-lock.json lists no packages"))?;
    let used = all.iter().filter(|(path, package)| !path.is_empty() && package["dev"] != true);
    Ok(used
        .filter_map(|(path, package)| {
            let name = path.rsplit("node_modules/").next()?;
            let version = package["version"].as_str()?;
            let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
            Some(component(&purl, name, version, package["license"].as_str()))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::bill;
    use serde_json::json;

    #[test]
    fn what_is_delivered_is_listed_once_and_tools_are_not() {
        let package = |id: &str, foreign: bool| {
            json!({ "id": id, "name": id, "version": "1.0.0", "license": "MIT/Apache-2.0",
                "source": if foreign { json!("registry") } else { json!(null) } })
        };
        let dep = |id: &str, kind: Option<&str>| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("tsudoi-server", false), package("xtask", false), package("axum", true),
                package("tempfile", true), package("cc", true), package("ctrlc", true)],
            "resolve": { "nodes": [
                { "id": "tsudoi-server", "deps": [dep("axum", None), dep("tempfile", Some("dev")), dep("cc", Some("build"))] },
                { "id": "xtask", "deps": [dep("ctrlc", None)] },
                { "id": "axum", "deps": [dep("axum", None)] },
            ] },
        });
        let lock = json!({ "packages": {
            "": {}, "node_modules/react": { "version": "19.0.0", "license": "MIT" },
            "node_modules/@a/b": { "version": "2.0.0" }, "node_modules/vite": { "version": "8.0.0", "dev": true },
        } });
        let bill = bill(&metadata, &lock).unwrap();
        let names: Vec<_> =
            bill["components"].as_array().unwrap().iter().map(|one| one["purl"].as_str().unwrap()).collect();
        assert_eq!(names, ["pkg:cargo/axum@1.0.0", "pkg:npm/%40a/b@2.0.0", "pkg:npm/react@19.0.0"]);
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
