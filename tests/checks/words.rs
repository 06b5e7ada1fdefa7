//! A thing is called the same on the screens and in the files of the server.

use crate::{none, read};

const SCREENS: [&str; 3] =
    ["clients/web/src/i18n/ja.ts", "clients/web/src/i18n/ja-codes.ts", "clients/web/src/i18n/ja-words.ts"];
const FILES: &str = "backend/src/service/office/words.rs";
const COLUMNS: &str = "backend/src/service/office/export.rs";

/// The pairs of code and word in `const NAME: … = { … }`.
fn listed(name: &str) -> Vec<(String, String)> {
    let begins = [format!("const {name}: Record<"), format!("const {name} = {{")];
    let found = SCREENS.iter().map(|file| read(file)).find_map(|text| {
        let begin = begins.iter().find_map(|begin| text.find(begin))?;
        Some(text.get(begin..)?.to_owned())
    });
    let text = found.unwrap_or_else(|| panic!("the screens have no list {name}"));
    let list = text.split('{').nth(1).unwrap().split('}').next().unwrap();
    // code: 'word', with quotes around the code where it needs some
    let mut parts = list.split('\'').peekable();
    let mut pairs = Vec::new();
    while let Some(part) = parts.next() {
        let code = part.trim().trim_start_matches(',').trim().trim_end_matches(':').trim();
        let Some(next) = parts.next() else { break };
        if code.is_empty() {
            parts.next();
            pairs.push((next.to_owned(), parts.next().unwrap_or_default().to_owned()));
        } else {
            pairs.push((code.to_owned(), next.to_owned()));
        }
    }
    pairs
}

#[test]
fn files_call_things_as_the_screens_do() {
    let words = read(FILES);
    let lists =
        ["activity", "state", "reason", "band", "audience", "questionShort", "answer", "group", "consultationWay"]
            .map(|name| (name, listed(name)));
    assert!(lists.iter().all(|(_, pairs)| pairs.len() > 2), "the lists were read: {lists:?}");
    let mut offenders: Vec<String> = lists
        .iter()
        .flat_map(|(name, pairs)| pairs.iter().map(move |(code, word)| (name, code, word)))
        .filter(|(_, code, word)| !words.contains(&format!("\"{code}\" => \"{word}\"")))
        .map(|(name, code, word)| format!("{name}: {code} is {word} on the screens"))
        .collect();
    let columns = read(COLUMNS);
    let shown =
        ["activity", "title", "occasion", "fiscal_year", "month", "date", "municipality", "venue", "association"];
    let fields = listed("fields");
    let of_columns = fields.iter().filter(|(code, _)| shown.contains(&code.as_str()));
    offenders.extend(
        of_columns
            .filter(|(_, word)| !columns.contains(&format!("\"{word}\"")))
            .map(|(code, word)| format!("the column {code} is {word} on the screens")),
    );
    none(&offenders, "backend/src/service/office calls these otherwise");
}
