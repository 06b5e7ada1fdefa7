//! What is typed and not yet an edit (TAB-11, TAB-12, TAB-13).

use sync_core::document::TextName;
use sync_core::domain::Intent;
use sync_core::tablet::{Input, SaveState, Table};

use crate::host::{DOCUMENT, Host, agreed, edit};

fn typed(base: &str, value: &str, ends: bool) -> Input {
    let Input::Record { document, kind, by, .. } = edit(r#"{"type":"link","link":"lecturer/x"}"#) else { panic!() };
    let intent = Intent::Write { text: TextName::Outcome, base: Some(base.to_owned()), value: value.to_owned() };
    Input::Draft { document, kind, by, intent, place: "box-1".to_owned(), ends }
}

fn text(host: &Host) -> String {
    host.tablet.view(DOCUMENT).map(|detail| detail.record.texts[&TextName::Outcome].clone()).unwrap_or_default()
}

fn drafts(host: &Host) -> usize {
    host.disk.keys().filter(|(table, key)| *table == Table::Meta && key.starts_with("draft/")).count()
}

#[test]
fn tab_11_what_is_typed_is_on_the_disk_and_no_edit() {
    let (mut host, mut document) = agreed();
    let history = host.tablet.view(DOCUMENT).unwrap().history.len();
    for value in ["会", "会場", "会場が"] {
        host.give(typed("", value, false));
        host.wait(900);
    }
    assert_eq!((drafts(&host), text(&host).as_str(), host.state()), (1, "", Some(SaveState::Saved)));
    assert_eq!((host.tablet.status().unsent_changes, host.tablet.status().unsent_records), (1, 1));
    assert_eq!(host.tablet.saved(DOCUMENT).unwrap(), document.save(), "not in the record");
    assert_eq!(host.tablet.view(DOCUMENT).unwrap().history.len(), history);
    assert_eq!(host.tablet.view(DOCUMENT).unwrap().drafts, ["box-1"]);
    // leaving the box makes one edit of it
    host.give(typed("", "会場が寒かった", true));
    host.wait(400);
    assert_eq!((drafts(&host), text(&host).as_str()), (0, "会場が寒かった"));
    let detail = host.tablet.view(DOCUMENT).unwrap();
    assert_eq!((detail.history.len(), detail.drafts.len()), (history + 1, 0));
}

#[test]
fn tab_12_a_draft_is_made_one_edit_by_a_pause_or_the_next_start() {
    let (mut host, _) = agreed();
    host.give(typed("", "会場が", false));
    let mut killed = Host::open(host.disk.clone(), host.now);
    killed.wait(400);
    assert_eq!((drafts(&killed), text(&killed).as_str()), (0, "会場が"));
    host.wait(9_999);
    assert_eq!(text(&host), "");
    host.wait(1);
    assert_eq!((drafts(&host), text(&host).as_str()), (0, "会場が"));
    // whoever was typing goes on, and does not know that what they typed was written meanwhile
    for host in [&mut host, &mut killed] {
        host.give(typed("", "会場がとても寒", false));
        host.give(typed("", "会場がとても寒い。", true));
        host.wait(400);
        assert_eq!(text(host), "会場がとても寒い。");
        assert!(host.tablet.view(DOCUMENT).unwrap().record.rewritten.is_empty());
    }
}

#[test]
fn tab_13_typing_is_stored_also_before_there_is_a_record_and_never_after_it_was_destroyed() {
    let mut host = Host::new();
    host.give(typed("", "雨", false));
    assert_eq!((host.tablet.status().unsent_records, host.tablet.status().unsent_changes), (1, 1));
    let host = Host::open(host.disk, host.now);
    assert_eq!(text(&host), "雨");

    let (mut host, mut document) = agreed();
    host.give(typed("", "雨", false));
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = crate::host::stored(&request, &mut document, 1, 2);
    response.purged = vec![DOCUMENT];
    host.answer(task, &response);
    assert_eq!(drafts(&host), 0);
    host.wait(20_000);
    assert!(host.tablet.view(DOCUMENT).is_none());
}
