//! The pace of work that is done again and again while the process serves.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::App;

/// Says when it is time again. A time that was missed is not made up for.
#[derive(Debug)]
pub(super) struct Pace {
    times: Interval,
    ending: watch::Receiver<bool>,
}

impl Pace {
    /// The first time is at once.
    pub(super) fn every(app: &App, period: Duration) -> Self {
        let mut times = interval(period);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { times, ending: app.ending.subscribe() }
    }

    /// Waits for the next time. `false`: the process is told to end.
    pub(super) async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.times.tick() => true,
            _ = self.ending.wait_for(|ending| *ending) => false,
        }
    }
}
