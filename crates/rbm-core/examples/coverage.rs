//! Coverage of the log Z intervals on RBMs whose log Z is known exactly: 400 runs per model.
//!
//! `just coverage` runs it.

#[path = "../tests/support/small_models.rs"]
mod small_models;

use std::io::Write;
use std::ops::ControlFlow;

use ndarray::Array2;
use rbm_core::{LogZConfig, Rbm, Temperatures, backward, estimate_log_z, forward, log_z};

const RUNS: u64 = 400;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| model | log Z | interval covers | mean half width | between AIS and reverse AIS |"
    )?;
    writeln!(out, "|---|---|---|---|---|")?;
    for std in [0.3, 1.5, 3.0, 5.0] {
        let name = format!("40 × 16, weights from N(0, {std}²)");
        row(&mut out, &name, &small_models::made_up((40, 16), std, 1))?;
    }
    let trained = small_models::bars_and_stripes(4, 500);
    row(&mut out, "16 × 16, trained on bars and stripes", &trained)
}

/// Writes the row of a model: how many of the runs' intervals cover the exact value, and, as a comparison,
/// how often it lies between the two estimates by annealing with the short schedule and 100 chains.
fn row(
    out: &mut impl Write,
    name: &str,
    (rbm, data): &(Rbm<f32>, Array2<f32>),
) -> std::io::Result<()> {
    let exact = log_z(rbm).expect("a small layer");
    let base = rbm.independent_biases(&data.view()).expect("data in memory");
    let config = LogZConfig { precision: 0.5, ..LogZConfig::default() };
    let widths = std::sync::Mutex::new(Vec::new());
    let covering = small_models::count(RUNS, |seed| {
        let found = estimate_log_z(rbm, base.view(), data.view(), &config, seed, &mut |_| {
            ControlFlow::Continue(())
        });
        let found = found.expect("valid settings");
        widths.lock().expect("no panic").push((found.upper - found.lower) / 2.0);
        (found.lower..=found.upper).contains(&exact)
    });
    let betas = Temperatures::Short {}.betas();
    let between = small_models::count(RUNS, |seed| {
        let lower = forward(rbm, base.view(), &betas, 100, seed).log_z;
        let upper = backward(rbm, base.view(), &betas, data.view(), seed).log_z;
        (lower.min(upper)..=lower.max(upper)).contains(&exact)
    });
    let share = |n: u64| 100.0 * n as f64 / RUNS as f64;
    let widths = widths.into_inner().expect("no panic");
    let width = widths.iter().sum::<f64>() / widths.len() as f64;
    writeln!(
        out,
        "| {name} | {exact:.2} | {:.1} % | {width:.3} | {:.1} % |",
        share(covering),
        share(between)
    )?;
    out.flush()
}
