//! Long texts that several people edit apart, from one text that all of them saw.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use sync_core::document::{Document, Kind, TextName};
use sync_core::domain::vocabulary::Flag;
use sync_core::domain::{Intent, facts, view};
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;

const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);
const TEXT: TextName = TextName::Outcome;

struct Person {
    device: DeviceId,
    number: u64,
    document: Document,
}

impl Person {
    fn new(name: u8, document: &Document) -> Self {
        let device = DeviceId::from_bytes([name; 16]);
        let mut document = document.clone();
        document.write_as(ActorId::new(device, 1));
        Self { device, number: 0, document }
    }

    fn give(&mut self, intent: Intent) {
        self.number += 1;
        intent.cleaned().apply(IntentId { device: self.device, number: self.number }, &mut self.document).unwrap();
        self.document.commit(Timestamp(1_700_000_000_000), "tanaka", None);
    }

    fn write(&mut self, base: &str, value: &str) {
        self.give(Intent::Write { text: TEXT, base: Some(base.to_owned()), value: value.to_owned() });
    }

    fn take(&mut self, other: &mut Self) {
        self.document.merge(&mut other.document).unwrap();
    }

    fn text(&self) -> String {
        self.document.text(TEXT)
    }

    fn signs(&self) -> usize {
        view(&self.document).rewritten.get(&TEXT).map_or(0, Vec::len)
    }
}

/// A document with this text.
fn with(text: &str) -> Document {
    let mut author = Person::new(9, &Document::genesis(DOCUMENT, Kind::Session).unwrap());
    author.write("", text);
    author.document
}

/// What two people see who wrote `a` and `b` apart, merged both ways.
fn apart(base: &str, a: &str, b: &str) -> (Person, Person) {
    let start = with(base);
    let (mut first, mut second) = (Person::new(1, &start), Person::new(2, &start));
    first.write(base, a);
    second.write(base, b);
    first.take(&mut second);
    second.take(&mut first);
    assert_eq!(view(&first.document), view(&second.document));
    (first, second)
}

#[test]
fn doc_5_a_sentence_rewritten_apart_stands_whole_in_both_forms_and_bears_the_sign() {
    let (mut first, mut second) = apart("会場が寒かった", "会場は暑かった", "駐車場が足りない");
    let text = first.text();
    assert!(text.contains("会場は暑かった") && text.contains("駐車場が足りない"), "{text}");
    assert_eq!(text.chars().count(), 15, "and nothing else");
    let record = view(&first.document);
    assert_eq!((record.conflict_count(), first.signs()), (1, 1));
    assert_eq!(record.rewritten[&TEXT][0].by.iter().filter_map(|by| by.device).count(), 2);
    assert!(record.fields.is_empty(), "the sign is no field");
    assert_eq!(facts(&first.document).flags, [Flag::TextRewritten]);

    // it goes when someone has read it, and comes back when a third rewrote the sentence, too
    let mut third = Person::new(3, &with("会場が寒かった"));
    third.write("会場が寒かった", "雨だった");
    let sentences = record.rewritten[&TEXT].iter().map(|one| one.sentence.clone()).collect();
    first.give(Intent::HaveRead { text: TEXT, sentences });
    assert_eq!((first.signs(), first.text()), (0, text));
    second.take(&mut first);
    assert_eq!(second.signs(), 0);
    second.take(&mut third);
    assert_eq!(second.signs(), 1);
}

#[test]
fn doc_5_words_put_into_one_sentence_apart_are_merged_without_a_sign() {
    let (merged, _) = apart("会場が寒かった。", "会場がとても寒かった。", "広い会場が寒かった。");
    assert_eq!((merged.text().as_str(), merged.signs()), ("広い会場がとても寒かった。", 0));
    let (merged, _) = apart("一。二。", "一。二。三。", "前。一。二。");
    assert_eq!((merged.text().as_str(), merged.signs()), ("前。一。二。三。", 0));
    let (merged, _) = apart("一。二。", "一。", "一。");
    assert_eq!((merged.text().as_str(), merged.signs()), ("一。", 0));
}

#[test]
fn doc_9_a_word_put_into_a_sentence_that_another_rewrote_or_took_out_bears_the_sign() {
    for other in ["駐車場が足りない。", ""] {
        let (merged, _) = apart("会場が寒かった。", "会場がとても寒かった。", other);
        assert!(merged.text().contains("とても") && merged.text().contains(other), "{}", merged.text());
        assert_eq!(merged.signs(), 1, "{other}");
    }
}

