//! Axes: ranges, ticks and tick labels.

use serde::{Deserialize, Serialize};

/// Scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Equal differences have equal lengths.
    #[default]
    Linear,
    /// Equal ratios have equal lengths. Numbers that are not positive cannot be shown.
    Log,
}

/// A range of numbers with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) scale: AxisScale,
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// The smallest range between ticks that contains the finite `values`.
    pub(super) fn fit(values: impl Iterator<Item = f64>, scale: AxisScale) -> Self {
        let log = scale == AxisScale::Log;
        let known: Vec<f64> = values.filter(|v| v.is_finite() && (!log || *v > 0.0)).collect();
        let (low, high) = extent(known.iter().copied());
        if log {
            return logarithmic(low, high);
        }
        let whole = known.iter().all(|v| v.fract() == 0.0); // no ticks at half an epoch
        linear(low, high, if whole { 1.0 } else { 0.0 })
    }

    /// A logarithmic axis with a tick at each of the positive `values`.
    pub(super) fn counts(values: impl Iterator<Item = f64>) -> Self {
        let mut ticks: Vec<f64> = values.filter(|v| v.is_finite() && *v > 0.0).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let (low, high) = extent(ticks.iter().copied());
        let room = (high / low).powf(0.06).max(1.2);
        let (low, high) = (low / room, high * room);
        Self { low, high, scale: AxisScale::Log, ticks }
    }

    /// The position of a number as a share of the axis, 0 at the low end and 1 at the high end; `None` for a
    /// number that cannot be shown.
    pub(super) fn share(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            AxisScale::Linear => (value - self.low) / (self.high - self.low),
            AxisScale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        share.is_finite().then_some(share)
    }

    /// Label of a tick, with enough decimals to distinguish it from its neighbours.
    pub(super) fn label(&self, tick: f64) -> String {
        if tick != 0.0 && !(1e-5..1e7).contains(&tick.abs()) {
            return format!("{tick:e}").replace('-', "−");
        }
        let decimals = match self.scale {
            AxisScale::Linear => self.ticks.iter().map(|&t| decimals_of(t)).max().unwrap_or(0),
            AxisScale::Log => decimals_of(tick),
        };
        number_text::fixed(tick, decimals)
    }
}

/// The smallest and the largest value; 1 and 1 without values.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if low <= high { (low, high) } else { (1.0, 1.0) }
}

/// A linear axis of about five steps, each 1, 2 or 5 times a power of ten and at least `least`.
fn linear(low: f64, high: f64, least: f64) -> Axis {
    let (low, high) = match (low, high) {
        (low, high) if high > low => (low, high),
        (0.0, _) => (0.0, 1.0),
        (only, _) => (only.min(0.0), only.max(0.0)),
    };
    let rough = (high - low) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough * 0.999);
    let step = (step.unwrap_or(10.0) * power).max(least);
    let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    let ticks: Vec<f64> =
        (0..=(last - first) as i32).map(|i| clean((first + f64::from(i)) * step)).collect();
    let (low, high) = (first * step, last * step);
    Axis { low, high, scale: AxisScale::Linear, ticks }
}

/// A logarithmic axis slightly wider than the range of the numbers, with ticks at powers of ten and, if these
/// are few, between them.
fn logarithmic(low: f64, high: f64) -> Axis {
    let room = (high / low).powf(0.05).max(1.02);
    let (low, high) = (low / room, high * room);
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let every = ((last - first) / 6).max(1);
    let ticks_at = |multiples: &[f64]| -> Vec<f64> {
        (first..=last)
            .filter(|exponent| (exponent - first) % every == 0)
            .flat_map(|exponent| multiples.iter().map(move |m| clean(m * 10_f64.powi(exponent))))
            .filter(|tick| (low..=high).contains(tick))
            .collect()
    };
    let finer: [&[f64]; 4] =
        [&[1.0], &[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]];
    let ticks = finer.into_iter().map(ticks_at).find(|ticks| ticks.len() >= 4);
    let ticks = ticks.unwrap_or_else(|| {
        let within = |tick: &f64| (low..=high).contains(tick);
        linear(low, high, 0.0).ticks.into_iter().filter(within).collect()
    });
    // The axis ends at a tick if one is in the margin beside the numbers.
    let low = ticks.first().copied().filter(|tick| *tick <= low * room).unwrap_or(low);
    let high = ticks.last().copied().filter(|tick| *tick >= high / room).unwrap_or(high);
    Axis { low, high, scale: AxisScale::Log, ticks }
}

/// The number without rounding errors in its last digits.
fn clean(value: f64) -> f64 {
    format!("{value:.10e}").parse().unwrap_or(value)
}

/// Number of decimals in the shortest exact text of a number.
fn decimals_of(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|&tick| axis.label(tick)).collect()
    }

    fn fit(values: &[f64], scale: AxisScale) -> Axis {
        Axis::fit(values.iter().copied(), scale)
    }

    #[test]
    fn linear_ticks_are_round() {
        let axis = fit(&[0.012, 0.074], AxisScale::Linear);
        assert_eq!(labels(&axis), ["0.00", "0.02", "0.04", "0.06", "0.08"]);
        assert_eq!((axis.low, axis.high), (0.0, 0.08));
        assert_eq!(labels(&fit(&[-150.0, -101.0], AxisScale::Linear)).first().unwrap(), "−150");
        assert_eq!(labels(&fit(&[1.0, 2.0], AxisScale::Linear)), ["1", "2"], "whole epochs");
    }

    #[test]
    fn logarithmic_ticks_are_few_and_round() {
        assert_eq!(labels(&fit(&[1.2, 28.0], AxisScale::Log)), ["2", "5", "10", "20"]);
        assert_eq!(
            labels(&fit(&[0.001, 10.0], AxisScale::Log)),
            ["0.001", "0.01", "0.1", "1", "10"]
        );
        assert!(fit(&[0.02, 0.021], AxisScale::Log).ticks.len() >= 2);
    }

    #[test]
    fn numbers_without_a_place_are_left_out() {
        let axis = fit(&[f64::NAN, 0.0, -1.0, 1.0, 100.0, f64::INFINITY], AxisScale::Log);
        assert_eq!((axis.low, axis.high), (1.0, 100.0));
        assert_eq!(axis.share(0.0), None);
        assert_eq!(axis.share(f64::NAN), None);
        for values in [&[][..], &[0.0], &[5.0, 5.0], &[-3.0], &[f64::NAN]] {
            let axis = fit(values, AxisScale::Linear);
            assert!(axis.low < axis.high && axis.ticks.len() > 1, "{values:?}: {axis:?}");
        }
    }

    #[test]
    fn every_count_has_its_tick() {
        let axis = Axis::counts([1000.0, 100.0, 50_000.0, 100.0].into_iter());
        assert_eq!(labels(&axis), ["100", "1,000", "50,000"]);
    }
}
