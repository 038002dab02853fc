//! Imputation: the missing values of a file's rows are filled with the values that a model expects.
//!
//! An RBM draws the missing values given the observed ones, by Gibbs sampling with the observed ones clamped.
//! The filled value is the mean of the draws, and the spread is their standard deviation. An autoencoder
//! reconstructs the missing values, which gives no spread.

use std::sync::Arc;

use mnist_io::{Contract, Original, RowBlock, Rows};
use ndarray::Array2;

use super::blocks::{for_each_block, in_whole_blocks};
use super::table::{Column, TableSink, Values};
use crate::config::at_least_one;
use crate::generation::Half;
use crate::likelihood::Subject;
use crate::monitor::Monitor;
use crate::trained::Trained;
use crate::{ConfigError, Error, Model};

/// The effort of filling missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImputeOptions {
    /// Number of draws of each missing value by an RBM. It has no effect with an autoencoder, which draws
    /// nothing.
    pub draws: usize,
    /// Gibbs steps before a draw, or successive reconstructions by an autoencoder.
    pub steps: usize,
    /// Seed of the draws of an RBM. It has no effect with an autoencoder.
    pub seed: u64,
    /// Whether columns `std_NAME` hold the spread of an RBM's draws. With an autoencoder, which has no
    /// spread, this is an error.
    pub spread: bool,
}

impl ImputeOptions {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first option out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        at_least_one(&[("draws", self.draws), ("steps", self.steps)])
    }

    /// Checks every bound, and that the model supports the options.
    fn validate_for(&self, model: &Model) -> Result<(), ConfigError> {
        self.validate()?;
        if self.spread && matches!(model, Model::Autoencoder(_)) {
            let expected = "false for an autoencoder, which fills missing values without draws and has no spread";
            return Err(ConfigError(format!("spread = true: expected {expected}")));
        }
        if self.spread && self.draws < 2 {
            return Err(ConfigError("draws = 1: expected 2 or more for a spread".to_owned()));
        }
        Ok(())
    }
}

impl Default for ImputeOptions {
    fn default() -> Self {
        ImputeOptions { draws: 100, steps: 50, seed: 1, spread: false }
    }
}

/// The result of filling a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of rows in which something was missing.
    pub n_incomplete: usize,
}

