//! Grouping of stages into tasks, so that no task is shorter than the overhead of a job.

use super::plan::StageLine;

/// The largest number of tasks of a job: engines have limits, and Slurm's usual one is 1001.
const MOST_TASKS: usize = 1000;

/// Groups the stages of a wave into tasks: stages of the same part are added to a task until it takes about
/// `seconds`.
pub(crate) fn tasks(stages: &[StageLine], wave: &[usize], mut seconds: f64) -> Vec<Vec<usize>> {
    loop {
        let tasks = filled(stages, wave, seconds);
        if tasks.len() <= MOST_TASKS {
            return tasks;
        }
        let all: f64 = wave.iter().map(|&place| stages[place].seconds).sum();
        seconds = (2.0 * seconds).max(all / MOST_TASKS as f64);
    }
}

fn filled(stages: &[StageLine], wave: &[usize], seconds: f64) -> Vec<Vec<usize>> {
    let mut tasks: Vec<Vec<usize>> = Vec::new();
    let mut filled = 0.0;
    for &place in wave {
        let stage = &stages[place];
        let fits = |task: &&mut Vec<usize>| {
            stages[task[0]].part == stage.part && filled + stage.seconds <= seconds
        };
        if let Some(task) = tasks.last_mut().filter(fits) {
            task.push(place);
        } else {
            tasks.push(vec![place]);
            filled = 0.0;
        }
        filled += stage.seconds;
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerbm::study::stage::Key;

    fn stage(part: &str, seconds: f64) -> StageLine {
        StageLine {
            part: Some(part.to_owned()),
            key: Key::new("test", &seconds),
            name: String::new(),
            needs: vec![],
            multiply_adds: 0.0,
            seconds,
            done: false,
        }
    }

    #[test]
    fn short_stages_of_one_part_share_a_task() {
        let stages = [("a", 10.0), ("a", 70.0), ("a", 30.0), ("a", 30.0), ("b", 5.0), ("b", 5.0)];
        let stages = stages.map(|(part, seconds)| stage(part, seconds));
        assert_eq!(
            tasks(&stages, &[0, 1, 2, 3, 4, 5], 60.0),
            [vec![0], vec![1], vec![2, 3], vec![4, 5]]
        );
        assert_eq!(tasks(&stages, &[4, 0, 1], 1.0), [vec![4], vec![0], vec![1]]);
        assert!(tasks(&stages, &[], 1.0).is_empty());
    }

    #[test]
    fn a_wave_of_any_size_has_no_more_tasks_than_engines_allow() {
        let stages: Vec<StageLine> = (0..5000).map(|_| stage("a", 100.0)).collect();
        let wave: Vec<usize> = (0..5000).collect();
        let tasks = tasks(&stages, &wave, 10.0);
        assert!(tasks.len() <= MOST_TASKS && tasks.len() > MOST_TASKS / 3, "{}", tasks.len());
        assert_eq!(tasks.concat(), wave);
        let nothing: Vec<StageLine> = (0..5000).map(|_| stage("a", 0.0)).collect();
        assert_eq!(super::tasks(&nothing, &wave, 10.0).len(), 1);
    }
}
