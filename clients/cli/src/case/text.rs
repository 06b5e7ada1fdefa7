//! The letters of a file: UTF-8, with or without a byte order mark, or UTF-16 with one, as editors write them.

/// Byte order mark.
pub const BOM: char = '\u{feff}';

/// The text without its mark; else where it cannot be read, and what to do.
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
                let place = Place::after(&before);
                return Err(format!(
                    "{place}から UTF-8 の文字として読めません。エディターで文字コードを UTF-8 にして保存し直してください"
                ));
            }
        },
    };
    Ok(text.strip_prefix(BOM).map_or_else(|| text.clone(), str::to_owned))
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2)).ok_or_else(|| {
        "UTF-16 の文字として読めません。エディターで文字コードを UTF-8 にして保存し直してください".to_owned()
    })
}

/// A place in a text, for people: line and letter, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Letter in it.
    pub letter: usize,
}

impl Place {
    /// The place that follows this text.
    pub fn after(text: &str) -> Self {
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self { line: text.matches('\n').count() + 1, letter: last.chars().count() + 1 }
    }

    /// A parser's line and byte column, in letters.
    pub fn of(text: &str, line: usize, column: usize) -> Self {
        let row = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
        let before = row.get(..column.saturating_sub(1).min(row.len()));
        Self { line, letter: before.map_or(column, |before| before.chars().count() + 1) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}行目の{}文字目", self.line, self.letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_write_is_read_and_the_rest_is_named_by_its_place() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| "\u{feff}{\"𠮷\"}".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for bytes in [
            "{\"𠮷\"}".as_bytes().to_vec(),
            "\u{feff}{\"𠮷\"}".as_bytes().to_vec(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap(), "{\"𠮷\"}");
        }
        let shift_jis = b"{\n  \"\x96\x7b";
        assert!(decode(shift_jis).unwrap_err().starts_with("2行目の4文字目から"), "{:?}", decode(shift_jis));
        assert!(decode(&[0xff, 0xfe, 0x00]).unwrap_err().contains("UTF-16"));
        assert_eq!(Place::of("ア\n本庄x", 2, 7), Place { line: 2, letter: 3 });
    }
}
