//! Classifiers from few labels: layers are pretrained on all rows and fine-tuned on the labelled ones.

use mnist_io::ImageShape;
use ndarray::{ArrayView2, Axis};
use nn_core::{BlockKind, Layout, observed};
use numerics::{Purpose, Stream};
use rand::seq::SliceRandom as _;
use stack::{
    Classifier, FineTuneConfig, Labelled, PlannedLayer, fine_tune_with_unlabelled, fit_to_images,
    greedy,
};

use crate::config::ConfigError;
use crate::monitor::observer;
use crate::{Error, Monitor, TrainedClassifier, with_threads};

const HELD_OUT: Purpose = Purpose::new("held out");

/// The name of the run in errors.
const RUN: &str = "classifier";

/// The network of a classifier and its training.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierSettings {
    /// The hidden layers from the data up; none for logistic regression.
    pub layers: Vec<PlannedLayer>,
    /// The fine-tuning.
    pub fine_tuning: FineTuneConfig,
    /// The fraction of each class's labelled rows, in [0, 1), that is held out to decide when to stop. The
    /// network with the fewest errors on them is kept, or the latest of several. If no class has enough rows
    /// to hold one out, the network after the last step is kept, and it has no validation error. That is the
    /// better choice with few labels, since a few rows cannot distinguish good networks.
    pub validation_fraction: f64,
}

