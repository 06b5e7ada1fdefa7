//! Reads of the office console: projections and roll-ups only, each method one consistent look.
//!
//! One [`RecordFilter`] serves both a figure and the list behind it, so that the two cannot disagree.
//! Deliberately absent: documents, and any write.

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};

use crate::store::StoreError;
use crate::store::journal::{JournalFilter, JournalRow};
use crate::store::types::{Decision, Registry, RollupKey, RollupValue};

/// The word that stands for "not reported" in a filter.
pub const NOT_REPORTED: &str = "none";

/// Which records exist for a caller at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Within {
    /// Every record of the tenant.
    #[default]
    Tenant,
    /// Those of one municipality.
    Municipality(String),
    /// Those an association sent lecturers to, or that are its own.
    Association(String),
    /// None at all.
    Nothing,
}

/// Which records are meant. Absent parts do not narrow; the text [`NOT_REPORTED`] asks for records without that part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// What the caller may see.
    pub within: Within,
    /// Starting year; 0 asks for records whose year is not known.
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Name of a medical area of the registry.
    pub medical_area: Option<String>,
    /// The association or hub whose record it is, or that sent the lecturer.
    pub association: Option<String>,
    /// The association that sent the lecturer.
    pub dispatched_by: Option<String>,
    /// Stable name of an activity.
    pub activity: Option<String>,
    /// Stable name of a group.
    pub group: Option<String>,
    /// Stable name of a reason.
    pub reason: Option<String>,
    /// Exact title.
    pub title: Option<String>,
    /// Exact occasion.
    pub occasion: Option<String>,
    /// A measure or the beginning of some, or `attendance`: records that report it or should.
    pub measure: Option<String>,
    /// Of those with the measure, only the ones without a number.
    pub without_value: bool,
    /// A lecturer named for the record; [`NOT_REPORTED`]: no lecturer at all.
    pub lecturer: Option<String>,
    /// Exactly these lecturers, of whom the source does not say which it was; sorted.
    pub among: Vec<String>,
    /// Whether an association sent a lecturer.
    pub is_dispatch: Option<bool>,
    /// Sessions planned for a day before this one, of which nothing is reported yet.
    pub report_missing_on: Option<String>,
    /// Something a person should look at, by its stable name.
    pub flag: Option<String>,
    /// Records whose year is not known or comes after this one, or whose day is far from when it was written down.
    pub dates_doubtful_until: Option<i64>,
}

/// A record as lists and sums need it. `None` is "not reported".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its id.
    pub document: DocumentId,
    /// Kind of document.
    pub kind: String,
    /// Kind of outreach.
    pub activity: Option<String>,
    /// Starting year of the fiscal year.
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Registry id.
    pub association: Option<String>,
    /// Registry id.
    pub dispatched_by: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The gathering it rode on.
    pub occasion: Option<String>,
    /// Place.
    pub venue: Option<String>,
    /// What was screened.
    pub medium: Option<String>,
    /// `none`, a step's state, or `conflict`.
    pub state: String,
    /// What it counts as.
    pub group: String,
    /// Why cancelled or postponed.
    pub reason: Option<String>,
    /// Whether an association sent a lecturer.
    pub is_dispatch: bool,
    /// Heads.
    pub attendance: Option<i64>,
    /// Viewers.
    pub viewers: Option<i64>,
    /// Sum of the filter's measure.
    pub value: Option<i64>,
    /// Fields and steps in conflict.
    pub conflict_count: i64,
}

/// Records of one title and group, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleSum {
    /// The title.
    pub title: Option<String>,
    /// What they count as.
    pub group: String,
    /// How many records.
    pub count: i64,
}

/// Screenings at one occasion, with their viewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccasionSum {
    /// The occasion.
    pub occasion: Option<String>,
    /// Screenings with a number of viewers, those without one, and the sum.
    pub viewers: RollupValue,
}

/// A lecturer's records, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LecturerSum {
    /// Registry id; `None`: records without any lecturer.
    pub lecturer: Option<String>,
    /// What they count as.
    pub group: String,
    /// How many records.
    pub count: i64,
}

/// One lecturer of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LecturerRow {
    /// The record.
    pub document: DocumentId,
    /// Registry id.
    pub lecturer: String,
    /// `named` or `among`.
    pub attribution: String,
}

/// A tablet that has not been heard of for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentRow {
    /// Its id.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// When it last synchronised, ms.
    pub last_seen_at: Option<u64>,
}

/// A change kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyEntry {
    /// The document it claims to belong to.
    pub document: DocumentId,
    /// The change's name, hex.
    pub hash: String,
    /// The kind the device stated.
    pub kind: String,
    /// Why.
    pub code: String,
    /// When it came, ms.
    pub received_at: u64,
    /// Its size.
    pub byte_count: i64,
    /// The tablet it came from.
    pub device: DeviceId,
    /// What people call that tablet.
    pub device_name: Option<String>,
    /// Title of the record as it is stored, when there is one.
    pub title: Option<String>,
    /// Place of that record.
    pub venue: Option<String>,
    /// Date of that record.
    pub date: Option<String>,
    /// What was decided; `None` while it waits.
    pub decision: Option<Decision>,
}

/// Where a matter stands in the list of custody: all that one tablet sent of one document is one matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustodyPlace {
    /// Whether one of its changes waits for a decision.
    pub waits: bool,
    /// When the latest of those that wait came, or of all when none waits, ms.
    pub at: u64,
    /// The document.
    pub document: DocumentId,
    /// The tablet.
    pub device: DeviceId,
}

