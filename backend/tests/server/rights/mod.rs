//! Whoever asks for whatever: no answer holds anything outside the caller's rights, and nothing of others changes.
//!
//! `TSUDOI_RIGHTS` sets how many seeds run, `TSUDOI_SEED` the first of them.

mod calls;
mod tablets;
mod world;

use world::World;

/// Everything that a call could change.
async fn state(world: &World) -> Vec<String> {
    let mut raw = world.server.raw().await;
    let mut all = Vec::new();
    for text in [
        "SELECT COALESCE(GROUP_CONCAT(tenant || association || name), '') FROM association",
        "SELECT COALESCE(GROUP_CONCAT(tenant || lecturer), '') FROM lecturer",
        "SELECT COUNT(*) || '' FROM material",
        "SELECT COUNT(*) || '' FROM purged",
        "SELECT COUNT(*) || '' FROM closing",
        "SELECT COUNT(*) || '' FROM custody WHERE decision IS NOT NULL",
        "SELECT COALESCE(GROUP_CONCAT(tenant || person || COALESCE(disabled_at, '')), '') FROM person",
        "SELECT COALESCE(GROUP_CONCAT(tenant || person || role || organisation), '') FROM membership",
        "SELECT COUNT(*) || '' FROM code",
        "SELECT COUNT(*) || '' FROM pass_code",
        "SELECT COUNT(*) || '' FROM device",
        "SELECT COUNT(*) || '' FROM document",
        "SELECT COALESCE(GROUP_CONCAT(hex(document) || scope || state), '') FROM feed",
        "SELECT COUNT(*) || '' FROM device WHERE revoked_at IS NOT NULL",
    ] {
        all.push(sqlx::query_scalar::<_, String>(text).fetch_one(&mut raw).await.unwrap());
    }
    all
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn inv_6_no_answer_holds_anything_outside_the_callers_rights() {
    let (first, count) = (number("TSUDOI_SEED", 0), number("TSUDOI_RIGHTS", 4));
    for seed in first..first + count {
        eprintln!(
            "replay: TSUDOI_SEED={seed} TSUDOI_RIGHTS=1 cargo test -p tsudoi-server --test server inv_6_no_answer"
        );
        let mut world = World::new(seed).await;
        tablets::syncing(&world, seed).await;
        calls::reading(&mut world, seed).await;
        calls::writing(&mut world, seed).await;
        calls::acting_on_nothing(&mut world, seed).await;
        tablets::visiting(&mut world, seed).await;
    }
}
