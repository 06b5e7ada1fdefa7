//! Small counts that must not be published, and the further ones that would give them away.
//!
//! A column is the counts of many places and their total. A count of 1 to 4 is not shown. So that nobody can work it out
//! from the total and the other cells, further cells are left out, the smallest first, until every small count could be at
//! least two different numbers; where that cannot be had, the total is left out.
//! Zeros and what nobody reported are shown: they are about no person.

/// Counts below this, and above zero, are small.
pub const SMALL: i64 = 5;

/// What is published of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Nobody reported it.
    NotReported,
    /// The number.
    Number(i64),
    /// 1 to 4.
    Small,
    /// Left out, so that a small one cannot be worked out; of places, 5 or more.
    LeftOut,
}

fn is_small(count: i64) -> bool {
    (1..SMALL).contains(&count)
}

/// Whether each of `small` counts of 1 to 4 could still be two numbers at least, beside `others` counts of 5 or more, when
/// all of them make `sum`.
fn is_open(small: i64, others: i64, sum: i64) -> bool {
    let most = if others == 0 { sum - (small - 1) } else { sum - (small - 1) - SMALL * others };
    let least = if others == 0 { sum - (SMALL - 1) * (small - 1) } else { 1 };
    most.min(SMALL - 1) > least.max(1)
}

/// What is published of a column and of its total. A negative count, which corrections can make, is left out like a small
/// one.
pub fn publish(counts: &[Option<i64>]) -> (Vec<Published>, Published) {
    let mut cells: Vec<Published> = counts
        .iter()
        .map(|count| match count {
            None => Published::NotReported,
            Some(count) if is_small(*count) => Published::Small,
            Some(count) if *count < 0 => Published::LeftOut,
            Some(count) => Published::Number(*count),
        })
        .collect();
    let total: i64 = counts.iter().flatten().sum();
    if counts.iter().all(Option::is_none) {
        return (cells, Published::NotReported);
    }
    let negative = counts.iter().flatten().any(|count| *count < 0);
    let small: Vec<i64> = counts.iter().flatten().copied().filter(|count| is_small(*count)).collect();
    if negative || is_small(total) {
        return (cells, Published::LeftOut);
    }
    if small.is_empty() {
        return (cells, Published::Number(total));
    }
    let (mut sum, mut others) = (small.iter().sum::<i64>(), 0);
    let mut shown: Vec<(i64, usize)> =
        counts.iter().enumerate().filter_map(|(place, count)| Some(((*count)?, place))).collect();
    shown.retain(|(count, _)| *count >= SMALL);
    shown.sort_unstable();
    for (count, place) in shown {
        if is_open(small.len() as i64, others, sum) {
            break;
        }
        cells[place] = Published::LeftOut;
        (sum, others) = (sum + count, others + 1);
    }
    let open = is_open(small.len() as i64, others, sum);
    (cells, if open { Published::Number(total) } else { Published::LeftOut })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sync_core::sync::Chance;

    use super::*;

    /// Every number that a small cell could be, for all one sees: by trying out what the other small ones could be, and
    /// whether the rest then fits what was left out.
    fn possible(cells: &[Published], total: Published) -> Vec<i64> {
        let Published::Number(total) = total else { return (1..SMALL).collect() };
        let known: i64 = cells.iter().map(|cell| if let Published::Number(number) = cell { *number } else { 0 }).sum();
        let count = |wanted| cells.iter().filter(|cell| **cell == wanted).count();
        let mut sums = BTreeSet::from([0]);
        for _ in 1..count(Published::Small) {
            sums = sums.iter().flat_map(|sum| (1..SMALL).map(move |one| sum + one)).collect();
        }
        let left_out = count(Published::LeftOut) as i64;
        let fits = |rest: i64| if left_out == 0 { rest == 0 } else { rest >= SMALL * left_out };
        (1..SMALL).filter(|number| sums.iter().any(|sum| fits(total - known - number - sum))).collect()
    }

    #[test]
    fn a_small_count_cannot_be_worked_out_from_what_is_published() {
        for seed in 0..4_000 {
            let mut chance = Chance::new(seed);
            let rows = 1 + chance.below(12);
            // mostly small numbers, so that every narrow case comes up
            let most = [3, 6, 8, 30, 400][chance.below(5) as usize];
            let counts: Vec<Option<i64>> =
                (0..rows).map(|_| (chance.below(7) > 0).then(|| chance.below(most) as i64)).collect();
            let (cells, total) = publish(&counts);
            for (cell, count) in cells.iter().zip(&counts) {
                match (cell, count) {
                    (Published::NotReported, None) => {}
                    (Published::Number(shown), Some(count)) => {
                        assert_eq!(shown, count);
                        assert!(!is_small(*count), "seed {seed}: {counts:?}");
                    }
                    (Published::Small, Some(count)) => {
                        let possible = possible(&cells, total);
                        assert!(possible.contains(count), "seed {seed}: {counts:?} is published as what it is not");
                        assert!(possible.len() >= 2, "seed {seed}: {counts:?} shows {cells:?} {total:?}: {possible:?}");
                    }
                    (Published::LeftOut, Some(count)) => assert!(*count >= SMALL, "seed {seed}: {counts:?}"),
                    (cell, count) => panic!("seed {seed}: {count:?} is published as {cell:?}"),
                }
            }
            match total {
                Published::Number(shown) => {
                    assert_eq!(shown, counts.iter().flatten().sum::<i64>());
                    assert!(!is_small(shown), "seed {seed}");
                }
                Published::NotReported => assert!(counts.iter().all(Option::is_none)),
                Published::LeftOut => assert!(counts.iter().flatten().any(|count| is_small(*count)), "seed {seed}"),
                Published::Small => panic!("a total is shown or left out"),
            }
        }
    }

    #[test]
    fn what_gives_nothing_away_is_published() {
        use Published::{LeftOut, NotReported, Number, Small};
        let some = |counts: &[i64]| counts.iter().map(|count| Some(*count)).collect::<Vec<_>>();
        assert_eq!(publish(&some(&[12, 0, 30])), (vec![Number(12), Number(0), Number(30)], Number(42)));
        assert_eq!(publish(&some(&[3, 12, 30])), (vec![Small, LeftOut, Number(30)], Number(45)));
        assert_eq!(publish(&some(&[2, 3, 30])), (vec![Small, Small, Number(30)], Number(35)));
        assert_eq!(publish(&some(&[1, 1, 30])).0[2], LeftOut, "two ones make two");
        assert_eq!(publish(&some(&[3, 0])), (vec![Small, Number(0)], LeftOut));
        assert_eq!(publish(&[None, None]), (vec![NotReported, NotReported], NotReported));
        assert_eq!(publish(&[None, Some(7)]), (vec![NotReported, Number(7)], Number(7)));
        assert_eq!(publish(&some(&[-2, 30])), (vec![LeftOut, Number(30)], LeftOut));
    }
}