/// A page of what is kept aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustodyRows {
    /// The matters one after the other; of each, and of each reason, the first few changes.
    pub entries: Vec<CustodyEntry>,
    /// The last matter of the page, when more follow.
    pub next: Option<CustodyPlace>,
}

/// Which changes in custody are meant. Absent parts do not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustodyFilter {
    /// What the caller may see: what came from a tablet of the organisation, or is about a record of its.
    pub within: Within,
    /// Those with a decision, or those that wait for one.
    pub decided: Option<bool>,
    /// Those of one document.
    pub document: Option<DocumentId>,
    /// Those of one tablet.
    pub device: Option<DeviceId>,
    /// Those that had come by this time, ms: what comes while a list is read page by page moves no matter of it.
    pub until: Option<u64>,
    /// What follows this matter in the list.
    pub after: Option<CustodyPlace>,
}

/// A record with everything that is counted in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeRow {
    /// The record.
    pub record: RecordRow,
    /// Its lecturers, by id.
    pub lecturers: Vec<LecturerRow>,
    /// Measures, by name; without a number: noted, not reported.
    pub tallies: Vec<(String, Option<i64>)>,
    /// Whether it was kept long enough and destroyed.
    pub destroyed: bool,
}

/// A prefecture as it was at one moment, whatever is written meanwhile. Lasts until it is dropped, and holds a connection of
/// those that read until then.
#[async_trait]
pub trait Moment: Send {
    /// Everything tablets see.
    async fn registry(&mut self) -> Result<Option<Registry>, StoreError>;
    /// As [`OfficeStore::list_years`].
    async fn list_years(&mut self, within: &Within) -> Result<Vec<i64>, StoreError>;
    /// As [`OfficeStore::list_figures`].
    async fn list_figures(
        &mut self,
        fiscal_year: i64,
        prefix: &str,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError>;
    /// The ids of the records the filter means, in the order of [`OfficeStore::list_records`].
    async fn list_record_ids(&mut self, filter: &RecordFilter) -> Result<Vec<DocumentId>, StoreError>;
    /// These records, in this order; unknown ones are left out.
    async fn list_whole(&mut self, records: &[DocumentId]) -> Result<Vec<WholeRow>, StoreError>;
    /// Entries of the journal of `chain` (a prefecture, or '' for what is of none) before a place, latest first.
    async fn list_journal(
        &mut self,
        chain: &str,
        filter: &JournalFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError>;
}

/// What the office console reads.
#[async_trait]
pub trait OfficeStore {
    /// A look at a prefecture that lasts: for what is read in many steps and has to be of one moment.
    async fn moment(&self, tenant: &str) -> Result<Box<dyn Moment>, StoreError>;
    /// The fiscal years with records, ascending.
    async fn list_years(&self, tenant: &str, within: &Within) -> Result<Vec<i64>, StoreError>;
    /// Roll-up figures of a year whose measure is `prefix` or begins with it and a dot; months summed up, `month` ''.
    async fn list_figures(
        &self,
        tenant: &str,
        fiscal_year: i64,
        prefix: &str,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError>;
    /// Every roll-up figure of a year at the one municipality or association that `within` names; none for another.
    async fn list_figures_at(
        &self,
        tenant: &str,
        fiscal_year: i64,
        within: &Within,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError>;
    /// How many records the filter means.
    async fn count_records(&self, tenant: &str, filter: &RecordFilter) -> Result<i64, StoreError>;
    /// How many of them each month has; months without any are left out.
    async fn count_records_by_month(
        &self,
        tenant: &str,
        filter: &RecordFilter,
    ) -> Result<Vec<(String, i64)>, StoreError>;
    /// Those records, latest month first, in each the latest day first; records without a day, or a month, last.
    async fn list_records(
        &self,
        tenant: &str,
        filter: &RecordFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError>;
    /// Those records by title and group, in no order.
    async fn sum_titles(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<TitleSum>, StoreError>;
    /// The screenings among those records by occasion; the filter's measure does not matter.
    async fn sum_occasions(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<OccasionSum>, StoreError>;
    /// Heads at those records that were held; the filter's measure does not matter.
    async fn sum_attendance(&self, tenant: &str, filter: &RecordFilter) -> Result<RollupValue, StoreError>;
    /// Those records by lecturer, each as often as it has lecturers, but for those "among" several; in no order.
    async fn sum_lecturers(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<LecturerSum>, StoreError>;
    /// Those records "among" several lecturers: their groups, and all their lecturers.
    async fn list_among(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<(String, LecturerRow)>, StoreError>;
    /// Whether one of those records is made up, which is where its title begins with 見本.
    async fn any_sample(&self, tenant: &str, filter: &RecordFilter) -> Result<bool, StoreError>;
    /// The lecturers of records, by record and id.
    async fn list_lecturers_of(&self, tenant: &str, records: &[DocumentId]) -> Result<Vec<LecturerRow>, StoreError>;
    /// Tablets last heard of before a time, or never although enrolled before it; the longest silent first.
    async fn list_silent(&self, tenant: &str, within: &Within, before: u64) -> Result<Vec<SilentRow>, StoreError>;
    /// Changes kept aside, at most `limit` matters: those with a change that waits for a decision first, then the latest
    /// first; in each the same order.
    async fn list_custody(&self, tenant: &str, filter: &CustodyFilter, limit: u32) -> Result<CustodyRows, StoreError>;
}
