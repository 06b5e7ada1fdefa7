//! Figures and the links to the records behind them.

use serde::Serialize;
use sync_core::domain::vocabulary::Group;
use utoipa::ToSchema;

use crate::store::types::RollupValue;

/// A figure with how complete it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figure {
    /// The sum of what was reported; null: nobody reported any.
    pub total: Option<i64>,
    /// Records with a number.
    pub reported: i64,
    /// Records that should have a number and have none.
    pub unreported: i64,
    /// Query of `/v1/records` that lists exactly the `reported + unreported` records.
    pub records: String,
}

impl Figure {
    /// A number of records: always known.
    pub fn count(count: i64, link: &Link) -> Self {
        Self { total: Some(count), reported: count, unreported: 0, records: link.text() }
    }

    /// From a roll-up of quantities.
    pub fn of(value: RollupValue, link: &Link) -> Self {
        let total = (value.reported > 0).then_some(value.total);
        Self { total, reported: value.reported, unreported: value.unreported, records: link.text() }
    }
}

/// A query of `/v1/records` in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// All records of a year.
    pub fn of_year(fiscal_year: i64) -> Self {
        Self(format!("fiscal_year={fiscal_year}"))
    }

    /// Narrowed by one more condition; the value is escaped.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let joint = if self.0.is_empty() { "" } else { "&" };
        let mut text = format!("{}{joint}{name}=", self.0);
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
                byte => text.push_str(&format!("%{byte:02X}")),
            }
        }
        Self(text)
    }

    /// The same of every year.
    #[must_use]
    pub fn without_year(&self) -> Self {
        let parts = self.0.split('&').filter(|part| !part.starts_with("fiscal_year=") && !part.is_empty());
        Self(parts.collect::<Vec<_>>().join("&"))
    }

    /// The query, without a question mark.
    pub fn text(&self) -> String {
        self.0.clone()
    }
}

/// Numbers of records by how far they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Groups {
    /// 予定
    pub planned: Figure,
    /// 実施
    pub held: Figure,
    /// 中止
    pub cancelled: Figure,
    /// 延期
    pub postponed: Figure,
    /// Steps contradict each other.
    pub conflict: Figure,
}

/// Numbers of records by group, before they get their links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    counts: [i64; 5],
}

impl GroupCounts {
    /// Adds records of a group; a word that is none counts for nothing.
    pub fn add(&mut self, group: &str, count: i64) {
        if let Some(index) = Group::ALL.iter().position(|known| known.as_str() == group) {
            self.counts[index] += count;
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
    }

    /// Records held.
    pub fn held(&self) -> i64 {
        Group::ALL.iter().zip(self.counts).filter(|(group, _)| **group == Group::Held).map(|(_, count)| count).sum()
    }

    /// Records in all.
    pub fn all(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// With links that narrow `link` by group.
    pub fn linked(&self, link: &Link) -> Groups {
        let [planned, held, cancelled, postponed, conflict] = std::array::from_fn(|index| {
            Figure::count(self.counts[index], &link.with("group", Group::ALL[index].as_str()))
        });
        Groups { planned, held, cancelled, postponed, conflict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reported_is_no_number() {
        let link = Link::of_year(2024);
        let of = |reported, unreported, total| Figure::of(RollupValue { reported, unreported, total }, &link);
        assert_eq!(of(0, 0, 0).total, None);
        let unreported = of(0, 2, 0);
        assert_eq!((unreported.total, unreported.reported, unreported.unreported), (None, 0, 2));
        assert_eq!(of(1, 0, 0).total, Some(0), "a reported zero is a zero");
        let both = of(2, 1, 7);
        assert_eq!((both.total, both.reported, both.unreported), (Some(7), 2, 1));
    }

    #[test]
    fn links_escape_what_people_write() {
        let link = Link::of_year(2024).with("title", "会議&x=1");
        assert_eq!(link.text(), "fiscal_year=2024&title=%E4%BC%9A%E8%AD%B0%26x%3D1");
    }
}
