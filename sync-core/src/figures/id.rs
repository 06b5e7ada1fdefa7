//! The figures there are, and their ids: text of dot-separated segments, the same in roll-ups, exports and the catalogue.

use std::fmt;
use std::str::FromStr;

use crate::domain::Measure;
use crate::domain::vocabulary::{Activity, CancelReason, Group};

/// The segment that stands for "not reported".
const NONE: &str = "none";

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 件: records.
    Records,
    /// 回: dispatches, screenings.
    Times,
    /// 人
    People,
    /// The material's own: 枚, 冊, 部, 組.
    Pieces,
}

/// Whom a dispatch counts for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credit {
    /// Nobody is named.
    Nobody,
    /// Registry id of a lecturer who was there.
    Lecturer(String),
    /// Several of whom the source does not say which it was; sorted.
    Among(Vec<String>),
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Records of an activity, by how far they came.
    Records {
        /// Kind of outreach; `None`: not reported.
        activity: Option<Activity>,
        /// How far they came.
        group: Group,
    },
    /// Lecturers sent by an association, by how far it came.
    Dispatches {
        /// How far they came.
        group: Group,
    },
    /// Dispatches that were cancelled, by reason.
    Cancelled {
        /// Why; `None`: not reported.
        reason: Option<CancelReason>,
    },
    /// Dispatches by lecturer.
    DispatchesOf {
        /// Whom they count for.
        credit: Credit,
        /// How far they came.
        group: Group,
    },
    /// Heads at what was held.
    Attendance,
    /// A measure of what was held.
    Counted(Measure),
    /// A material handed out, for whatever eligibility.
    Material(String),
    /// Consultations, of any way.
    Consultations,
}

impl Figure {
    /// What it is counted in.
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Records { .. } | Self::Consultations | Self::Counted(Measure::Consultation(_)) => Unit::Records,
            Self::Dispatches { .. } | Self::Cancelled { .. } | Self::DispatchesOf { .. } => Unit::Times,
            Self::Material(_) | Self::Counted(Measure::Material { .. }) => Unit::Pieces,
            Self::Attendance | Self::Counted(_) => Unit::People,
        }
    }

    /// Whether it is kept by month. Every figure is kept by year, association and holder.
    pub const fn by_month(&self) -> bool {
        !matches!(self, Self::DispatchesOf { .. } | Self::Material(_) | Self::Consultations)
    }

    /// Whether it is kept by municipality.
    pub const fn by_municipality(&self) -> bool {
        !matches!(self, Self::DispatchesOf { .. })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records { activity, group } => {
                write!(f, "record.{}.{}", activity.map_or(NONE, Activity::as_str), group.as_str())
            }
            Self::Dispatches { group } => write!(f, "dispatch.{}", group.as_str()),
            Self::Cancelled { reason } => {
                write!(f, "dispatch.cancelled.{}", reason.map_or(NONE, CancelReason::as_str))
            }
            Self::DispatchesOf { credit: Credit::Nobody, group } => write!(f, "dispatch.by.{NONE}.{}", group.as_str()),
            Self::DispatchesOf { credit: Credit::Lecturer(id), group } => {
                write!(f, "dispatch.by.{id}.{}", group.as_str())
            }
            Self::DispatchesOf { credit: Credit::Among(ids), group } => {
                write!(f, "dispatch.among.{}.{}", ids.join("+"), group.as_str())
            }
            Self::Attendance => f.write_str("attendance"),
            Self::Counted(measure) => measure.fmt(f),
            Self::Material(material) => write!(f, "together.material.{material}"),
            Self::Consultations => f.write_str("together.consultation"),
        }
    }
}

/// Text that names no figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a figure: {0}")]
pub struct FigureError(String);

impl FromStr for Figure {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, FigureError> {
        let segments: Vec<&str> = text.split('.').collect();
        let figure = match segments.as_slice() {
            ["attendance"] => Some(Self::Attendance),
            ["record", activity, group] => read(activity, Activity::parse)
                .zip(Group::parse(group))
                .map(|(activity, group)| Self::Records { activity, group }),
            ["dispatch", group] => Group::parse(group).map(|group| Self::Dispatches { group }),
            ["dispatch", "cancelled", reason] => {
                read(reason, CancelReason::parse).map(|reason| Self::Cancelled { reason })
            }
            ["dispatch", "by", id, group] => {
                let credit = if *id == NONE { Credit::Nobody } else { Credit::Lecturer((*id).to_owned()) };
                Group::parse(group).map(|group| Self::DispatchesOf { credit, group })
            }
            ["dispatch", "among", ids, group] => {
                let credit = Credit::Among(ids.split('+').map(str::to_owned).collect());
                Group::parse(group).map(|group| Self::DispatchesOf { credit, group })
            }
            ["together", "material", material] => Some(Self::Material((*material).to_owned())),
            ["together", "consultation"] => Some(Self::Consultations),
            _ => text.parse().ok().map(Self::Counted),
        };
        figure.ok_or_else(|| FigureError(text.chars().take(80).collect()))
    }
}

/// A word, or what stands for none.
fn read<T>(text: &str, parse: fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text == NONE { Some(None) } else { parse(text).map(Some) }
}
