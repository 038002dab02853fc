//! The graph of unfinished stages: waves, the critical path, and the time for a number of workers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Planned;
use crate::stage::Key;

/// The unfinished stages of a plan, with their times and dependencies. Its methods identify stages by their
/// positions in the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    stages: Vec<Node>,
}

/// An unfinished stage.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    /// Its position in the plan.
    place: usize,
    seconds: f64,
    /// The nodes that it depends on, all of them before it.
    needs: Vec<usize>,
}

/// A time in seconds with a total order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seconds(f64);

impl Eq for Seconds {}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Graph {
    /// The graph of a plan's unfinished stages. Each stage of the plan comes after its dependencies;
    /// dependencies that are not in the plan count as done.
    pub fn of(plan: &[Planned], multiply_adds_per_second: f64) -> Self {
        let mut nodes: HashMap<&Key, usize> = HashMap::new();
        let mut stages = Vec::new();
        for (place, planned) in plan.iter().enumerate().filter(|(_, planned)| !planned.done) {
            let needs = planned.needs.iter().filter_map(|key| nodes.get(key).copied()).collect();
            nodes.insert(&planned.key, stages.len());
            let seconds = planned.multiply_adds / multiply_adds_per_second;
            stages.push(Node { place, seconds, needs });
        }
        Graph { stages }
    }

    /// Adds the graph of another plan, whose stages are independent of these and whose positions are shifted
    /// by `offset`.
    pub fn add(&mut self, other: Graph, offset: usize) {
        let n_nodes = self.stages.len();
        self.stages.extend(other.stages.into_iter().map(|node| Node {
            place: node.place + offset,
            needs: node.needs.iter().map(|need| need + n_nodes).collect(),
            ..node
        }));
    }

    /// The time of all stages run sequentially, in seconds.
    pub fn seconds(&self) -> f64 {
        self.stages.iter().map(|node| node.seconds).sum()
    }

    /// The stages in waves: each depends only on stages of earlier waves.
    pub fn waves(&self) -> Vec<Vec<usize>> {
        let mut waves: Vec<Vec<usize>> = Vec::new();
        let mut wave_of = Vec::new();
        for node in &self.stages {
            let wave = node.needs.iter().map(|&need| wave_of[need] + 1).max().unwrap_or(0);
            wave_of.push(wave);
            if wave == waves.len() {
                waves.push(Vec::new());
            }
            waves[wave].push(node.place);
        }
        waves
    }

