//! Long texts by sentences: what a person made of the text they saw, carried onto the text as it is now.
//!
//! Invariants: a sentence is changed within by one insertion or one deletion at most; any other changed sentence is taken
//! out and put in whole, so that letters of two people never mix in one. Where the sentence a person changed is no longer
//! as they saw it, both forms stand.
//! Deliberately absent: documents, and who wrote what.

use sha2::{Digest as _, Sha256};

/// Cells of the table that finds what two texts share; where more were needed, what lies between their common beginning
/// and end counts as changed.
const CELLS: usize = 1 << 20;

/// Pairs of sentences that are tried, before so many together count as written anew.
const PAIRS: usize = 1 << 13;

/// Takes out letters and puts in others, counted in code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub at: usize,
    pub delete: usize,
    pub insert: String,
}

impl Splice {
    /// The same in a text of which this sentence's begins at `start`.
    fn from(&self, start: usize) -> Self {
        Self { at: start + self.at, ..self.clone() }
    }

    /// The same in steps of few letters each, to be made in this order.
    pub fn steps(&self, letters: usize) -> Vec<Self> {
        let mut steps = Vec::new();
        let mut left = self.delete;
        while left > 0 {
            let delete = left.min(letters);
            steps.push(Self { at: self.at, delete, insert: String::new() });
            left -= delete;
        }
        let mut written = 0;
        for run in self.insert.chars().collect::<Vec<_>>().chunks(letters) {
            steps.push(Self { at: self.at + written, delete: 0, insert: run.iter().collect() });
            written += run.len();
        }
        steps
    }
}

/// What was done to a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// One insertion or one deletion within.
    Within,
    /// Taken out, and nothing put in its place.
    Removed,
    /// Put in anew, whole.
    Rewritten,
}

/// A sentence that a person changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    /// [`name_of`] the sentence as they saw it.
    pub sentence: String,
    pub touch: Touch,
    /// Whether it still stood as they saw it.
    pub stood: bool,
}

/// How to make an edit: the splices, to be made in this order, and the sentences it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Revision {
    pub splices: Vec<Splice>,
    pub touched: Vec<Touched>,
}

/// The way from `base` to `value`, carried onto `present`.
///
/// Source: SPEC DOC-5, DOC-9.
pub(super) fn revise(base: &str, value: &str, present: &str) -> Revision {
    if value == present {
        return Revision::default();
    }
    let (old, new, now) = (split(base), split(value), split(present));
    let mine = compare(&old, &new, |old, new| within(old, new).map(|splice| vec![splice]));
    let theirs = compare(&old, &now, woven);
    let mut revision = Revision::default();
    let starts = starts_of(&now);
    let place = |index: usize| place_of(index, &theirs.fates, &starts, &now);
    for index in 0..=old.len() {
        for (_, run) in mine.added.iter().filter(|(before, _)| *before == index) {
            revision.splices.push(Splice { at: place(index), delete: 0, insert: new[run.clone()].concat() });
        }
        let (Some(sentence), Some(fate), Some(there)) =
            (old.get(index), mine.fates.get(index), theirs.fates.get(index))
        else {
            continue;
        };
        let (touch, stood) = match (fate, there) {
            (Fate::Kept(_), _) => continue,
            (Fate::Within(_, splices), Fate::Kept(here)) => {
                revision.splices.extend(splices.iter().map(|splice| splice.from(starts[*here])));
                (Touch::Within, true)
            }
            (Fate::Within(_, splices), Fate::Within(here, theirs)) => {
                let over = |mine: Vec<Splice>, theirs| mine.iter().flat_map(|mine| carry(mine, theirs)).collect();
                // from the end: what comes before is then where it was
                let carried: Vec<Splice> = theirs.iter().rev().fold(splices.clone(), over);
                revision.splices.extend(carried.iter().map(|splice| splice.from(starts[*here])));
                (Touch::Within, true)
            }
            (Fate::Within(new_place, _), Fate::Gone { .. }) => {
                let insert = new[*new_place].to_owned();
                revision.splices.push(Splice { at: place(index), delete: 0, insert });
                (Touch::Rewritten, false)
            }
            (Fate::Gone { replaced }, there) => {
                if let Fate::Kept(here) = there {
                    let delete = sentence.chars().count();
                    revision.splices.push(Splice { at: starts[*here], delete, insert: String::new() });
                }
                let touch = if *replaced { Touch::Rewritten } else { Touch::Removed };
                (touch, matches!(there, Fate::Kept(_)))
            }
        };
        if *sentence != "\n" {
            revision.touched.push(Touched { sentence: name_of(sentence), touch, stood });
        }
    }
    // from the end, so that no splice moves the place of another; where two meet, what is put in comes to stand first
    revision.splices.sort_by_key(|splice| (splice.at, splice.delete));
    revision.splices.reverse();
    revision
}

