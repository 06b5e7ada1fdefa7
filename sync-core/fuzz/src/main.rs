//! libFuzzer around the doors of the core. `TSUDOI_FUZZ_TARGET` names the door; `cargo xtask fuzz` sets it.
#![no_main]

#[path = "../../tests/corpus/targets.rs"]
mod targets;

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let run = TARGET.get_or_init(|| {
        // panics that the core catches are no findings; one that gets out still ends the run
        std::panic::set_hook(Box::new(|_| {}));
        let name = std::env::var("TSUDOI_FUZZ_TARGET").unwrap_or_default();
        let target = targets::TARGETS.into_iter().find(|target| target.name == name);
        target.unwrap_or_else(|| std::process::exit(2)).run
    });
    run(bytes);
});
