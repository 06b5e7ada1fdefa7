//! Calendar dates as ISO text, and the Japanese fiscal year.
//!
//! Deliberately absent: today, time zones, and the printing of eras.

/// A valid date of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year, 1 to 9999.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`; `None` when the text has another form or the day does not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| -> Option<i64> {
            let part = text.get(range)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        if year < 1 || !(1..=last).contains(&day) {
            return None;
        }
        Some(Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }

    /// Days since 1970-01-01.
    pub fn day_number(self) -> i64 {
        // years that begin in March end with the leap day
        let (year, month) = if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        let day_of_year = (153 * i64::from(month) + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
    }

    /// The fiscal year (April to March), by its starting year.
    pub fn fiscal_year(self) -> i64 {
        if self.month >= 4 { self.year } else { self.year - 1 }
    }

    /// `YYYY-MM`.
    pub fn month_text(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fiscal_year_begins_in_april() {
        assert_eq!(Date::parse("2025-03-31").map(Date::fiscal_year), Some(2024));
        assert_eq!(Date::parse("2025-04-01").map(Date::fiscal_year), Some(2025));
    }

    #[test]
    fn days_are_numbered_from_1970() {
        let numbers = [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-11-30", 20_787),
        ];
        for (text, number) in numbers {
            assert_eq!(Date::parse(text).map(Date::day_number), Some(number), "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_no_dates() {
        for text in
            ["2025-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "令和六年五月一日", "", "2024-06-31", "2024-06-1x"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2024-02-29").is_some());
    }
}
