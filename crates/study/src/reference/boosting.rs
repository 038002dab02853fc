//! Gradient-boosted trees, using the crate `forust-ml`.

use forust_ml::objective::ObjectiveType;
use forust_ml::sampler::SampleMethod;
use forust_ml::{GradientBooster, Matrix};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use stack::Labelled;

use super::{Chosen, Model, ReferenceError, better, quality, subset};

/// Depths of the trees, the default first.
const DEPTHS: [usize; 2] = [6, 3];
/// Numbers of trees per class, the default last.
const ROUNDS: [usize; 3] = [50, 200, 100];
/// Share of the samples used by a tree.
const SAMPLES_PER_TREE: f32 = 0.7;
/// Share of the features used by a tree, if that is at least [`MIN_FEATURES`].
const FEATURES_PER_TREE: f64 = 0.3;
const MIN_FEATURES: f64 = 5.0;
/// Maximum number of additions to histograms over all fits, which bounds their time.
const MAX_ADDITIONS: f64 = 2e10;
/// Number of bins processed per tree and feature, whatever the number of samples.
const BINS_PER_TREE: f64 = 64.0 * 256.0;
/// Number of samples predicted at a time.
const BLOCK: usize = 16_384;

/// One ensemble for each class that has training samples; a single one if there are two such classes. The
/// ensembles give log-odds, from which the probabilities are computed.
pub(super) struct BoostedTrees {
    /// Columns with at least two values.
    columns: Vec<usize>,
    /// Shares of the classes among the training samples.
    shares: Array1<f32>,
    /// The classes with their ensembles. Without ensembles, the probabilities are the shares.
    ensembles: Vec<(usize, GradientBooster)>,
}

impl std::fmt::Debug for BoostedTrees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoostedTrees")
            .field("columns", &self.columns)
            .field("shares", &self.shares)
            .finish_non_exhaustive()
    }
}

pub(super) fn fit(
    train: Labelled,
    validation: Labelled,
    n_classes: usize,
    seed: u64,
) -> Result<Chosen, ReferenceError> {
    let columns: Vec<usize> = (0..train.x.ncols()).filter(|&j| varies(train.x, j)).collect();
    let n_ensembles = if n_classes <= 2 { 1 } else { n_classes } as f64;
    let d = columns.len().max(1) as f64;
    let features_per_tree = FEATURES_PER_TREE.max((MIN_FEATURES / d).min(1.0));
    let per_round = n_ensembles * (features_per_tree * d).max(1.0);
    let affordable = |rounds: usize| {
        let additions = MAX_ADDITIONS / (per_round * rounds as f64);
        additions - DEPTHS.len() as f64 * BINS_PER_TREE
    };
    // With hundreds of classes and features, the bins alone use up the time.
    let rounds: Vec<usize> =
        ROUNDS.into_iter().filter(|&r| r == ROUNDS[0] || affordable(r) >= BINS_PER_TREE).collect();
    let most_rounds = rounds.iter().copied().max().expect("there are rounds");
    let n_levels = DEPTHS.iter().sum::<usize>() as f64;
    #[allow(clippy::cast_sign_loss, reason = "it is positive")]
    let n_most = (affordable(most_rounds) / n_levels).max(1000.0) as usize;
    let (x, labels) = subset::stratified(train, n_most);

    let mut shares = Array1::<f32>::zeros(n_classes);
    for &label in labels.iter() {
        shares[usize::from(label)] += 1.0 / labels.len() as f32;
    }
    let present: Vec<usize> = (0..n_classes).filter(|&class| shares[class] > 0.0).collect();
    let classes = match present[..] {
        [_] => &present[..0],
        [_, _] => &present[1..],
        _ => &present[..],
    };
    let classes = if columns.is_empty() { &present[..0] } else { classes };

    let features = by_columns(x.view(), &columns);
    let features = Matrix::new(&features, x.nrows(), columns.len());
    let mut best: Option<((usize, f64), Chosen)> = None;
    for depth in DEPTHS {
        let grow = |class: usize| {
            let targets: Vec<f64> =
                labels.iter().map(|&l| f64::from(u8::from(usize::from(l) == class))).collect();
            let mut ensemble = GradientBooster::default()
                .set_objective_type(ObjectiveType::LogLoss)
                .set_learning_rate(0.1)
                .set_max_depth(depth)
                .set_min_leaf_weight(0.1)
                .set_iterations(most_rounds)
                .set_sample_method(SampleMethod::Random)
                .set_subsample(SAMPLES_PER_TREE)
                .set_colsample_bytree(features_per_tree)
                .set_seed(seed);
            ensemble
                .fit_unweighted(&features, &targets, None)
                .map_err(|error| ReferenceError::Trees(error.to_string()))?;
            Ok((class, ensemble))
        };
        let ensembles = classes.iter().map(|&class| grow(class)).collect::<Result<Vec<_>, _>>()?;
        let mut model =
            BoostedTrees { columns: columns.clone(), shares: shares.clone(), ensembles };
        let mut best_rounds: Option<((usize, f64), usize)> = None;
        for &rounds in &rounds {
            model.use_rounds(rounds);
            let found = quality(model.probabilities(validation.x).view(), validation.labels);
            let usual = validation.labels.is_empty();
            if usual || best_rounds.is_none_or(|(quality, _)| better(found, quality)) {
                best_rounds = Some((found, rounds));
            }
        }
        let (found, rounds) = best_rounds.expect("there are rounds");
        if best.as_ref().is_none_or(|(quality, _)| better(found, *quality)) {
            model.use_rounds(rounds);
            let chosen = Chosen {
                model: Model::Trees(model),
                setting: format!("depth {depth}, {rounds} rounds"),
                validation_errors: found.0,
                n_fitted: labels.len(),
                converged: None,
            };
            best = Some((found, chosen));
        }
    }
    Ok(best.expect("there are depths").1)
}