/// Pretrains the layers on all rows of `x` (n × features) and fine-tunes them on those with a label, a number
/// below `n_classes`. The first layer is adapted to the data: unless all values are in [0, 1], they count as
/// real numbers. Missing values (NaN) give no input.
///
/// # Errors
/// [`Error::Config`] if the numbers of rows and labels differ, there is no label, a label is not below
/// `n_classes`, or the fraction is out of range; [`Error::Training`] for settings out of range or divergence;
/// [`Error::Interrupted`].
pub fn fit_classifier(
    settings: &ClassifierSettings,
    x: ArrayView2<'_, f32>,
    labels: &[Option<u8>],
    n_classes: usize,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<TrainedClassifier, Error> {
    let wrong = |message: String| Error::from(ConfigError(message));
    if x.nrows() != labels.len() {
        let message = format!("{} rows and {} labels: expected as many", x.nrows(), labels.len());
        return Err(wrong(message));
    }
    let fraction = settings.validation_fraction;
    if !(0.0..1.0).contains(&fraction) {
        return Err(wrong(format!(
            "validation_fraction = {fraction}: expected a number in [0, 1)"
        )));
    }
    if labels.iter().all(Option::is_none) {
        return Err(wrong("no row has a label: expected at least one".to_owned()));
    }
    let is_too_large = |label: &u8| usize::from(*label) >= n_classes;
    let mut numbered = labels.iter().enumerate();
    if let Some((row, label)) =
        numbered.find_map(|(row, label)| Some((row, label.filter(is_too_large)?)))
    {
        return Err(wrong(format!(
            "labels[{row}] = {label}: expected a number below n_classes = {n_classes}"
        )));
    }
    settings.fine_tuning.validate()?;
    let mut plan = settings.layers.clone();
    suit(&mut plan, x)?;
    let epochs = plan.iter().map(|layer| layer.pretraining.epochs()).sum();
    monitor.begin("pretraining", epochs);
    let mut on_epoch = observer(monitor);
    let learned = with_threads(|| greedy(&plan, x, seed, &mut |_, progress| on_epoch(progress)));
    monitor.finish();
    let failed = |source| Error::training(RUN, source);
    let learned = learned.map_err(failed)?;

    let (train, held_out) = hold_out(labels, n_classes, fraction, seed);
    let validation_rows = held_out.len();
    let (evaluated, fine_tuning) = if held_out.is_empty() {
        // Nothing chooses among the networks of several evaluations. The single evaluation of fine-tuning is
        // on the training rows, so it is not a validation error.
        (&train, FineTuneConfig { evaluations: 1, ..settings.fine_tuning.clone() })
    } else {
        (&held_out, settings.fine_tuning.clone())
    };
    let x = observed(x);
    let rows = |rows: &[usize]| x.select(Axis(0), rows);
    let classes = |rows: &[usize]| -> Vec<u8> { rows.iter().filter_map(|&i| labels[i]).collect() };
    let (train_x, train_labels) = (rows(&train), classes(&train));
    let (evaluated_x, evaluated_labels) = (rows(evaluated), classes(evaluated));
    let start = match learned.as_slice() {
        [] => Classifier::linear(x.ncols(), n_classes, seed),
        layers => Classifier::new(layers, n_classes, seed),
    };
    monitor.begin("fine-tuning", fine_tuning.evaluations);
    let tuned = with_threads(|| {
        fine_tune_with_unlabelled(
            start,
            Labelled::new(&train_x, &train_labels),
            x.view(),
            Labelled::new(&evaluated_x, &evaluated_labels),
            &fine_tuning,
            seed,
            &mut observer(monitor),
        )
    });
    monitor.finish();
    let tuned = tuned.map_err(failed)?;
    let errors = tuned.validation_errors as f64;
    let error_pct = || 100.0 * errors / validation_rows as f64;
    Ok(TrainedClassifier {
        classifier: tuned.model,
        validation_error_pct: (validation_rows > 0).then(error_pct),
        validation_rows,
        origin: None,
    })
}

/// Adapts the layers to the data: to the kind of values, and to the size of the images.
fn suit(plan: &mut [PlannedLayer], x: ArrayView2<'_, f32>) -> Result<(), Error> {
    let unit = x.iter().all(|value| value.is_nan() || (0.0..=1.0).contains(value));
    if let Some(first) = plan.first_mut()
        && !unit
    {
        first.pretraining.fit_to(&Layout::new([(BlockKind::Real, x.ncols())]));
    }
    let shape = ImageShape::of_features(x.ncols());
    let shape = shape.is_image().then_some([shape.height, shape.width, shape.channels]);
    fit_to_images(plan.iter_mut().map(|layer| &mut layer.pretraining), shape)?;
    Ok(())
}

/// The labelled rows for training, and those that are held out: this fraction of each class, drawn at random,
/// but never all of a class.
fn hold_out(
    labels: &[Option<u8>],
    n_classes: usize,
    fraction: f64,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let mut of_class: Vec<Vec<usize>> = vec![vec![]; n_classes];
    for (row, label) in labels.iter().enumerate() {
        if let Some(own) = label.and_then(|label| of_class.get_mut(usize::from(label))) {
            own.push(row);
        }
    }
    let mut rng = Stream::new(seed, HELD_OUT).rng();
    let (mut train, mut held_out) = (vec![], vec![]);
    for mut rows in of_class {
        rows.shuffle(&mut rng);
        #[allow(clippy::cast_sign_loss, reason = "the fraction is in [0, 1)")]
        let n = (fraction * rows.len() as f64) as usize;
        held_out.extend(rows.drain(..n));
        train.extend(rows);
    }
    train.sort_unstable();
    held_out.sort_unstable();
    (train, held_out)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use stack::RbmPretraining;

    use super::*;

    /// Stripes of three phases with noise, and the phase of every tenth row.
    fn few_labels() -> (Array2<f32>, Vec<Option<u8>>, Vec<u8>) {
        let class = |row: usize| row * 7 % 3;
        let x = Array2::from_shape_fn((600, 24), |(row, column)| {
            let on = (class(row) + column) % 3 == 0;
            f32::from(on != ((row * 31 + column * 17) % 13 == 0))
        });
        let truth: Vec<u8> = (0..600).map(|row| class(row) as u8).collect();
        let labels = truth.iter().enumerate().map(|(row, &k)| (row % 10 == 0).then_some(k));
        (x, labels.collect(), truth)
    }

    fn settings() -> ClassifierSettings {
        let updates = FineTuneConfig {
            updates: 400,
            batch_size: 20,
            learning_rate: 0.01,
            ..Default::default()
        };
        ClassifierSettings {
            layers: vec![PlannedLayer::new(RbmPretraining::default(), 16)],
            fine_tuning: updates,
            validation_fraction: 0.25,
        }
    }

    #[test]
    fn unlabelled_rows_are_classified() {
        let (x, labels, truth) = few_labels();
        for settings in [settings(), ClassifierSettings { layers: vec![], ..settings() }] {
            let found = fit_classifier(&settings, x.view(), &labels, 3, 1, &()).expect("trained");
            let right = found.predict(&x).iter().zip(&truth).filter(|(a, b)| a == b).count();
            assert!(right > 540, "{right} of 600");
            assert_eq!(found.validation_rows, 15);
            assert!(found.validation_error_pct.is_some_and(|error| error < 20.0));
            let again = fit_classifier(&settings, x.view(), &labels, 3, 1, &()).expect("trained");
            assert_eq!(found, again);
        }
    }

    #[test]
    fn without_rows_to_choose_by_the_last_network_is_kept() {
        let (x, labels, _) = few_labels();
        let fitted = |evaluations: usize| {
            let fine_tuning = FineTuneConfig { evaluations, ..settings().fine_tuning };
            let settings =
                ClassifierSettings { fine_tuning, validation_fraction: 0.0, ..settings() };
            fit_classifier(&settings, x.view(), &labels, 3, 1, &()).expect("trained")
        };
        assert_eq!(fitted(20), fitted(1));
    }

    #[test]
    fn real_numbers_have_units_that_suit_them() {
        let (x, labels, truth) = few_labels();
        let x = x.mapv(|value| 4.0 * value - 2.0);
        let settings = ClassifierSettings { validation_fraction: 0.0, ..settings() };
        let found = fit_classifier(&settings, x.view(), &labels, 3, 1, &()).expect("trained");
        let right = found.predict(&x).iter().zip(&truth).filter(|(a, b)| a == b).count();
        assert!(right > 540, "{right} of 600");
        assert_eq!((found.validation_rows, found.validation_error_pct), (0, None));
    }

    #[test]
    fn a_fraction_of_too_few_rows_holds_out_none() {
        let (x, labels, _) = few_labels();
        let mut left = [6; 3];
        let six_of_each = labels.iter().map(|label| {
            let left = &mut left[usize::from((*label)?)];
            *left = usize::checked_sub(*left, 1)?;
            *label
        });
        let six_of_each: Vec<Option<u8>> = six_of_each.collect();
        assert_eq!(six_of_each.iter().flatten().count(), 18);
        let settings =
            ClassifierSettings { layers: vec![], validation_fraction: 0.1, ..settings() };
        let found = fit_classifier(&settings, x.view(), &six_of_each, 3, 1, &()).expect("trained");
        assert_eq!((found.validation_rows, found.validation_error_pct), (0, None));
    }

    #[test]
    fn missing_values_give_no_input() {
        let (mut x, labels, truth) = few_labels();
        for ((row, column), value) in x.indexed_iter_mut() {
            if (row * 13 + column * 29) % 10 == 0 {
                *value = f32::NAN;
            }
        }
        for settings in [settings(), ClassifierSettings { layers: vec![], ..settings() }] {
            let found = fit_classifier(&settings, x.view(), &labels, 3, 1, &()).expect("trained");
            let right = found.predict(&x).iter().zip(&truth).filter(|(a, b)| a == b).count();
            assert!(right > 500, "{right} of 600");
        }
    }

    #[test]
    fn unsuitable_labels_and_fractions_are_refused() {
        let (x, labels, _) = few_labels();
        let error = |settings, labels: &[Option<u8>]| {
            let found = fit_classifier(&settings, x.view(), labels, 3, 1, &());
            found.expect_err("unsuitable").to_string()
        };
        assert!(error(settings(), &labels[1..]).contains("600 rows and 599 labels"));
        assert!(error(settings(), &[None; 600]).contains("no row has a label"));
        let all = ClassifierSettings { validation_fraction: 1.0, ..settings() };
        assert!(error(all, &labels).contains("validation_fraction = 1"));
        let first_of_class_2 = labels.iter().position(|label| *label == Some(2)).expect("some");
        let refused = fit_classifier(&settings(), x.view(), &labels, 2, 1, &());
        let found = refused.expect_err("a third class");
        assert!(matches!(found, Error::Config(_)), "{found}");
        let expected =
            format!("labels[{first_of_class_2}] = 2: expected a number below n_classes = 2");
        assert_eq!(found.to_string(), expected);
    }
}
