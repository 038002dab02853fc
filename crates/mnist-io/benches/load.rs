//! Time to load MNIST from its gzip files into memory: median and minimum of several loads.

use std::time::Instant;

use mnist_io::ReadOptions;

const LOADS: usize = 9;

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist");
    let mut seconds: Vec<f64> = (0..LOADS)
        .map(|_| {
            let start = Instant::now();
            mnist_io::open(folder, &ReadOptions::default())
                .expect("data/mnist is in the repository");
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    print_line(&format!(
        "MNIST from gzip to memory: median {:.3} s, best {:.3} s of {LOADS}, {} threads\n",
        seconds[LOADS / 2],
        seconds[0],
        rayon::current_num_threads()
    ));
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    print!("{line}");
}