impl BoostedTrees {
    /// Uses only the first trees.
    fn use_rounds(&mut self, rounds: usize) {
        let set = |(class, ensemble): (usize, GradientBooster)| {
            (class, ensemble.set_prediction_iteration(Some(rounds - 1)))
        };
        self.ensembles = std::mem::take(&mut self.ensembles).into_iter().map(set).collect();
    }

    pub(super) fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut probabilities = Array2::zeros((x.nrows(), self.shares.len()));
        if self.ensembles.is_empty() {
            probabilities.assign(&self.shares);
            return probabilities;
        }
        for first in (0..x.nrows()).step_by(BLOCK) {
            let rows = s![first..x.nrows().min(first + BLOCK), ..];
            let features = by_columns(x.slice(rows), &self.columns);
            let mut probabilities = probabilities.slice_mut(rows);
            let features = Matrix::new(&features, probabilities.nrows(), self.columns.len());
            for (class, ensemble) in &self.ensembles {
                let log_odds = ensemble.predict(&features, true);
                let column = probabilities.column_mut(*class);
                for (probability, log_odds) in column.into_iter().zip(log_odds) {
                    *probability = (1.0 / (1.0 + (-log_odds).exp())) as f32;
                }
            }
            if let [(second, _)] = self.ensembles[..] {
                let first = (0..self.shares.len())
                    .find(|&class| class != second && self.shares[class] > 0.0)
                    .expect("a single ensemble tells two classes apart");
                for mut row in probabilities.rows_mut() {
                    row[first] = 1.0 - row[second];
                }
            } else {
                for mut row in probabilities.rows_mut() {
                    let sum = row.sum().max(f32::MIN_POSITIVE);
                    row /= sum;
                }
            }
        }
        probabilities
    }
}

/// Whether a column has at least two values, besides missing ones.
fn varies(x: ArrayView2<f32>, column: usize) -> bool {
    let mut values = x.index_axis(Axis(1), column).into_iter().filter(|value| !value.is_nan());
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// These columns, in column-major order.
fn by_columns(x: ArrayView2<f32>, columns: &[usize]) -> Vec<f64> {
    let values = columns.iter().flat_map(|&j| x.index_axis_move(Axis(1), j));
    values.map(|value| f64::from(*value)).collect()
}
