//! Tables as CSV that spreadsheet programs open: UTF-8 with the mark by which Excel knows it, and no text that is taken for
//! a formula.

use super::OfficeError;

/// Begins each file.
pub const MARK: &str = "\u{feff}";

/// What a spreadsheet takes for the beginning of a formula, also in the full width of Japanese keyboards; and what it skips
/// or cuts a cell at before looking.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The text, behind an apostrophe when a spreadsheet would take it for a formula. Numbers go without.
pub fn harmless(text: &str) -> String {
    // blanks at the beginning are skipped
    let first = text.trim_start_matches([' ', '\u{3000}', '\u{a0}', '\0']);
    if first.starts_with(FORMULA) || text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// The lines of a table.
pub fn lines<R, F, I>(rows: R) -> Result<Vec<u8>, OfficeError>
where
    R: IntoIterator<Item = F>,
    F: IntoIterator<Item = I>,
    I: AsRef<[u8]>,
{
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|_| OfficeError::Unreadable)?;
    }
    writer.into_inner().map_err(|_| OfficeError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_taken_for_a_formula() {
        let texts = [
            "=cmd|' /C calc'!A0",
            "+81",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "　＝1",
            "＝1+1",
            "－1",
            "\0=1",
        ];
        for text in texts {
            assert!(harmless(text).starts_with('\''), "{text}");
        }
        for text in ["座談会", "", "1-2", "a=b", "'=1"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        let bytes = lines([["a,b", "c\"d", "e\r\nf", "'=1,2"]]).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "\"a,b\",\"c\"\"d\",\"e\r\nf\",\"'=1,2\"\r\n");
    }
}
