//! The baseline cost that divergence is measured against.

use ndarray::{Array1, Array2, Axis, s};
use nn_core::{BlockKind, Layout, Loss, Samples, UnreadableSamples};
use numerics::{Purpose, Real, Stream};

use crate::examples::Examples;
use crate::{Autoencoder, Objective, StepMemory, gradient};

/// Number of samples that the means are estimated from, evenly spaced over the data.
const SAMPLES: usize = 1000;

/// The larger of two costs: that of the untrained model on one batch, and that of always predicting the
/// column means.
pub(crate) fn baseline<F: Real>(
    (model, objective): (&Autoencoder<F>, &Objective),
    data: &impl Samples<F>,
    examples: &mut Examples<F>,
    memory: &mut StepMemory<F>,
) -> Result<f64, UnreadableSamples> {
    let n = data.n_samples().min(SAMPLES);
    let samples: Vec<usize> = (0..n).map(|i| i * data.n_samples() / n).collect();
    let mut x = Array2::zeros((n, data.n_features()));
    data.gather(&samples, x.view_mut())?;
    let of_means = cost_of_means(&x, model.layout.as_ref(), objective.loss);
    let first = &samples[..n.min(examples.batch_size())];
    let batch = examples.batch(data, first, |purpose: Purpose| Stream::new(0, purpose))?;
    let untrained = gradient::passes(model, objective, &batch, memory);
    Ok(if untrained.is_finite() { of_means.max(untrained) } else { of_means })
}

/// The cost per sample of always predicting the means of observed values (n × visible).
fn cost_of_means<F: Real>(x: &Array2<F>, layout: Option<&Layout>, loss: Loss) -> f64 {
    let columns = x.axis_iter(Axis(1)).map(|column| {
        let values: Vec<f64> = column.iter().filter(|x| !x.is_nan()).map(|x| x.as_f64()).collect();
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
    });
    let columns: Array1<(f64, f64)> = columns.collect();
    let plogp = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
    let entropy = |p: f64| -plogp(p) - plogp(1.0 - p);
    let Some(layout) = layout else {
        return match loss {
            Loss::SquaredError => columns.iter().map(|(_, variance)| variance).sum(),
            Loss::MeanSquaredError => {
                columns.iter().map(|(_, variance)| variance).sum::<f64>() / columns.len() as f64
            }
            Loss::CrossEntropy => columns.iter().map(|&(mean, _)| entropy(mean)).sum(),
        };
    };
    let of_block = |(kind, range): (BlockKind, std::ops::Range<usize>)| {
        let block = columns.slice(s![range]);
        block.iter().fold(0.0, |sum, &(mean, variance)| {
            sum + match kind {
                BlockKind::Real => variance / 2.0,
                BlockKind::UnitInterval | BlockKind::Binary => entropy(mean),
                BlockKind::Category => -plogp(mean),
            }
        })
    };
    layout.ranges().map(of_block).sum()
}
