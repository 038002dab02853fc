//! Blocks of rows, as models are applied to them.

use mnist_io::{RowBlock, Rows};
use ndarray::{Array2, ArrayView2, s};

use crate::monitor::Monitor;
use crate::{Error, threads, with_threads};

/// Number of rows that models pass through their layers together.
const TOGETHER: usize = 1000;

/// Applies `model` to the rows of `x` (n × features), padded with rows of zeros to a positive multiple of 1000, and
/// returns its first n rows. All products then have the same shapes, so that the result of a row does not
/// depend on the rows beside it or on their number, to the bit.
pub(super) fn in_whole_blocks(
    x: ArrayView2<f32>,
    model: impl FnOnce(ArrayView2<f32>) -> Array2<f32>,
) -> Array2<f32> {
    let n = x.nrows();
    let whole = n.next_multiple_of(TOGETHER).max(TOGETHER);
    if whole == n {
        return model(x);
    }
    let mut filled = Array2::zeros((whole, x.ncols()));
    filled.slice_mut(s![..n, ..]).assign(&x);
    model(filled.view()).slice_move(s![..n, ..])
}

/// Calls `each` with every block of rows, in order, and returns the number of rows. With several threads, the
/// next block is read in the meantime.
pub(super) fn for_each_block(
    rows: &mut Rows<'_>,
    monitor: &dyn Monitor,
    mut each: impl FnMut(RowBlock) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut n_rows = 0;
    let mut take = |block: Result<RowBlock, mnist_io::Error>| {
        if monitor.flow().is_break() {
            return Err(Error::Interrupted);
        }
        let block = block?;
        n_rows += block.x.nrows();
        each(block)
    };
    // This starts the threads of the process, which are then those of the pool.
    let _ = threads();
    // The reader spreads its work over the pool. If this thread is the only one of the pool, that work would
    // never begin while this thread waits for a block.
    if rayon::current_num_threads() == 1 {
        let mut outcome = Ok(());
        with_threads(|| {
            rows.all(|block| {
                outcome = take(block);
                outcome.is_ok()
            });
        });
        return outcome.map(|()| n_rows);
    }
    let (sender, blocks) = std::sync::mpsc::sync_channel(0);
    std::thread::scope(|scope| {
        // The reader ends when there are no more rows, or when the receiver is gone.
        scope.spawn(move || rows.all(|block| sender.send(block).is_ok()));
        with_threads(|| blocks.into_iter().try_for_each(take))
    })?;
    Ok(n_rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunConfig;

    #[test]
    fn a_row_has_the_same_result_alone_and_among_others() {
        let x = Array2::from_shape_fn((1_100, 20), |(i, j)| ((i * 7 + j * 13) % 11) as f32 / 10.0);
        for preset in ["rbm", "autoencoder"] {
            let settings = RunConfig::preset(preset).and_then(|s| s.with("model.n_hidden=9"));
            let settings = settings.and_then(|s| s.with("training.epochs=1")).expect("settings");
            let model = crate::fit(&settings, &x, 1).expect("it converges").model;
            let encode = |x: ArrayView2<f32>| in_whole_blocks(x, |x| model.encode(x));
            let together = encode(x.view());
            for rows in [0..1, 5..12, 40..80, 999..1_100] {
                let few = encode(x.slice(s![rows.clone(), ..]));
                assert_eq!(few, together.slice(s![rows, ..]), "{preset}");
            }
        }
    }
}