#[test]
fn doc_10_what_came_while_someone_wrote_stays_and_is_signed_as_if_written_apart() {
    let base = "会場が寒かった。次も行う。";
    let start = with(base);
    let (mut first, mut second) = (Person::new(1, &start), Person::new(2, &start));
    first.write(base, "会場は暑かった。次も行う。");
    // it comes while the box is open
    second.take(&mut first);
    second.write(base, "駐車場が足りない。次もぜひ行う。");
    assert_eq!((second.text().as_str(), second.signs()), ("会場は暑かった。駐車場が足りない。次もぜひ行う。", 1));
    // what someone saw, they may rewrite without a sign
    let seen = second.text();
    second.write(&seen, "会場は広い。次も行う。");
    assert_eq!((second.text().as_str(), second.signs()), ("会場は広い。次も行う。", 1));
    let mut alone = Person::new(3, &start);
    alone.write(base, "会場は暑かった。");
    alone.write("会場は暑かった。", "会場が寒かった。");
    alone.write("会場が寒かった。", "駐車場。");
    assert_eq!((alone.text().as_str(), alone.signs()), ("駐車場。", 0));
}

#[test]
fn doc_5_edits_stored_by_earlier_versions_are_read() {
    let old = Intent::read(r#"{"type":"write","text":"outcome","value":"雨\r\nだった\u0000"}"#).unwrap();
    let mut person = Person::new(1, &with("雪\nだった"));
    person.give(old);
    assert_eq!(person.text(), "雨\nだった");
}

/// An edit of one person, by number of the sentence.
#[derive(Clone, Copy, Debug)]
enum Did {
    Rewrote,
    PutIn(usize),
    Added,
    Nothing,
}

fn did() -> impl Strategy<Value = Did> {
    prop_oneof![Just(Did::Rewrote), (0..6usize).prop_map(Did::PutIn), Just(Did::Added), Just(Did::Nothing)]
}

const SENTENCES: [&str; 4] = ["会場が寒かった。", "質問は三件。", "椅子を借りた！", "次も行う"];

/// What a person makes of the text, and every piece they wrote.
fn edited(person: usize, all: &[Did]) -> (String, Vec<String>) {
    let (mut text, mut written) = (String::new(), Vec::new());
    let letter = |n: usize| char::from_u32(0x30a1 + u32::try_from(person * 24 + n).unwrap()).unwrap();
    let word = |n: usize| format!("{0}{1}{0}{0}", letter(2 * n), letter(2 * n + 1));
    for (n, (sentence, did)) in SENTENCES.iter().zip(all).enumerate() {
        match did {
            Did::Nothing => text.push_str(sentence),
            Did::Rewrote => {
                written.push(format!("{}。", word(n)));
                text.push_str(&written[written.len() - 1]);
            }
            Did::PutIn(place) => {
                let letters: Vec<char> = sentence.chars().collect();
                let place = (*place).min(letters.len() - 1);
                written.push(word(n));
                text.extend(&letters[..place]);
                text.push_str(&word(n));
                text.extend(&letters[place..]);
            }
            Did::Added => {
                written.push(format!("{}。", word(n)));
                text.push_str(&format!("{}{sentence}", written[written.len() - 1]));
            }
        }
    }
    (text, written)
}

/// How many sentences more than one person changed, not all by a word.
fn expected_signs(people: &[Vec<Did>]) -> usize {
    let signed = |n: &usize| {
        let changed = people.iter().filter(|all| matches!(all[*n], Did::Rewrote | Did::PutIn(_))).count();
        changed > 1 && people.iter().any(|all| matches!(all[*n], Did::Rewrote))
    };
    (0..SENTENCES.len()).filter(signed).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn doc_5_9_what_people_wrote_apart_stands_and_a_sign_says_where_they_met(
        people in prop::collection::vec(prop::collection::vec(did(), SENTENCES.len()), 2..=3),
        heard in prop::collection::vec(any::<bool>(), 3),
    ) {
        let base = SENTENCES.concat();
        let start = with(&base);
        let mut all: Vec<Person> = Vec::new();
        let mut pieces = Vec::new();
        for (n, edits) in people.iter().enumerate() {
            let mut person = Person::new(u8::try_from(n).unwrap() + 1, &start);
            // some hear of the others' work while their box is open
            for earlier in all.iter_mut().filter(|_| heard[n]) {
                person.take(earlier);
            }
            let (value, written) = edited(n, edits);
            person.write(&base, &value);
            pieces.extend(written);
            all.push(person);
        }
        let mut forth = Person::new(7, &start);
        let mut back = Person::new(8, &start);
        for person in &mut all {
            forth.take(person);
        }
        for person in all.iter_mut().rev() {
            back.take(person);
        }
        prop_assert_eq!(view(&forth.document), view(&back.document));
        let text = forth.text();
        for piece in pieces {
            prop_assert!(text.contains(&piece), "{piece} in {text}");
        }
        for (n, sentence) in SENTENCES.iter().enumerate() {
            let untouched = people.iter().all(|all| matches!(all[n], Did::Nothing | Did::Added));
            prop_assert!(!untouched || text.contains(sentence), "{sentence} in {text}");
        }
        // who changed one sentence alone changed that one; where nothing is left to hold on to, another may be named
        let changes = |all: &Vec<Did>| all.iter().filter(|did| !matches!(did, Did::Nothing)).count();
        let expected = expected_signs(&people);
        if people.iter().all(|all| changes(all) <= 1) {
            prop_assert_eq!(forth.signs(), expected, "{}", text);
        }
        prop_assert!(expected == 0 || forth.signs() > 0, "{}", text);
    }
}
