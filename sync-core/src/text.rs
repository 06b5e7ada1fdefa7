//! One rule for text: what a person typed, what a document may hold, and what a table of the server may hold.
//!
//! Invariants: what comes out of [`line()`], [`lines`] and [`column()`] goes through each of them again unchanged, holds no
//! letter that cannot be seen and would make two equal words differ, and can be stored by every database.
//! Deliberately absent: normalisation (what was typed is kept as typed) and lengths other than that of a column.

/// Most characters of a text in a column of a table; of one to four bytes each, so that an index can hold it.
pub const COLUMN_CHARS: usize = 500;

/// Whether every database can hold this text. Lone surrogates cannot stand in a Rust string.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// One line as a person typed it: a field, a name, a reason, a word to search for. Line ends and tabs become a space,
/// controls go, and so does space at both ends.
///
/// Source: SPEC DOM-5.
pub fn line(text: &str) -> String {
    let spaced = lines(text).replace(['\n', '\t'], " ");
    spaced.trim().to_owned()
}

/// A long text as a person typed it: of the controls only newline and tab stay, and every line end is a newline.
/// Joiners stay where a script or an emoji needs them.
///
/// Source: SPEC DOM-5.
pub fn lines(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = rest.next() {
        let stays = match letter {
            '\r' => {
                rest.next_if_eq(&'\n');
                Some('\n')
            }
            '\u{2028}' | '\u{2029}' => Some('\n'),
            '\n' | '\t' => Some(letter),
            '\u{200c}' | '\u{200d}' => Some(letter).filter(|_| joins(letter, before, rest.peek().copied())),
            _ => Some(letter).filter(|_| !letter.is_control() && !is_unseen(letter)),
        };
        if let Some(letter) = stays {
            kept.push(letter);
            before = Some(letter);
        }
    }
    kept
}

/// What a table may hold of a text that stands in a document, whoever wrote it: [`line()`], cut to [`COLUMN_CHARS`].
///
/// Source: SPEC DOM-6.
pub fn column(text: &str) -> String {
    let line = line(text);
    match line.char_indices().nth(COLUMN_CHARS) {
        Some((end, _)) => line.get(..end).unwrap_or_default().trim_end().to_owned(),
        None => line,
    }
}

/// Marks of direction and letters of no width, which keep a word from being found.
const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'
            ..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Whether a joiner between these letters shows: within the scripts from Arabic to Sinhala, and, the one that joins,
/// between the parts of an emoji.
fn joins(joiner: char, before: Option<char>, after: Option<char>) -> bool {
    let is_joined_script = |letter: char| matches!(letter, '\u{600}'..='\u{dff}');
    let is_emoji = |letter: char| matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}');
    before.is_some_and(is_joined_script)
        || (joiner == '\u{200d}' && before.is_some_and(is_emoji) && after.is_some_and(is_emoji))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dom_5_a_typed_word_is_found_whatever_was_hidden_in_it() {
        for hidden in
            ["ひま\u{200b}わり", "\u{feff}ひまわり", "\u{202e}ひまわり\u{202c}", "ひま\0わり", "ひま\u{200d}わり\u{7f}"]
        {
            assert_eq!(line(hidden), "ひまわり", "{hidden:?}");
        }
        assert_eq!(lines("一\r\n二\r三\u{2028}四\t五\u{1}"), "一\n二\n三\n四\t五");
        assert_eq!(line(" 児玉\t公民館\n２階 "), "児玉 公民館 ２階");
    }

    #[test]
    fn dom_5_joiners_stay_where_they_show() {
        for kept in
            ["👨\u{200d}👩\u{200d}👧", "👩🏽\u{200d}⚕\u{fe0f}", "می\u{200c}خواهم", "क्\u{200d}ष", "𠮷田", "葛\u{e0100}城"]
        {
            assert_eq!(lines(kept), kept);
        }
        assert_eq!(lines("👨\u{200d}終"), "👨終");
        assert_eq!(lines("👨\u{200c}👩"), "👨👩");
    }

    #[test]
    fn dom_6_a_column_holds_a_bounded_line() {
        assert_eq!(column("会\0場"), "会場");
        let long = column(&"𠮷".repeat(20_000));
        assert_eq!((long.chars().count(), long.len()), (COLUMN_CHARS, 4 * COLUMN_CHARS));
        for text in ["a\u{200b}\n", "\u{200d}", &format!("{} b", "a".repeat(499))] {
            assert_eq!(column(&column(text)), column(text));
            assert_eq!(lines(&lines(text)), lines(text));
        }
    }
}
