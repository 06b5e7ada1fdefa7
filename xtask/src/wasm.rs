//! The tablet's core as the web app loads it: compiled for WASM, bound for JavaScript, proved to import nothing impure.

use crate::failure::{Context as _, Failure, Result};
use crate::house::House;
use crate::imports;
use crate::process;
use crate::stamp::Stamp;
use crate::step::Done;
use crate::tools::{self, WASM_TARGET, WasmCompiler};
use std::fs;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

const NAME: &str = "tsudoi_wasm";

/// Builds the core and writes its binding to `clients/web/src/wasm`.
pub fn build(house: &House) -> Result<Done> {
    let out = house.web.join("src/wasm");
    let stamp = Stamp::new(
        house,
        "wasm",
        &[
            house.root.join("Cargo.toml"),
            house.root.join("Cargo.lock"),
            house.root.join(".cargo/config.toml"),
            house.root.join("sync-core/Cargo.toml"),
            house.root.join("sync-core/src"),
            house.root.join("clients/wasm"),
            house.root.join("xtask/src"),
        ],
        &[out.join(format!("{NAME}_bg.wasm")), out.join(format!("{NAME}.js"))],
    );
    if stamp.is_fresh() {
        return Ok(Done::UpToDate);
    }
    let module = compile(house)?;
    let bytes = fs::read(&module)?;
    prove_pure(&bytes)?;
    Bindgen::new()
        .input_bytes(NAME, bytes)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(true)
                .remove_name_section(true)
                .remove_producers_section(true)
                .keep_debug(false)
                .omit_default_module_path(false)
                .generate(&out)
        })
        .context(|| "binding the core for JavaScript".into())?;
    stamp.write()?;
    let size = fs::metadata(out.join(format!("{NAME}_bg.wasm")))?.len();
    Ok(Done::Noted(format!("{} kB", size / 1000)))
}

/// Compiles `clients/wasm` and returns the module.
fn compile(house: &House) -> Result<PathBuf> {
    let arguments =
        ["build", "--locked", "--package", "tsudoi-wasm", "--lib", "--profile", "wasm", "--target", WASM_TARGET];
    let target = match tools::wasm_compiler()? {
        WasmCompiler::Installed => {
            process::run(house.cargo(&arguments).arg("--target-dir").arg(&house.target))?;
            house.target.clone()
        }
        WasmCompiler::Debian => {
            // The linker is a setting, not RUSTFLAGS: that variable would replace the flags of .cargo/config.toml.
            let target = house.target.join("debian-wasm");
            process::run(
                house
                    .cargo(&arguments)
                    .arg("-Zbuild-std=std,panic_abort")
                    .args(["--config", "target.wasm32-unknown-unknown.linker='wasm-ld-22'"])
                    .arg("--target-dir")
                    .arg(&target)
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1"),
            )?;
            target
        }
    };
    Ok(target.join(WASM_TARGET).join("wasm").join(format!("{NAME}.wasm")))
}

/// Fails when the module asks its host for time, chance or anything of a system.
fn prove_pure(module: &[u8]) -> Result<()> {
    let imports = imports::read(module)?;
    let impure: Vec<String> = imports
        .iter()
        .filter(|import| imports::is_impure(import))
        .map(|import| format!("{}.{}", import.module, import.name))
        .collect();
    if impure.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the core imports what it may not know: {}", impure.join(", "))))
}
