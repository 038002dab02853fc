use super::*;
use crate::team::with_team;

/// The share of steps that run on the team, given the microseconds that a step takes each way.
fn share_on_team(pace: &mut Pace, team: u64, alone: u64, steps: u32) -> f64 {
    let mut on_team = 0;
    for _ in 0..steps {
        let (way, timed) = pace.way();
        let time = Duration::from_micros(if way == Way::Team { team } else { alone });
        on_team += u32::from(way == Way::Team);
        pace.add(timed.then_some(time));
    }
    f64::from(on_team) / f64::from(steps)
}

#[test]
fn the_faster_way_is_kept_and_trials_are_cheap() {
    let mut pace = Pace::new();
    assert!(share_on_team(&mut pace, 500, 900, 20_000) > 0.98);
    assert!(share_on_team(&mut pace, 900, 500, 20_000) < 0.08, "it changes as the machine does");
    assert!(share_on_team(&mut pace, 900, 500, 20_000) < 0.02);
    assert!(share_on_team(&mut pace, 500, 900, 20_000) > 0.92);
}

#[test]
fn long_steps_stay_on_the_team() {
    assert_eq!(share_on_team(&mut Pace::new(), 5_000, 4_000, 5_000), 1.0);
}

#[test]
fn the_team_is_kept_where_there_is_no_difference() {
    assert!(share_on_team(&mut Pace::new(), 500, 495, 5_000) > 0.9);
}

#[test]
fn steps_run_on_the_team_and_alone() {
    let sizes: Vec<usize> = with_team(2, || (0..2_000).map(|_| paced(team_size)).collect());
    assert!(sizes.contains(&1) && sizes.contains(&2));
    assert_eq!(paced(team_size), 1, "there is no team");
}
