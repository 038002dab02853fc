//! Progress and remaining time of a comparison.

use std::collections::HashMap;
use std::time::Instant;

use study::Event;
use study::plan::Plan;

use crate::monitor::Monitor;

/// The stages of a comparison that are missing, by their titles.
#[derive(Debug)]
pub(super) struct Overall {
    /// Number of stages in all.
    of: usize,
    /// The multiply-adds of each missing stage.
    missing: HashMap<String, f64>,
    /// Multiply-adds per second in an earlier process; `None` if it had done nothing.
    earlier_speed: Option<f64>,
    /// Multiply-adds that this process has done, and when it began.
    done: f64,
    began: Instant,
    /// The stage that is computed now.
    current: Option<String>,
}

impl Overall {
    pub(super) fn of(plan: &Plan) -> Self {
        let missing = plan.stages.iter().filter(|stage| !stage.done);
        Overall {
            of: plan.stages.len(),
            missing: missing.map(|stage| (stage.name.clone(), stage.multiply_adds)).collect(),
            earlier_speed: plan.multiply_adds_per_second,
            done: 0.0,
            began: Instant::now(),
            current: None,
        }
    }

    /// Reports the progress of the comparison to the monitor whenever a stage begins.
    pub(super) fn follow(&mut self, event: &Event<'_>, monitor: &dyn Monitor) {
        match event {
            Event::Begun { title } => {
                // A trial ends without an event of its own when the next one begins.
                self.end_current();
                let n_done = self.of - self.missing.len();
                let seconds = self.began.elapsed().as_secs_f64();
                monitor.overall(n_done, self.of, self.seconds_left(seconds));
                self.current = Some((*title).to_owned());
            }
            Event::Finished { title } => {
                self.end_current();
                self.end(title);
            }
            _ => (),
        }
    }

    fn end_current(&mut self) {
        if let Some(title) = self.current.take() {
            self.end(&title);
        }
    }

    fn end(&mut self, title: &str) {
        // Comparisons in equal time are not part of the plan.
        self.done += self.missing.remove(title).unwrap_or_default();
    }

    /// The remaining time at the speed of the stages so far, which took `seconds`.
    fn seconds_left(&self, seconds: f64) -> Option<f64> {
        let measured = (self.done > 0.0).then(|| self.done / seconds);
        let left: f64 = self.missing.values().sum();
        measured.or(self.earlier_speed).map(|speed| left / speed)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use study::plan::Planned;
    use study::stage::Key;

    use super::*;

    #[derive(Default)]
    struct Heard(RefCell<Vec<(usize, usize, bool)>>);

    impl Monitor for Heard {
        fn overall(&self, done: usize, of: usize, seconds_left: Option<f64>) {
            self.0.borrow_mut().push((done, of, seconds_left.is_some()));
        }
    }

    #[test]
    fn trials_count_when_the_next_begins_and_cells_with_their_last_trial() {
        let stages = ["layer", "cell, trial 1 of 2", "cell, trial 2 of 2", "cell", "reference"];
        let planned = |(number, name): (usize, &&str)| Planned {
            key: Key::new("test", name),
            name: (*name).to_owned(),
            needs: vec![],
            multiply_adds: 2.0 * number as f64 + 2.0,
            done: number == 0,
        };
        let stages = stages.iter().enumerate().map(planned).collect();
        let mut overall = Overall::of(&Plan { stages, multiply_adds_per_second: None });
        let heard = Heard::default();
        for event in [
            Event::Reused,
            Event::Begun { title: "cell, trial 1 of 2" },
            Event::Begun { title: "cell, trial 2 of 2" },
            Event::Finished { title: "cell" },
            Event::Begun { title: "reference" },
        ] {
            overall.follow(&event, &heard);
        }
        assert_eq!(heard.0.take(), [(1, 5, false), (2, 5, true), (4, 5, true)]);
        // 4 + 6 + 8 multiply-adds are done in three seconds, and 10 are left.
        assert_eq!(overall.seconds_left(3.0), Some(10.0 / 6.0));
    }
}
