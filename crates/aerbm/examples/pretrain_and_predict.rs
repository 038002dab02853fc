//! Pretrains two layers without labels, fine-tunes them with few, and predicts the classes of new rows.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use aerbm::RunConfig;
use aerbm::ndarray::{Array2, s};
use aerbm::stack::FineTuneConfig;

fn main() -> Result<(), aerbm::Error> {
    let (x, labels) = stripes(3_000);
    let settings = RunConfig::preset("dbn")?
        .with("layers=[64, 32]")?
        .with("training.epochs=20")?
        .with("top.epochs=20")?;
    let pretrained = aerbm::fit(&settings, &x, 1)?;
    let few = FineTuneConfig { updates: 500, batch_size: 20, ..Default::default() };
    let classifier = pretrained.fine_tune(x.slice(s![..200, ..]), &labels[..200], &few, 1)?;
    let (new, truth) = (x.slice(s![1_000.., ..]), &labels[1_000..]);
    let right = classifier.predict(new).iter().zip(truth).filter(|(a, b)| a == b).count();
    println!("{right} of {} new rows are classified correctly", truth.len());
    Ok(())
}

/// Images of 8 × 8 pixels with stripes of four widths, and the width's number as the class.
fn stripes(n: usize) -> (Array2<f32>, Vec<u8>) {
    let class = |row: usize| (row * 7 + row / 11) % 4;
    let x = Array2::from_shape_fn((n, 64), |(row, pixel)| {
        let on = (pixel % 8 + row % 3) / (class(row) + 1) % 2 == 0;
        let flipped = (row * 31 + pixel * 17) % 23 == 0;
        f32::from(on != flipped)
    });
    (x, (0..n).map(|row| class(row) as u8).collect())
}
