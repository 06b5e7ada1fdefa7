//! The closed word lists of the domain. Words outside them are kept in documents and shown as they are;
//! only what a person enters through an intent must be one of these.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// Every word, in the order lists show them.
            pub const ALL: &'static [$name] = &[$(Self::$word,)+];

            /// The stored form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// The word with this stored form.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// What kind of outreach a session was.
    Activity {
        /// 講話
        Lecture = "lecture",
        /// 座談会
        RoundTable = "round_table",
        /// 講演会
        PublicLecture = "public_lecture",
        /// 出前講座
        VisitingLecture = "visiting_lecture",
        /// 多職種研修
        Training = "training",
        /// 相談ブース
        Booth = "booth",
        /// 会議
        Meeting = "meeting",
        /// DVD上映
        Screening = "screening",
        /// 配布
        Distribution = "distribution",
        /// 広報
        Publicity = "publicity",
        /// 相談
        Consultation = "consultation",
    }
}

words! {
    /// How far a dispatch, or a session without one, has come.
    StepState {
        /// 依頼
        Requested = "requested",
        /// 調整
        Offered = "offered",
        /// 確定
        Confirmed = "confirmed",
        /// 実施
        Held = "held",
        /// 報告
        Reported = "reported",
        /// 精算
        Settled = "settled",
        /// 中止
        Cancelled = "cancelled",
        /// 延期
        Postponed = "postponed",
    }
}

words! {
    /// Why something was cancelled or postponed.
    CancelReason {
        /// 感染症
        Infection = "infection",
        /// 講師都合
        Lecturer = "lecturer",
        /// 参加者不足
        FewPeople = "few_people",
        /// 天候
        Weather = "weather",
        /// その他
        Other = "other",
    }
}

words! {
    /// What counts when sessions are counted.
    Group {
        /// Not yet held: no step, requested, offered or confirmed.
        Planned = "planned",
        /// Held, whether or not the report is in.
        Held = "held",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Postponed.
        Postponed = "postponed",
        /// Steps made apart contradict each other; a person must decide.
        Conflict = "conflict",
    }
}

words! {
    /// How a record's lecturers are meant.
    Attribution {
        /// Each of them was there.
        Named = "named",
        /// One or some of them; the source does not say which.
        Among = "among",
    }
}

words! {
    /// Something about a record that a person should look at. Flags never keep a record out.
    Flag {
        /// A field has several values.
        FieldConflict = "field_conflict",
        /// People rewrote sentences of a text apart.
        TextRewritten = "text_rewritten",
        /// Steps contradict each other.
        StepConflict = "step_conflict",
        /// The date is not a date.
        DateUnreadable = "date_unreadable",
        /// The date, month or year is none that records can be of.
        DateImplausible = "date_implausible",
        /// The day is more than a year from when it was written down.
        DateFar = "date_far",
        /// It ends before it starts.
        EndsBeforeStart = "ends_before_start",
        /// A total below zero.
        NegativeTotal = "negative_total",
        /// Head counts by age and by audience differ.
        AttendanceDiffers = "attendance_differs",
        /// People typed the number of one measure apart: it is the sum of what they typed.
        TypedApart = "typed_apart",
        /// Something was counted, and nobody said that it took place: the counts are in no figure.
        CountedNotHeld = "counted_not_held",
    }
}

/// Age bands of attendance, youngest first.
pub const AGE_BANDS: [&str; 9] = ["10-29", "30-39", "40-49", "50-59", "60-69", "70-74", "75-84", "85+", "unknown"];
/// Audiences of attendance: 住民, 家族・現役世代, 民生委員, 医療職, 介護職, その他, not known.
pub const AUDIENCES: [&str; 7] = ["resident", "family", "welfare-volunteer", "medical", "care", "other", "unknown"];
/// Questions of the session questionnaire, the same as in the prefectural poll.
pub const QUESTIONS: [&str; 3] = ["knows-acp", "has-talked", "intends"];
/// Answers to each question.
pub const ANSWERS: [&str; 3] = ["yes", "no", "no-answer"];
/// Ways of consultation: 訪問, 面接, 電話, not stated.
pub const CONSULTATION_WAYS: [&str; 4] = ["visit", "interview", "telephone", "unknown"];
