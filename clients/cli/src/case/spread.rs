//! Where records go when a source says only how many municipalities of which type they reached, e.g. 1市3町.
//!
//! Invariant: a municipality gets a record only when the source leaves no choice: all of the area's of that type.

use super::words::half_width;

/// What was placed, and what the source left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Municipalities that get one record each, in the area's order.
    pub placed: Vec<String>,
    /// Types of which the source names another number than the area has: type, named, in the area.
    pub open: Vec<(char, usize, usize)>,
    /// How many municipalities the source names.
    pub named: usize,
}

/// Reads `1市3町`. `None` when the text is of another form.
pub fn parse(text: &str) -> Option<Vec<(char, usize)>> {
    let mut parts = Vec::new();
    let mut digits = String::new();
    for c in half_width(text).chars() {
        match c {
            '0'..='9' => digits.push(c),
            '市' | '町' | '村' | '区' => {
                parts.push((c, digits.parse().ok()?));
                digits.clear();
            }
            '・' | '、' | ' ' | ',' if digits.is_empty() => {}
            _ => return None,
        }
    }
    (digits.is_empty() && !parts.is_empty()).then_some(parts)
}

/// Places one record in each municipality of a type of which all are named.
pub fn place(parts: &[(char, usize)], area: &[&str]) -> Placement {
    let mut placement = Placement::default();
    let of_type = |kind: char| area.iter().filter(move |name| name.ends_with(kind));
    for (kind, named) in parts {
        placement.named += named;
        let present = of_type(*kind).count();
        if present == *named {
            placement.placed.extend(of_type(*kind).map(|name| (*name).to_owned()));
        } else {
            placement.open.push((*kind, *named, present));
        }
    }
    placement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_read_in_both_widths() {
        assert_eq!(parse("1市3町"), Some(vec![('市', 1), ('町', 3)]));
        assert_eq!(parse("１市・３町１村"), Some(vec![('市', 1), ('町', 3), ('村', 1)]));
        for text in ["", "各地", "市3町", "1市3", "1市約3町"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_types_named_in_full_are_placed() {
        let area = ["本庄市", "美里町", "神川町", "上里町"];
        let all = place(&[('市', 1), ('町', 3)], &area);
        assert_eq!((all.placed.len(), all.open.len(), all.named), (4, 0, 4));
        let some = place(&[('市', 1), ('町', 2)], &area);
        assert_eq!(some.placed, ["本庄市"]);
        assert_eq!(some.open, [('町', 2, 3)]);
    }
}
