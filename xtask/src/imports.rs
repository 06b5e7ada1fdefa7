//! Reading what a WASM module imports, and judging it.
//!
//! Only the import section is read; every other section is stepped over. Source: WebAssembly core specification 5.5.5.

use crate::failure::{Failure, Result};

/// One import: where from, and its name there.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The module it comes from.
    pub module: String,
    /// Its name.
    pub name: String,
}

/// Modules the binding generator resolves itself.
const BINDING: [&str; 2] = ["__wbindgen_placeholder__", "__wbindgen_externref_xform__"];

/// Parts of names through which the clock, chance, storage or the network would come in.
const IMPURE: [&str; 12] = [
    "now",
    "date",
    "performance",
    "random",
    "crypto",
    "getrandom",
    "settimeout",
    "fetch",
    "storage",
    "indexeddb",
    "process",
    "msCrypto",
];

/// True for anything outside the binding (`env`, `wasi…`) and for a bound function that brings in time, chance or IO.
pub fn is_impure(import: &Import) -> bool {
    if !BINDING.contains(&import.module.as_str()) {
        return true;
    }
    // `__wbg_now_1a2b3c` imports `now`; the hash at the end is not part of the name.
    let name = import.name.strip_prefix("__wbg_").unwrap_or("");
    let name = name.rsplit_once('_').map_or(name, |(name, _)| name).to_lowercase();
    IMPURE.iter().any(|word| name.contains(&word.to_lowercase()))
}

/// Every import of the module.
pub fn read(module: &[u8]) -> Result<Vec<Import>> {
    let mut reader = Reader { bytes: module, at: 8 };
    if !module.starts_with(b"\0asm") {
        return Err(Failure::new("not a WASM module"));
    }
    while reader.at < module.len() {
        let section = reader.byte()?;
        let length = reader.number()?;
        let end = reader.at + length;
        if section == 2 {
            return (0..reader.number()?).map(|_| reader.import()).collect();
        }
        reader.at = end;
    }
    Ok(Vec::new())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| Failure::new("the WASM module is cut short"))?;
        self.at += 1;
        Ok(byte)
    }

    /// LEB128, at most 32 bits.
    fn number(&mut self) -> Result<usize> {
        let mut value = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Failure::new("a number in the WASM module is too long"))
    }

    fn text(&mut self) -> Result<String> {
        let length = self.number()?;
        let bytes =
            self.bytes.get(self.at..self.at + length).ok_or_else(|| Failure::new("the WASM module is cut short"))?;
        self.at += length;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn import(&mut self) -> Result<Import> {
        let import = Import { module: self.text()?, name: self.text()? };
        match self.byte()? {
            0 => drop(self.number()?),
            1 => {
                self.byte()?;
                self.limits()?;
            }
            2 => self.limits()?,
            3 => {
                self.byte()?;
                self.byte()?;
            }
            4 => {
                self.byte()?;
                self.number()?;
            }
            kind => return Err(Failure::new(format!("import of unknown kind {kind}"))),
        }
        Ok(import)
    }

    fn limits(&mut self) -> Result<()> {
        let has_maximum = self.byte()? & 1 == 1;
        self.number()?;
        if has_maximum {
            self.number()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Import, is_impure, read};

    fn import(module: &str, name: &str) -> Import {
        Import { module: module.into(), name: name.into() }
    }

    #[test]
    fn imports_are_read_past_other_sections() {
        // A type section of one empty function type, then two imports: a function and a memory with a maximum.
        let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x12\x02\x03env\x01f\0\0\x03env\x01m\x02\x01\x01\x02";
        assert_eq!(read(module).unwrap(), [import("env", "f"), import("env", "m")]);
        assert!(read(&module[..20]).is_err());
        assert!(read(b"nothing").is_err());
    }

    #[test]
    fn time_chance_and_systems_are_impure_and_plain_bindings_are_not() {
        for (module, name, expected) in [
            ("env", "memory", true),
            ("wasi_snapshot_preview1", "fd_write", true),
            ("__wbindgen_placeholder__", "__wbg_now_0a1b", true),
            ("__wbindgen_placeholder__", "__wbg_getRandomValues_b8f5dbd5f3995a9e", true),
            ("__wbindgen_placeholder__", "__wbg_new_0_1a2b", false),
            ("__wbindgen_placeholder__", "__wbg_length_1a2b", false),
            ("__wbindgen_placeholder__", "__wbindgen_throw", false),
        ] {
            assert_eq!(is_impure(&import(module, name)), expected, "{module}.{name}");
        }
    }
}
