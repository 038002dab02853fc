//! Fits a denoising autoencoder, encodes data with it and removes noise.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use aerbm::RunConfig;
use aerbm::ndarray::Array2;

fn main() -> Result<(), aerbm::Error> {
    // Rows of sixty-four values in [0, 1]: waves of eight frequencies.
    let x = Array2::from_shape_fn((2_000, 64), |(row, column)| {
        0.5 + 0.5 * ((row % 8 + 1) as f32 * column as f32 / 10.0).sin()
    });
    let settings =
        RunConfig::preset("denoising")?.with("model.n_hidden=32")?.with("training.epochs=20")?;
    let trained = aerbm::fit(&settings, &x, 1)?;
    let codes = trained.model.encode(x.view());
    println!("{} codes of {} units", codes.nrows(), codes.ncols());
    let mut noisy = x.clone();
    noisy.indexed_iter_mut().for_each(|((row, column), x)| {
        if (row * 7 + column * 5) % 4 == 0 {
            *x = 0.0;
        }
    });
    let restored = trained.model.reconstruct(noisy.view());
    let error = |y: &Array2<f32>| (y - &x).mapv(|d| d * d).mean().unwrap_or_default();
    println!("squared error {:.4} with noise, {:.4} restored", error(&noisy), error(&restored));
    Ok(())
}
