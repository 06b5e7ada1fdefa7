//! Tables as CSV that spreadsheet programs open: UTF-8 with the mark by which Excel knows it.
//!
//! Invariants: a text stays the text that was typed, and none is taken for a formula, a date or a number. A table ends with
//! a line that says how many rows it has and of when; a file without it was cut off.

use super::OfficeError;
use super::era::time_in_japan;

/// Begins each file.
pub const MARK: &str = "\u{feff}";

/// What a spreadsheet takes for the beginning of a formula, and what it cuts a cell at before looking.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// What dates, times and amounts are written with beside digits, longest first where one begins another.
const OF_VALUES: [&str; 55] = [
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sept",
    "sep",
    "oct",
    "nov",
    "dec",
    "am",
    "pm",
    "令和",
    "平成",
    "昭和",
    "大正",
    "明治",
    "元",
    "午前",
    "午後",
    "年",
    "月",
    "日",
    "時",
    "分",
    "秒",
    "円",
    "r",
    "h",
    "s",
    "t",
    "m",
    "e",
    "a",
    "p",
    "$",
    "¥",
    "%",
    "'",
    "(",
    ")",
];

/// The longest text a formula may hold.
const LONGEST: usize = 255;

/// The text as a cell that a spreadsheet shows as it is. What it would take for something else becomes `="…"`, a formula
/// whose value is that text; what is too long for one, or has several lines, stands behind an apostrophe.
pub fn cell(text: &str) -> String {
    if !is_taken_for_formula(text) && !is_taken_for_value(text) {
        return text.to_owned();
    }
    if text.encode_utf16().count() > LONGEST || text.chars().any(char::is_control) {
        return format!("'{text}");
    }
    format!("=\"{}\"", text.replace('"', "\"\""))
}

/// Letters of full width, which Japanese keyboards write, as spreadsheets read them; without the blanks at both ends.
fn read(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        '￥' => '¥',
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    };
    let narrowed: String = text.chars().map(narrow).collect();
    narrowed.trim_matches([' ', '\0']).to_lowercase()
}

fn is_taken_for_formula(text: &str) -> bool {
    text.starts_with(FORMULA) || read(text).starts_with(FORMULA)
}

/// Whether this is an amount, a date, a time or a yes or no for a spreadsheet: 0012, 3-4, 1/2, R6.4.1, 12:30, TRUE.
fn is_taken_for_value(text: &str) -> bool {
    let read = read(text);
    if read == "true" || read == "false" {
        return true;
    }
    let mut rest = read.as_str();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() || ".,:/- +".contains(first) {
            rest = rest.get(1..).unwrap_or_default();
        } else if let Some(after) = OF_VALUES.iter().find_map(|word| rest.strip_prefix(word)) {
            rest = after;
        } else {
            return false;
        }
    }
    read.contains(|letter: char| letter.is_ascii_digit())
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

/// The last line of a table with this many columns: how many rows came before it, and of which time (ms) they are.
pub fn end(columns: usize, rows: usize, as_of: u64) -> Result<Vec<u8>, OfficeError> {
    let mut cells = vec![String::new(); columns];
    if let Some(first) = cells.first_mut() {
        *first = format!("以上 {rows}件（{} 現在）", time_in_japan(as_of));
    }
    lines([cells])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_taken_for_a_formula() {
        for text in ["=cmd|' /C calc'!A0", "+81", "-1+1", "@SUM(A1)", " =1", "　＝1", "＝1+1", "－1", "＋3", "＠x"]
        {
            assert_eq!(cell(text), format!("=\"{text}\""));
        }
        assert_eq!(cell("=a\"b"), "=\"=a\"\"b\"", "nothing ends the text inside the formula");
        for text in ["\t=1", "\r=1", "\n=1", "\0=1", "=1\n=2"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        let long = format!("={}", "あ".repeat(255));
        assert_eq!(cell(&long), format!("'{long}"));
    }

    #[test]
    fn a_text_stays_what_was_typed() {
        let values = [
            "0012",
            "3-4",
            "1/2",
            "12:30",
            "1e5",
            "１２",
            "３－４",
            "R6.4.1",
            "令和6年4月1日",
            "4月1日",
            "May 5",
            "5-Mar",
            "1,000",
            "50%",
            "¥300",
            "10円",
            "TRUE",
            "false",
            "ＴＲＵＥ",
            " 7 ",
            "午後3時",
            "(5)",
            "090-1234-5678",
        ];
        for text in values {
            assert_eq!(cell(text), format!("=\"{text}\""));
        }
        for text in
            ["座談会", "", "第3回 人生会議", "a=b", "'=1", "3丁目集会所", "B-1", "10・20代", "本庄", "年月日", "R棟"]
        {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        let bytes = lines([["a,b", "c\"d", "e\r\nf", "=\"1,2\""]]).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "\"a,b\",\"c\"\"d\",\"e\r\nf\",\"=\"\"1,2\"\"\"\r\n");
    }

    #[test]
    fn a_table_says_where_it_ends() {
        let line = String::from_utf8(end(3, 12, 1_743_433_199_000).unwrap()).unwrap();
        assert_eq!(line, "以上 12件（令和7年3月31日 23:59 現在）,,\r\n");
    }
}
