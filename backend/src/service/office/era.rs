//! Years and days in the words of Japan's calendar, for texts that people read. What is stored stays western.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

/// First year, name and letter of each era, the latest first.
const ERAS: [(i32, &str, &str); 3] = [(2019, "令和", "R"), (1989, "平成", "H"), (1926, "昭和", "S")];

/// The era that a year ends in.
fn era_of(year: i64) -> Option<(i64, &'static str, &'static str)> {
    let (first, name, letter) = ERAS.iter().find(|(first, ..)| year >= i64::from(*first))?;
    Some((year - i64::from(*first) + 1, name, letter))
}

/// R6: a fiscal year in the name of a file.
pub fn short_year(fiscal_year: i64) -> String {
    era_of(fiscal_year).map_or_else(|| fiscal_year.to_string(), |(year, _, letter)| format!("{letter}{year}"))
}

/// 令和6年度.
pub fn fiscal_year_name(fiscal_year: i64) -> String {
    match era_of(fiscal_year) {
        Some((1, name, _)) => format!("{name}元年度"),
        Some((year, name, _)) => format!("{name}{year}年度"),
        None => format!("{fiscal_year}年度"),
    }
}

/// 令和8年11月30日 19:06, as the clock in Japan shows it.
pub fn time_in_japan(ms: u64) -> String {
    let utc = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    let Some(zone) = FixedOffset::east_opt(9 * 3600) else { return String::new() };
    let here = utc.with_timezone(&zone);
    format!("{} {}", day(here.date_naive()), here.format("%H:%M"))
}

/// 令和8年11月30日. Japan's eras do not begin with a year; days before the first one of an era's own year are of the one
/// before.
fn day(day: NaiveDate) -> String {
    let begins = [(2019, 5, 1), (1989, 1, 8), (1926, 12, 25)];
    let era = begins.into_iter().zip(ERAS).find(|(begin, _)| (day.year(), day.month(), day.day()) >= *begin);
    let year = match era {
        Some((_, (first, name, _))) if day.year() == first => format!("{name}元"),
        Some((_, (first, name, _))) => format!("{name}{}", day.year() - first + 1),
        None => day.year().to_string(),
    };
    format!("{year}年{}月{}日", day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_era_has_a_year_0() {
        let names = [1925, 1926, 1988, 1989, 2018, 2019, 2024].map(fiscal_year_name);
        let expected = ["1925年度", "昭和元年度", "昭和63年度", "平成元年度", "平成30年度", "令和元年度", "令和6年度"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_fiscal_year_is_called_by_the_era_it_ends_its_first_year_in() {
        assert_eq!([1988, 1989, 2018, 2019, 2024].map(short_year), ["S63", "H1", "H30", "R1", "R6"]);
        assert_eq!(short_year(1900), "1900");
    }

    #[test]
    fn a_day_is_of_the_era_it_lies_in() {
        let named = |year, month, of_month| day(NaiveDate::from_ymd_opt(year, month, of_month).unwrap());
        assert_eq!(named(2019, 4, 30), "平成31年4月30日");
        assert_eq!(named(2019, 5, 1), "令和元年5月1日");
        assert_eq!(named(1989, 1, 7), "昭和64年1月7日");
        assert_eq!(time_in_japan(1_743_433_199_000), "令和7年3月31日 23:59");
    }
}
