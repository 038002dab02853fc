//! Missing values of rows of a file, filled by what a model expects there.
//!
//! An RBM draws the missing values given the observed ones, by Gibbs sampling with these clamped: the value
//! is the mean over the draws, and its spread their standard deviation. An autoencoder reconstructs them,
//! which gives no spread.

use std::sync::Arc;

use mnist_io::{Contract, Original, Rows};
use ndarray::{Array2, ArrayView2};

use super::blocks::{for_each_block, in_whole_blocks};
use super::encode::originals;
use super::table::{Column, TableSink, Values};
use crate::generation::Half;
use crate::likelihood::Subject;
use crate::monitor::Monitor;
use crate::trained::Trained;
use crate::{Error, Model};

/// The effort of filling missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImputeOptions {
    /// Number of draws of each missing value, of an RBM.
    pub draws: usize,
    /// Gibbs steps before a draw, or reconstructions of an autoencoder one after another.
    pub steps: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Whether columns `std_NAME` hold the spread of the draws.
    pub spread: bool,
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

/// Writes all columns of the data in their units, with missing values filled.
///
/// # Errors
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
    let mut n_incomplete = 0;
    let n_rows = for_each_block(rows, monitor, |block| {
        let is_incomplete = |row: ndarray::ArrayView1<f32>| row.iter().any(|x| x.is_nan());
        n_incomplete += block.x.rows().into_iter().filter(|row| is_incomplete(*row)).count();
        sink.write(&filled(trained, contract, block.x.view(), options)?)
    })?;
    Ok(Filled { n_rows, n_incomplete })
}

/// Writes all pixels of images in their units, with those outside the half that is known filled as
/// [`impute`] fills missing values. Returns the number of images.
///
/// # Errors
/// As [`impute`], and [`Error::NotImages`] for rows of another kind.
pub fn inpaint(
    trained: &Trained,
    contract: &Contract,
    rows: &mut Rows<'_>,
    (known, options): (Half, ImputeOptions),
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<usize, Error> {
    let shape = contract.shape();
    if !shape.is_image() {
        let (run, n_visible) = (trained.record.run.clone(), contract.n_features());
        return Err(Error::NotImages { run, n_visible });
    }
    let mask = known.mask(shape);
    for_each_block(rows, monitor, |mut block| {
        for (mut pixel, known) in block.x.columns_mut().into_iter().zip(&mask) {
            if !known {
                pixel.fill(f32::NAN);
            }
        }
        sink.write(&filled(trained, contract, block.x.view(), options)?)
    })
}

/// The columns of the data with missing values of `x` (n × features) filled, and those of the spread where
/// it is asked for.
fn filled(
    trained: &Trained,
    contract: &Contract,
    x: ArrayView2<f32>,
    options: ImputeOptions,
) -> Result<Vec<Column>, Error> {
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
    let mut batch = originals(contract, filled.view());
    if let Some(std) = std.filter(|_| spread) {
        batch.extend(spreads(contract, &std));
    }
    Ok(batch)
}

/// The standard deviations of the columns of numbers, in their units.
fn spreads(contract: &Contract, std: &Array2<f32>) -> Vec<Column> {
    let at = |scale: f32| contract.original((std * scale).view()).into_iter();
    // An affine map turns standard deviations s into the difference between those of s and of 0.
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
