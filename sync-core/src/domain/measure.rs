//! What is counted, as a name of dot-separated segments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::vocabulary::{AGE_BANDS, ANSWERS, AUDIENCES, CONSULTATION_WAYS, QUESTIONS};
use crate::ids::is_slug;

/// Text that names no measure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a measure: {0}")]
pub struct MeasureError(String);

/// One thing that is counted in a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Heads in an age band.
    Band(&'static str),
    /// Heads of an audience.
    Audience(&'static str),
    /// Viewers of a screening.
    Viewers,
    /// Pieces of a material handed out for an eligibility; both are registry ids.
    Material {
        /// Registry id of the material.
        material: String,
        /// Registry id of the eligibility.
        eligibility: String,
    },
    /// Answers to a question.
    Answer {
        /// The question.
        question: &'static str,
        /// The answer.
        answer: &'static str,
    },
    /// Consultations by way.
    Consultation(&'static str),
}

impl Measure {
    /// Every measure but those of materials, which the registry names, in the order lists show them.
    pub fn fixed() -> impl Iterator<Item = Self> {
        let answers = |question| ANSWERS.into_iter().map(move |answer| Self::Answer { question, answer });
        let heads = AGE_BANDS.into_iter().map(Self::Band).chain(AUDIENCES.into_iter().map(Self::Audience));
        let others =
            QUESTIONS.into_iter().flat_map(answers).chain(CONSULTATION_WAYS.into_iter().map(Self::Consultation));
        heads.chain([Self::Viewers]).chain(others)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Band(band) => write!(f, "attendance.band.{band}"),
            Self::Audience(audience) => write!(f, "attendance.audience.{audience}"),
            Self::Viewers => f.write_str("screening.viewers"),
            Self::Material { material, eligibility } => write!(f, "material.{material}.{eligibility}"),
            Self::Answer { question, answer } => write!(f, "answer.{question}.{answer}"),
            Self::Consultation(way) => write!(f, "consultation.{way}"),
        }
    }
}

impl FromStr for Measure {
    type Err = MeasureError;
    fn from_str(text: &str) -> Result<Self, MeasureError> {
        fn one_of<const N: usize>(words: [&'static str; N], text: &str) -> Option<&'static str> {
            words.into_iter().find(|word| *word == text)
        }
        let segments: Vec<&str> = text.split('.').collect();
        let measure = match segments.as_slice() {
            ["attendance", "band", band] => one_of(AGE_BANDS, band).map(Self::Band),
            ["attendance", "audience", audience] => one_of(AUDIENCES, audience).map(Self::Audience),
            ["screening", "viewers"] => Some(Self::Viewers),
            ["material", material, eligibility] if is_slug(material) && is_slug(eligibility) => {
                Some(Self::Material { material: (*material).to_owned(), eligibility: (*eligibility).to_owned() })
            }
            ["answer", question, answer] => one_of(QUESTIONS, question)
                .zip(one_of(ANSWERS, answer))
                .map(|(question, answer)| Self::Answer { question, answer }),
            ["consultation", way] => one_of(CONSULTATION_WAYS, way).map(Self::Consultation),
            _ => None,
        };
        measure.ok_or_else(|| MeasureError(text.chars().take(80).collect()))
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_print_and_parse_to_the_same() {
        for text in [
            "attendance.band.85+",
            "attendance.audience.welfare-volunteer",
            "screening.viewers",
            "material.contact-card.age-75",
            "answer.knows-acp.no-answer",
            "consultation.telephone",
        ] {
            assert_eq!(text.parse::<Measure>().unwrap().to_string(), text);
        }
        let fixed: Vec<String> = Measure::fixed().map(|measure| measure.to_string()).collect();
        assert_eq!((fixed.len(), fixed[0].as_str()), (9 + 7 + 1 + 9 + 4, "attendance.band.10-29"));
        assert!(fixed.iter().all(|text| text.parse::<Measure>().is_ok()));
        for text in ["", "attendance.band.90+", "material.contact-card", "material.A.b", "screening.viewers.x"] {
            assert!(text.parse::<Measure>().is_err(), "{text}");
        }
    }
}
