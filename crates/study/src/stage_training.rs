//! Training of a stage, resumed from its checkpoint.

use std::ops::ControlFlow;
use std::time::Instant;

use durable::{Pace, Resumable};
use nn_core::{EpochRecord, TrainingError};
use stack::Job;

use crate::checkpoint::{Checkpoint, Course};
use crate::{Event, Listener, Recorder, StudyError};

/// A trained model with its training history.
pub(crate) struct TrainedJob<J> {
    pub(crate) job: Box<J>,
    pub(crate) epochs: Vec<EpochRecord>,
    /// Wall time in seconds, including time before an interruption.
    pub(crate) seconds: f64,
}

/// Starts a job, or continues from the checkpoint, and trains it to the end of its `parts`. The listener is
/// notified of each part and may stop between two steps; the state is then saved.
///
/// # Errors
/// [`StudyError::Training`] if `begin` or the training fails or the listener stops it, and
/// [`StudyError::Store`].
pub(crate) fn train<J: Job>(
    begin: impl Fn() -> Result<J, TrainingError>,
    parts: impl Fn(&J) -> usize,
    checkpoint: &Checkpoint,
    listen: Listener<'_>,
) -> Result<TrainedJob<J>, StudyError> {
    let begun = Instant::now();
    let mut flow = ControlFlow::Continue(());
    let mut note = |text: &str| flow = listen(Event::Noted { text });
    let (job, course): (_, Option<Course<EpochRecord>>) =
        checkpoint.resumed(|| begin().map(Box::new), &mut note)?;
    let of = parts(&job);
    let (mut recorder, mut before) = (Recorder::new(), 0.0);
    if let Some(Course { epochs, seconds }) = course {
        let text = format!("continuing from a checkpoint, after {} of {of}", epochs.len());
        flow = listen(Event::Noted { text: &text });
        before = seconds + epochs.iter().map(|epoch| epoch.seconds).sum::<f64>();
        recorder = Recorder::after(epochs, seconds);
    }
    let is_stopped = flow.is_break();
    let mut training = StageTraining { job, of, checkpoint, recorder, listen, is_stopped };
    match durable::run(&mut training, Pace::usual()) {
        Ok(true) => (),
        Ok(false) => return Err(TrainingError::Interrupted.into()),
        Err(error) => {
            // Diverged training would only diverge again.
            if matches!(error, StudyError::Training(TrainingError::Diverged { .. })) {
                checkpoint.remove();
            }
            return Err(error);
        }
    }
    let StageTraining { job, recorder, .. } = training;
    let seconds = before + begun.elapsed().as_secs_f64();
    Ok(TrainedJob { job, epochs: recorder.epochs, seconds })
}

struct StageTraining<'a, 'l, J> {
    job: Box<J>,
    /// Total number of parts.
    of: usize,
    checkpoint: &'a Checkpoint,
    recorder: Recorder,
    listen: Listener<'l>,
    /// Whether the listener has stopped the training.
    is_stopped: bool,
}

impl<J: Job> Resumable for StageTraining<'_, '_, J> {
    type Error = StudyError;

    fn is_complete(&self) -> bool {
        self.recorder.epochs.len() >= self.of
    }

    fn go_on(&mut self, due: &dyn Fn() -> bool) -> Result<(), StudyError> {
        let StageTraining { job, recorder, listen, is_stopped, .. } = self;
        let mut pause = || {
            *is_stopped |= listen(Event::Step).is_break();
            *is_stopped || due()
        };
        if let Some(progress) = job.part_until(&mut pause)? {
            let seconds = recorder.record(&progress);
            *is_stopped |= listen(Event::Progress { progress: &progress, seconds }).is_break();
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn save(&mut self) -> Result<(), StudyError> {
        let (epochs, seconds) = (self.recorder.epochs.clone(), self.recorder.since_last());
        Ok(self.checkpoint.save(&*self.job, &Course { epochs, seconds })?)
    }
}