/// Eight hexadecimal digits that stand for a sentence.
pub(super) fn name_of(sentence: &str) -> String {
    Sha256::digest(sentence).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The sentences of a text, each with the marks that end it; a line end stands by itself.
fn split(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let (mut start, mut ended) = (0, false);
    for (at, letter) in text.char_indices() {
        let ends = matches!(letter, '。' | '！' | '？');
        if start < at && (letter == '\n' || (ended && !ends)) {
            sentences.push(&text[start..at]);
            start = at;
        }
        if letter == '\n' {
            sentences.push(&text[at..at + 1]);
            start = at + 1;
        }
        ended = ends;
    }
    if start < text.len() {
        sentences.push(&text[start..]);
    }
    sentences
}

/// What became of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// It stands at this place of the other text.
    Kept(usize),
    /// It stands there, with these insertions or deletions.
    Within(usize, Vec<Splice>),
    /// It does not stand there any more; whether something was put in its place.
    Gone { replaced: bool },
}

struct Comparison {
    /// Of each sentence.
    fates: Vec<Fate>,
    /// Runs of new sentences, with the sentence before which they were put.
    added: Vec<(usize, std::ops::Range<usize>)>,
}

/// What makes one sentence of another; `None` when it was written anew.
type Within = fn(&str, &str) -> Option<Vec<Splice>>;

fn compare(old: &[&str], new: &[&str], within: Within) -> Comparison {
    let mut comparison = Comparison { fates: Vec::with_capacity(old.len()), added: Vec::new() };
    let mut from = 0;
    for (kept, here) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        comparison.take_gap(old, new, kept, from..here, within);
        if kept < old.len() {
            comparison.fates.push(Fate::Kept(here));
        }
        from = here + 1;
    }
    comparison
}

impl Comparison {
    /// Takes the sentences up to `kept`, of which none stands in the other text as it was, with the run of that text that
    /// stands there instead.
    fn take_gap(&mut self, old: &[&str], new: &[&str], kept: usize, run: std::ops::Range<usize>, within: Within) {
        let mut rest = run;
        while self.fates.len() < kept {
            let start = self.fates.len();
            // of many sentences written anew at once, none is looked for in the others
            let looked_for = if (kept - start).saturating_mul(rest.len()) <= PAIRS { kept } else { start };
            let pair = (start..looked_for).find_map(|index| {
                let found = rest.clone().find_map(|there| Some((there, within(old[index], new[there])?)));
                found.map(|(there, splices)| (index, there, splices))
            });
            let (end, before) = pair.as_ref().map_or((kept, rest.end), |(index, there, _)| (*index, *there));
            self.take_replaced(start..end, rest.start..before);
            rest.start = before;
            if let Some((_, there, splices)) = pair {
                self.fates.push(Fate::Within(there, splices));
                rest.start = there + 1;
            }
        }
        self.take_replaced(kept..kept, rest);
    }

    fn take_replaced(&mut self, gone: std::ops::Range<usize>, run: std::ops::Range<usize>) {
        let replaced = !run.is_empty();
        if replaced {
            self.added.push((gone.start, run));
        }
        self.fates.extend(gone.map(|_| Fate::Gone { replaced }));
    }
}

