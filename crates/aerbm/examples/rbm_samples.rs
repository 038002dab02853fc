//! Fits a restricted Boltzmann machine to patterns and draws samples from it.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use aerbm::RunConfig;
use aerbm::ndarray::Array2;

fn main() -> Result<(), aerbm::Error> {
    // Rows of sixteen binary values: one block of four is on, the others are off.
    let x = Array2::from_shape_fn((2_000, 16), |(row, column)| f32::from(column / 4 == row % 4));
    let settings = RunConfig::preset("rbm")?
        .with("model.n_hidden=32")?
        .with("training.epochs=60")?
        .with("training.batch_size=20")?;
    let rbm = aerbm::fit(&settings, &x, 1)?;
    let samples = rbm.model.sample(10, 1_000, 2).expect("an RBM has a distribution");
    for sample in samples.rows() {
        let blocks = sample.iter().map(|&p| if p > 0.5 { '#' } else { '.' });
        println!("{}", blocks.collect::<String>());
    }
    Ok(())
}