    /// For each stage, the time from its start to the end of the longest chain of its dependents.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks: Vec<f64> = self.stages.iter().map(|node| node.seconds).collect();
        for (i, node) in self.stages.iter().enumerate().rev() {
            for &need in &node.needs {
                ranks[need] = ranks[need].max(self.stages[need].seconds + ranks[i]);
            }
        }
        ranks
    }

    /// The longest chain of dependent stages, in order: no number of workers is faster.
    pub fn critical_path(&self) -> Vec<usize> {
        let ranks = self.ranks();
        let longest = |nodes: &mut dyn Iterator<Item = usize>| {
            nodes.max_by(|&a, &b| ranks[a].total_cmp(&ranks[b]).then(b.cmp(&a)))
        };
        let mut path = Vec::new();
        let mut next = longest(&mut (0..self.stages.len()));
        while let Some(node) = next {
            path.push(self.stages[node].place);
            next = longest(
                &mut (node + 1..self.stages.len())
                    .filter(|&later| self.stages[later].needs.contains(&node)),
            );
        }
        path
    }

    /// The time in seconds for this many workers, each of which takes the ready stage with the longest chain
    /// of dependents (list scheduling; Graham 1969).
    pub fn makespan(&self, workers: usize) -> f64 {
        let ranks = self.ranks();
        let mut missing: Vec<usize> = self.stages.iter().map(|node| node.needs.len()).collect();
        let mut needed_by = vec![Vec::new(); self.stages.len()];
        for (i, node) in self.stages.iter().enumerate() {
            node.needs.iter().for_each(|&need| needed_by[need].push(i));
        }
        let ready = |node: usize| (Seconds(ranks[node]), Reverse(node));
        let mut waiting: BinaryHeap<_> =
            (0..self.stages.len()).filter(|&node| missing[node] == 0).map(ready).collect();
        let mut running: BinaryHeap<Reverse<(Seconds, usize)>> = BinaryHeap::new();
        let mut now = 0.0;
        loop {
            while running.len() < workers.max(1) {
                let Some((_, Reverse(node))) = waiting.pop() else { break };
                running.push(Reverse((Seconds(now + self.stages[node].seconds), node)));
            }
            let Some(Reverse((Seconds(end), node))) = running.pop() else { return now };
            now = end;
            for &next in &needed_by[node] {
                missing[next] -= 1;
                if missing[next] == 0 {
                    waiting.push(ready(next));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two stacks of three layers of 5 and 3 s, with three cells of 1 s on each layer.
    fn plan() -> Vec<Planned> {
        let mut plan: Vec<Planned> = Vec::new();
        for (stack, seconds) in [("a", 5.0), ("b", 3.0)] {
            let mut below: Vec<Key> = vec![];
            for layer in 1..=3 {
                let stage = |name: String, needs: Vec<Key>, multiply_adds| Planned {
                    key: Key::new("test", &name),
                    name,
                    needs,
                    multiply_adds,
                    done: false,
                };
                plan.push(stage(format!("{stack}{layer}"), below, seconds));
                below = vec![plan[plan.len() - 1].key.clone()];
                for cell in 1..=3 {
                    plan.push(stage(format!("{stack}{layer}, {cell}"), below.clone(), 1.0));
                }
            }
        }
        plan
    }

    #[test]
    fn waves_and_the_critical_path_follow_the_needs() {
        let mut plan = plan();
        let graph = Graph::of(&plan, 1.0);
        let names = |places: &[usize]| -> Vec<String> {
            places.iter().map(|&place| plan[place].name.clone()).collect()
        };
        let waves = graph.waves();
        assert_eq!(waves.iter().map(Vec::len).collect::<Vec<_>>(), [2, 8, 8, 6]);
        assert_eq!(names(&waves[0]), ["a1", "b1"]);
        assert_eq!(names(&graph.critical_path()), ["a1", "a2", "a3", "a3, 1"]);
        // With the first layer done, its cells need not wait.
        plan[0].done = true;
        let mut both = Graph::of(&plan, 1.0);
        both.add(Graph::of(&plan, 0.5), plan.len());
        assert_eq!(both.waves()[0].len(), 2 * 5);
        assert_eq!(both.seconds(), 37.0 + 2.0 * 37.0);
        assert!(both.critical_path().iter().all(|&place| place >= plan.len()));
        let graph = Graph::of(&plan, 2.0);
        assert_eq!(graph.waves()[0], [1, 2, 3, 4, 12]);
        assert_eq!(graph.seconds(), (42.0 - 5.0) / 2.0);
        for stage in &mut plan {
            stage.done = true;
        }
        let graph = Graph::of(&plan, 1.0);
        assert_eq!(
            (graph.waves().len(), graph.makespan(3), graph.critical_path().len()),
            (0, 0.0, 0)
        );
    }

    #[test]
    fn no_number_of_workers_is_faster_than_the_critical_path_or_than_its_share() {
        let graph = Graph::of(&plan(), 1.0);
        assert_eq!(graph.makespan(1), graph.seconds());
        let path = 5.0 * 3.0 + 1.0;
        assert_eq!(graph.makespan(1000), path);
        let mut before = f64::INFINITY;
        for workers in 1..8 {
            let time = graph.makespan(workers);
            assert!(time >= path.max(graph.seconds() / workers as f64), "{workers}: {time}");
            // Graham's bound.
            let share = graph.seconds() / workers as f64;
            assert!(time <= share + path, "{workers}: {time}");
            assert!(time <= before, "{workers}: {time}");
            before = time;
        }
    }
}
