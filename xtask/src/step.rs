//! Steps with a name, a time and an outcome: shown as they run, summed up at the end.

use crate::failure::{Failure, Result};
use crate::house::House;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How a step that did not fail ended.
pub enum Done {
    /// It did its work.
    Did,
    /// Nothing had changed since the last success.
    UpToDate,
    /// Did its work, with a remark for the person.
    Noted(String),
}

/// One step of a run.
pub struct Step {
    /// Short, for the list and for `--only`.
    pub name: &'static str,
    /// What it does, shown while it runs.
    pub title: &'static str,
    /// Steps without which this one cannot work.
    pub needs: &'static [&'static str],
    /// The work.
    pub action: fn(&House) -> Result<Done>,
}

/// Prints a step's opening line, does it, prints how it ended and how long it took.
pub fn announce(position: usize, total: usize, title: &str, work: impl FnOnce() -> Result<Done>) -> Result<()> {
    println!("[{position:>2}/{total}] {title}");
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    match result {
        Ok(Done::Did) => println!("        done in {took}"),
        Ok(Done::UpToDate) => println!("        up to date"),
        Ok(Done::Noted(remark)) => println!("        done in {took}: {remark}"),
        Err(failure) => {
            println!("        FAILED after {took}: {failure}");
            return Err(failure);
        }
    }
    Ok(())
}

/// Runs every step, going on after a failure, and ends with `Steps: N passed, N failed`.
///
/// A step whose needs failed counts as failed, because what it would have shown is not shown.
pub fn run_all(house: &House, steps: &[Step]) -> Result<()> {
    let started = Instant::now();
    let mut failed = BTreeSet::new();
    let mut lines = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let begun = Instant::now();
        let outcome = match step.needs.iter().find(|need| failed.contains(*need)) {
            Some(need) => {
                println!("[{:>2}/{}] {}\n        not run: step {need} failed", index + 1, steps.len(), step.title);
                Err(Failure::new(format!("not run, because {need} failed")))
            }
            None => announce(index + 1, steps.len(), step.title, || (step.action)(house)),
        };
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        lines.push(format!("  {word:<6} {:>8}  {}", seconds(begun.elapsed()), step.name));
        if outcome.is_err() {
            failed.insert(step.name);
        }
    }
    println!("\n{}", lines.join("\n"));
    println!("  total  {:>8}", seconds(started.elapsed()));
    println!("Steps: {} passed, {} failed", steps.len() - failed.len(), failed.len());
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("failed: {}", failed.into_iter().collect::<Vec<_>>().join(", "))))
    }
}

fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 { format!("{}m{:02}s", whole / 60, whole % 60) } else { format!("{:.1}s", time.as_secs_f64()) }
}