/// Writes all columns of the file in their order. Values that are present are unchanged, and missing values
/// are filled. Missing values of labels and of columns that the model does not use stay missing.
///
/// # Errors
/// [`Error::Config`] for options out of range and for the spread of an autoencoder, which has none;
/// [`Error::Kind`] for a deep belief network, [`Error::Data`] for a row that cannot be read, [`Error::Io`]
/// if the table cannot be written, [`Error::Interrupted`].
pub fn impute(
    trained: &Trained,
    contract: &Contract,
    rows: &mut Rows<'_>,
    options: ImputeOptions,
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<Filled, Error> {
    options.validate_for(&trained.model)?;
    rows.keep_values()?;
    sink.separate_by(rows.separator());
    let mut n_incomplete = 0;
    let n_rows = for_each_block(rows, monitor, |block| {
        let is_incomplete = |row: ndarray::ArrayView1<f32>| row.iter().any(|x| x.is_nan());
        n_incomplete += block.x.rows().into_iter().filter(|row| is_incomplete(*row)).count();
        sink.write(&filled(trained, contract, &block, options)?)
    })?;
    Ok(Filled { n_rows, n_incomplete })
}

/// Writes all pixels of images in their original units. Those outside the known half are filled as [`impute`]
/// fills missing values. Returns the number of images.
///
/// # Errors
/// As [`impute`], and [`Error::NotImages`] for rows that are not images.
pub fn inpaint(
    trained: &Trained,
    contract: &Contract,
    rows: &mut Rows<'_>,
    (known, options): (Half, ImputeOptions),
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<usize, Error> {
    options.validate_for(&trained.model)?;
    let shape = contract.shape();
    if !shape.is_image() {
        let (run, n_visible) = (trained.record.run.clone(), contract.n_features());
        return Err(Error::NotImages { run, n_visible });
    }
    rows.keep_values()?;
    sink.separate_by(rows.separator());
    let mask = known.mask(shape);
    for_each_block(rows, monitor, |mut block| {
        for (mut pixel, known) in block.x.columns_mut().into_iter().zip(&mask) {
            if !known {
                pixel.fill(f32::NAN);
            }
        }
        sink.write(&filled(trained, contract, &block, options)?)
    })
}

/// Returns the columns of the file with missing values filled, and the columns of the spread if requested.
fn filled(
    trained: &Trained,
    contract: &Contract,
    block: &RowBlock,
    options: ImputeOptions,
) -> Result<Vec<Column>, Error> {
    let x = block.x.view();
    let ImputeOptions { draws, steps, seed, spread } = options;
    let (filled, std) = if let Model::Autoencoder(model) = &trained.model {
        (in_whole_blocks(x, |x| model.impute(x, steps)), None)
    } else {
        let config = trained.config()?;
        let subject = Subject::of(&trained.model, &config).ok_or_else(|| Error::Kind {
            run: trained.record.run.clone(),
            expected: "an RBM of one layer or an autoencoder, which fill missing values",
        })?;
        let found = subject.rbm.impute(x, (draws, steps), seed);
        (found.mean.mapv(|x| x as f32), Some(found.std.mapv(|x| x as f32)))
    };
    let columns = block.filled(contract, filled.view()).expect("the rows keep their values");
    let columns = columns.into_iter();
    let mut batch: Vec<Column> =
        columns.map(|(name, values)| Column::new(name, Values::Original(values))).collect();
    if let Some(std) = std.filter(|_| spread) {
        batch.extend(spreads(contract, &std));
    }
    Ok(batch)
}

/// Returns the standard deviations of the numeric columns, in their original units.
fn spreads(contract: &Contract, std: &Array2<f32>) -> Vec<Column> {
    let at = |scale: f32| contract.original((std * scale).view()).into_iter();
    // Under an affine map, the standard deviation s becomes the difference between the images of s and of 0.
    let pairs = at(1.0).zip(at(0.0));
    pairs
        .filter_map(|((name, with), (_, without))| match (with, without) {
            (Original::Numbers(with), Original::Numbers(without)) => {
                let values = with.into_iter().zip(without).map(|(with, without)| {
                    with.zip(without).map_or(f64::NAN, |(with, without)| with - without)
                });
                let name: Arc<str> = format!("std_{name}").into();
                Some(Column::new(name, Values::Doubles(values.collect())))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunConfig;

    #[test]
    fn options_out_of_range_and_the_spread_of_an_autoencoder_are_named() {
        let model = |preset: &str| {
            let config =
                RunConfig::preset(preset).and_then(|config| config.with("model.n_hidden=2"));
            let config = config.and_then(|config| config.with("training.epochs=1"));
            let x = Array2::from_shape_fn((10, 4), |(i, j)| f32::from((i + j) % 2 == 0));
            crate::fit(&config.expect("settings"), &x, 1).expect("it converges").model
        };
        let (rbm, autoencoder) = (model("rbm"), model("autoencoder"));
        let default = ImputeOptions::default;
        for model in [&rbm, &autoencoder] {
            assert_eq!(default().validate_for(model), Ok(()));
            for (options, expected) in [
                (ImputeOptions { draws: 0, ..default() }, "draws = 0: expected at least 1"),
                (ImputeOptions { steps: 0, ..default() }, "steps = 0: expected at least 1"),
            ] {
                let refused = Error::from(options.validate_for(model).expect_err("a zero"));
                assert!(matches!(&refused, Error::Config(_)), "{refused}");
                assert_eq!(refused.to_string(), expected);
            }
        }
        let spread = ImputeOptions { spread: true, ..default() };
        assert_eq!(spread.validate_for(&rbm), Ok(()));
        let refused = spread.validate_for(&autoencoder).expect_err("no spread").to_string();
        assert!(
            refused.starts_with("spread = true: expected false for an autoencoder"),
            "{refused}"
        );
    }
}
