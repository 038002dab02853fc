//! Minimisation of a smooth convex function.

use std::collections::VecDeque;

/// Number of stored pairs of steps and gradient changes.
const MEMORY: usize = 10;
/// Maximum number of evaluations in one line search.
const MAX_TRIALS: usize = 30;

/// The result of a minimisation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Minimum {
    /// The final point.
    pub(super) point: Vec<f64>,
    /// The largest absolute component of the gradient there.
    pub(super) gradient: f64,
    /// The number of steps.
    pub(super) iterations: usize,
    /// Whether the gradient is at most the tolerance.
    pub(super) converged: bool,
}

/// Minimises a function by L-BFGS, starting from `start`, until no component of the gradient exceeds
/// `tolerance` in absolute value. `evaluate` returns the value at a point and writes the gradient to its
/// second argument.
///
/// Steps satisfy the weak Wolfe conditions, found by bisection, so that the approximate inverse Hessian stays
/// positive definite. It also ends after `max_iterations` steps, or when rounding errors prevent further
/// descent.
///
/// Source: Nocedal & Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5; Lewis & Overton,
/// "Nonsmooth optimization via quasi-Newton methods", Mathematical Programming 141 (2013).
pub(super) fn minimise(
    start: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
    mut evaluate: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Minimum {
    let n = start.len();
    let mut at = State { point: start, value: 0.0, gradient: vec![0.0; n] };
    at.value = evaluate(&at.point, &mut at.gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut iterations = 0;
    while largest(&at.gradient) > tolerance && iterations < max_iterations {
        let direction = direction(&at.gradient, &pairs);
        let Some(next) = line_search(&at, &direction, &mut evaluate) else { break };
        let step: Vec<f64> = difference(&next.point, &at.point);
        let change = difference(&next.gradient, &at.gradient);
        let curvature = dot(&step, &change);
        if curvature > 0.0 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { step, change, curvature });
        }
        at = next;
        iterations += 1;
    }
    let gradient = largest(&at.gradient);
    Minimum { point: at.point, gradient, iterations, converged: gradient <= tolerance }
}

struct State {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// step · change, positive.
    curvature: f64,
}

/// −H g with the approximate inverse Hessian H of the pairs.
fn direction(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let Some(last) = pairs.back() else {
        // Without a scale, the first step has length at most 1.
        let scale = 1.0 / dot(gradient, gradient).sqrt().max(1.0);
        scale_by(scale, &mut direction);
        return direction;
    };
    let mut factors = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let factor = dot(&pair.step, &direction) / pair.curvature;
        add(-factor, &pair.change, &mut direction);
        factors.push(factor);
    }
    let scale = last.curvature / dot(&last.change, &last.change);
    scale_by(scale, &mut direction);
    for (pair, factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let back = dot(&pair.change, &direction) / pair.curvature;
        add(factor - back, &pair.step, &mut direction);
    }
    direction
}

/// A step that decreases the value enough and is long enough; if none is found, any that decreases it.
fn line_search(
    from: &State,
    direction: &[f64],
    evaluate: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<State> {
    let slope = dot(&from.gradient, direction);
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
    let mut lower = None;
    for _ in 0..MAX_TRIALS {
        let mut point = from.point.clone();
        add(length, direction, &mut point);
        let mut gradient = vec![0.0; point.len()];
        let value = evaluate(&point, &mut gradient);
        if value <= from.value + 1e-4 * length * slope {
            let long_enough = dot(&gradient, direction) >= 0.9 * slope;
            lower = Some(State { point, value, gradient });
            if long_enough {
                break;
            }
            low = length;
        } else {
            // NaN also takes this branch.
            high = length;
        }
        length = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
    }
    lower
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn scale_by(factor: f64, values: &mut [f64]) {
    for value in values {
        *value *= factor;
    }
}

fn add(factor: f64, a: &[f64], to: &mut [f64]) {
    for (to, a) in to.iter_mut().zip(a) {
        *to += factor * a;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ cᵢ (xᵢ − i)², with c from 1 to 10⁶.
    fn quadratic(x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (i, (x, g)) in x.iter().zip(gradient).enumerate() {
            let (c, off) = (10_f64.powf(i as f64), x - i as f64);
            value += c * off * off;
            *g = 2.0 * c * off;
        }
        value
    }

    #[test]
    fn finds_the_minimum_of_a_badly_scaled_quadratic() {
        let found = minimise(vec![100.0; 7], 1e-8, 200, quadratic);
        assert!(found.converged, "{found:?}");
        for (i, x) in found.point.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-8, "{found:?}");
        }
    }

    #[test]
    fn says_that_it_did_not_converge() {
        let found = minimise(vec![100.0; 7], 1e-8, 3, quadratic);
        assert!(!found.converged && found.iterations == 3 && found.gradient > 1e-8);
        // A function without a minimum.
        let found = minimise(vec![0.0], 1e-8, 50, |x, gradient| {
            gradient[0] = -(-x[0]).exp();
            (-x[0]).exp()
        });
        assert!(found.point[0] > 10.0);
    }
}
