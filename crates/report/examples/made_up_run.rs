//! Writes a made-up run to a folder and builds its page, for working on the page's style: `cargo run -p
//! aerbm-report --example made_up_run -- FOLDER [t10k-images-idx3-ubyte]`.
//!
//! The second argument is an uncompressed file of MNIST images; without it the digits are discs.

#[path = "../tests/folder/made_up/mod.rs"]
mod made_up;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let dir = arguments.next().ok_or("expected a folder to write to")?;
    let images = match arguments.next() {
        Some(file) => std::fs::read(file)?[16..]
            .chunks_exact(784)
            .take(80)
            .map(|image| image.iter().map(|&pixel| f32::from(pixel) / 255.0).collect())
            .collect(),
        None => (0..80).map(disc).collect::<Vec<Vec<f32>>>(),
    };
    made_up::comparison_run(&dir, &images)?;
    report::build(&dir, &made_up::styles(), Some(&made_up::answer()))?;
    made_up::single_run(&dir.join("single"))?;
    report::build(&dir.join("single"), &report::Styles::default(), None)?;
    Ok(())
}

fn disc(radius: usize) -> Vec<f32> {
    let r = (4 + radius % 9) as f32;
    (0..784)
        .map(|i| ((i % 28) as f32 - 13.5).hypot((i / 28) as f32 - 13.5))
        .map(|distance| (r - distance).clamp(0.0, 1.0))
        .collect()
}