/// Places of the longest row of sentences that both texts share.
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (rows, columns) = (old_rest.len() - tail, new_rest.len() - tail);
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|place| (place, place)).collect();
    if (rows + 1).saturating_mul(columns + 1) <= CELLS {
        // longest[r][c]: how many sentences the rests from r and from c share
        let mut longest = vec![vec![0u32; columns + 1]; rows + 1];
        for r in (0..rows).rev() {
            for c in (0..columns).rev() {
                let skipped = longest[r + 1][c].max(longest[r][c + 1]);
                longest[r][c] = if old_rest[r] == new_rest[c] { longest[r + 1][c + 1] + 1 } else { skipped };
            }
        }
        let (mut r, mut c) = (0, 0);
        while r < rows && c < columns {
            if old_rest[r] == new_rest[c] {
                pairs.push((head + r, head + c));
                (r, c) = (r + 1, c + 1);
            } else if longest[r + 1][c] >= longest[r][c + 1] {
                r += 1;
            } else {
                c += 1;
            }
        }
    }
    pairs.extend((0..tail).map(|place| (head + rows + place, head + columns + place)));
    pairs
}

/// The one insertion or deletion that makes one sentence of the other.
fn within(old: &str, new: &str) -> Option<Splice> {
    if old == "\n" || new == "\n" {
        return None;
    }
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (delete, insert) = (old.len() - head - tail, &new[head..new.len() - tail]);
    (delete == 0 || insert.is_empty()).then(|| Splice { at: head, delete, insert: insert.iter().collect() })
}

/// The insertions, or the deletions, by which several people made one sentence of the other.
fn woven(old: &str, new: &str) -> Option<Vec<Splice>> {
    if old == "\n" || new == "\n" {
        return None;
    }
    let grew = old.chars().count() <= new.chars().count();
    let (short, long) = if grew { (old, new) } else { (new, old) };
    let mut splices: Vec<Splice> = Vec::new();
    let mut rest = short.chars().peekable();
    let mut shared = 0;
    for (at, letter) in long.chars().enumerate() {
        if rest.next_if_eq(&letter).is_some() {
            shared += 1;
            continue;
        }
        let place = if grew { shared } else { at };
        let goes_on = |last: &&mut Splice| if grew { last.at == place } else { last.at + last.delete == place };
        match splices.last_mut().filter(goes_on) {
            Some(last) if grew => last.insert.push(letter),
            Some(last) => last.delete += 1,
            None if grew => splices.push(Splice { at: place, delete: 0, insert: letter.into() }),
            None => splices.push(Splice { at: place, delete: 1, insert: String::new() }),
        }
    }
    rest.peek().is_none().then_some(splices)
}

/// An insertion or deletion in a sentence, carried over another one: nothing that the other put in is taken out.
fn carry(mine: &Splice, theirs: &Splice) -> Vec<Splice> {
    let (end, grown) = (theirs.at + theirs.delete, theirs.insert.chars().count());
    let moved = |place: usize| match place {
        _ if place <= theirs.at => place,
        _ if place >= end => place - theirs.delete + grown,
        _ => theirs.at,
    };
    if mine.delete == 0 {
        return vec![Splice { at: moved(mine.at), ..mine.clone() }];
    }
    let deletion = |from: usize, to: usize| Splice { at: from, delete: to - from, insert: String::new() };
    let last = mine.at + mine.delete;
    let parts = if grown > 0 && mine.at < theirs.at && theirs.at < last {
        vec![deletion(mine.at, theirs.at), deletion(theirs.at + grown, last + grown)]
    } else if grown > 0 && mine.at == theirs.at {
        vec![deletion(mine.at + grown, last + grown)]
    } else {
        vec![deletion(moved(mine.at), moved(last))]
    };
    parts.into_iter().filter(|part| part.delete > 0).collect()
}

fn starts_of(sentences: &[&str]) -> Vec<usize> {
    let lengths = sentences.iter().scan(0, |end, sentence| {
        let start = *end;
        *end += sentence.chars().count();
        Some(start)
    });
    lengths.collect()
}

/// Where, in the text as it is now, something comes that stands before sentence `index` of the text that was seen.
fn place_of(index: usize, fates: &[Fate], starts: &[usize], now: &[&str]) -> usize {
    let here = |fate: &Fate| match fate {
        Fate::Kept(here) | Fate::Within(here, _) => Some(*here),
        Fate::Gone { .. } => None,
    };
    let end = |place: usize| starts[place] + now[place].chars().count();
    let whole = now.len().checked_sub(1).map_or(0, end);
    let (before, after) = (&fates[..index], &fates[index..]);
    match (after.first().and_then(here), before.last().and_then(here)) {
        (Some(next), _) => starts[next],
        (None, _) if after.is_empty() => whole,
        (None, Some(last)) => end(last),
        (None, None) => after.iter().find_map(here).map_or(whole, |next| starts[next]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after the splices of a revision.
    fn revised(base: &str, value: &str, present: &str) -> String {
        let mut letters: Vec<char> = present.chars().collect();
        for splice in revise(base, value, present).splices.iter().flat_map(|splice| splice.steps(3)) {
            letters.splice(splice.at..splice.at + splice.delete, splice.insert.chars());
        }
        letters.into_iter().collect()
    }

    #[test]
    fn sentences_end_with_their_marks_and_line_ends_stand_by_themselves() {
        assert_eq!(split("寒い！？雨。\n\n次\n終"), ["寒い！？", "雨。", "\n", "\n", "次", "\n", "終"]);
        assert!(split("").is_empty());
    }

    #[test]
    fn an_edit_of_what_is_there_comes_to_what_was_typed() {
        for (base, value) in [
            ("", "雨。"),
            ("雨。", ""),
            ("会場が寒かった", "会場は暑かった"),
            ("一。二。三。", "一。二の二。四。三。"),
            ("一。二。三。", "三。\n一。"),
            ("一\n二", "一。\n二\n"),
        ] {
            assert_eq!(revised(base, value, base), value, "{base} → {value}");
        }
    }

    #[test]
    fn only_the_sentence_within_which_something_was_put_is_touched() {
        let revision = revise("寒い。雨。", "とても寒い。雨。晴れ。", "寒い。雨。");
        let touched = Touched { sentence: name_of("寒い。"), touch: Touch::Within, stood: true };
        assert_eq!(revision.touched, [touched]);
        assert!(revise("雨。", "雨。晴れ。", "雨。").touched.is_empty());
    }

    #[test]
    fn doc_10_an_edit_is_carried_onto_what_others_wrote_meanwhile() {
        for (base, value, present, expected) in [
            ("一。二。", "一。二。三。", "前。一。二。", "前。一。二。三。"),
            ("一。", "一。二。", "一。他。", "一。他。二。"),
            ("会場が寒い。", "会場がとても寒い。", "広い会場が寒い。", "広い会場がとても寒い。"),
            ("会場が寒い。", "会場。", "会場がとても寒い。", "会場とても。"),
            ("会場が寒かった", "駐車場が足りない", "会場は暑かった", "会場は暑かった駐車場が足りない"),
            ("会場が寒い。", "会場が少し寒い。", "駐車場が狭い。", "駐車場が狭い。会場が少し寒い。"),
            ("会場が寒い。次。", "次。", "会場が少し寒い。次。", "会場が少し寒い。次。"),
            ("一。二。", "一。", "一。", "一。"),
        ] {
            assert_eq!(revised(base, value, present), expected, "{base} → {value} on {present}");
        }
    }

    #[test]
    fn texts_of_thousands_of_lines_are_compared_in_bounded_time() {
        let lines = |mark: &str| (0..5_000).map(|n| format!("{mark}{n}\n")).collect::<String>();
        let (base, value) = (lines("あ"), lines("い"));
        assert_eq!(revised(&base, &value, &base), value);
    }
}
