//! Matrices cut into shards of contiguous rows, one shard for each task of the team.

use std::ops::Range;

use ndarray::{ArrayViewMut1, ArrayViewMut2, Axis};

use crate::{team, times};

/// Minimum number of rows in a shard, unless there are fewer in total.
const SHARD_ROWS: usize = 24;
/// Maximum number of shards.
pub(crate) const MAX_SHARDS: usize = 16;

/// Mutable data that can be split along its rows: views, slices, and tuples of them, which are split
/// at the same row. `()` has no rows and fits everywhere.
///
/// ```
/// use ndarray::{Array1, Array2};
/// let (mut table, mut sums) = (Array2::<f32>::ones((1000, 3)), Array1::<f32>::zeros(1000));
/// numerics::by_rows(1000, (table.view_mut(), sums.view_mut()), |_, (table, mut sums)| {
///     sums.assign(&table.sum_axis(ndarray::Axis(1)));
/// });
/// assert_eq!(sums[999], 3.0);
/// ```
pub trait Split: Sized + Send {
    /// The number of rows; `None` if any number fits.
    fn n_rows(&self) -> Option<usize>;

    /// The rows before `index`, and the rows from `index` on.
    #[must_use]
    fn split_rows(self, index: usize) -> (Self, Self);
}

impl<T: Send> Split for ArrayViewMut2<'_, T> {
    fn n_rows(&self) -> Option<usize> {
        Some(self.nrows())
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        self.split_at(Axis(0), index)
    }
}

impl<T: Send> Split for ArrayViewMut1<'_, T> {
    fn n_rows(&self) -> Option<usize> {
        Some(self.len())
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        self.split_at(Axis(0), index)
    }
}

impl<T: Send> Split for &mut [T] {
    fn n_rows(&self) -> Option<usize> {
        Some(self.len())
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        self.split_at_mut(index)
    }
}

impl<S: Split> Split for Option<S> {
    fn n_rows(&self) -> Option<usize> {
        self.as_ref().and_then(Split::n_rows)
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        match self {
            Some(rows) => {
                let (before, after) = rows.split_rows(index);
                (Some(before), Some(after))
            }
            None => (None, None),
        }
    }
}

impl Split for () {
    fn n_rows(&self) -> Option<usize> {
        None
    }

    fn split_rows(self, _: usize) -> (Self, Self) {
        ((), ())
    }
}

macro_rules! split_tuple {
    ($($part:ident),+) => {
        impl<$($part: Split),+> Split for ($($part,)+) {
            fn n_rows(&self) -> Option<usize> {
                #[allow(non_snake_case, reason = "one name for a type and its value")]
                let ($($part,)+) = self;
                let mut rows = None;
                $(
                    if let Some(n) = $part.n_rows() {
                        assert!(rows.is_none_or(|rows| rows == n), "parts with unequal rows");
                        rows = Some(n);
                    }
                )+
                rows
            }

            #[allow(non_snake_case, reason = "one name for a type and its value")]
            fn split_rows(self, index: usize) -> (Self, Self) {
                let ($($part,)+) = self;
                $(let $part = $part.split_rows(index);)+
                (($($part.0,)+), ($($part.1,)+))
            }
        }
    };
}
split_tuple!(A);
split_tuple!(A, B);
split_tuple!(A, B, C);
split_tuple!(A, B, C, D);

/// Cuts `n_rows` rows into shards and calls `body` for each, with its range of rows and its part of
/// `outputs`, spread over the team.
///
/// The shards depend on `n_rows` alone, so the results are the same for any number of threads.
///
/// # Panics
/// If `outputs` does not have `n_rows` rows, or `body` panics.
pub fn by_rows<S: Split>(n_rows: usize, outputs: S, body: impl Fn(Range<usize>, S) + Sync) {
    by_shards(n_rows / SHARD_ROWS, n_rows, outputs, body);
}

/// Does the same as [`by_rows`], with one shard for each thread of the team: for long work on the same rows.
/// The result for a row must not depend on the rows beside it.
///
/// # Panics
/// Under the conditions of [`by_rows`].
pub fn by_thread<S: Split>(n_rows: usize, outputs: S, body: impl Fn(Range<usize>, S) + Sync) {
    by_shards(team::team_size(), n_rows, outputs, body);
}

/// Loops over fewer elements than this, which add or copy them, are done before the team starts.
const SMALL_LOOP: usize = 1 << 14;

/// Number of threads for a loop over this many elements.
pub(crate) fn workers_on(elements: usize) -> usize {
    if elements < SMALL_LOOP { 1 } else { team::team_size() }
}

/// Does the same as [`by_rows`] for `n` elements, on which `body` does a few operations each. The result
/// for an element must not depend on the elements beside it.
///
/// # Panics
/// Under the conditions of [`by_rows`].
pub fn by_elements<S: Split>(n: usize, outputs: S, body: impl Fn(Range<usize>, S) + Sync) {
    by_shards(workers_on(n), n, outputs, body);
}

/// Does the same as [`by_rows`], with this number of shards (or the nearest possible one). The number
/// may depend on the team if the result for a row does not depend on its shard.
pub(crate) fn by_shards<S: Split>(
    shards: usize,
    n_rows: usize,
    outputs: S,
    body: impl Fn(Range<usize>, S) + Sync,
) {
    by_aligned_shards(1, shards, n_rows, outputs, body);
}

/// Does the same as [`by_shards`], in the phase of this name.
pub(crate) fn by_shards_in<S: Split>(
    phase: &'static str,
    shards: usize,
    n_rows: usize,
    outputs: S,
    body: impl Fn(Range<usize>, S) + Sync,
) {
    times::phase(phase, || by_shards(shards, n_rows, outputs, body));
}

/// Number of `f32` columns in a cache line of 64 bytes.
pub(crate) const CACHE_LINE: usize = 16;

/// Calls `body` once for each of this many threads with its columns of a matrix, which are the rows of
/// `outputs`.
///
/// The columns fill whole cache lines, to avoid false sharing. The result for a column must not depend
/// on its shard.
pub(crate) fn by_columns<S: Split>(
    threads: usize,
    n_columns: usize,
    outputs: S,
    body: impl Fn(Range<usize>, S) + Sync,
) {
    by_aligned_shards(CACHE_LINE, threads, n_columns, outputs, body);
}

/// Cuts rows into shards that begin at multiples of `granule` rows.
fn by_aligned_shards<S: Split>(
    granule: usize,
    shards: usize,
    n_rows: usize,
    outputs: S,
    body: impl Fn(Range<usize>, S) + Sync,
) {
    assert!(
        outputs.n_rows().is_none_or(|n| n == n_rows),
        "outputs of {:?} rows for {n_rows} rows",
        outputs.n_rows()
    );
    let cut = Cut { n_rows, granule, shards: shards.clamp(1, MAX_SHARDS) };
    let parts = Parts::cut(outputs, cut);
    times::for_each(cut.shards, |shard| {
        body(cut.bounds(shard), parts.take(shard));
    });
}

/// The boundaries of the shards.
#[derive(Clone, Copy)]
struct Cut {
    n_rows: usize,
    granule: usize,
    shards: usize,
}

impl Cut {
    fn bounds(self, shard: usize) -> Range<usize> {
        let granules = self.n_rows.div_ceil(self.granule);
        let start = |shard: usize| (shard * granules / self.shards * self.granule).min(self.n_rows);
        start(shard)..start(shard + 1)
    }
}

/// The parts of the outputs, each taken by the one task that owns it. They live on the stack, because
/// a training step must not allocate.
struct Parts<S>([std::sync::Mutex<Option<S>>; MAX_SHARDS]);

impl<S: Split> Parts<S> {
    fn cut(outputs: S, cut: Cut) -> Self {
        let mut rest = Some(outputs);
        Parts(std::array::from_fn(|shard| {
            std::sync::Mutex::new((shard < cut.shards).then(|| {
                let range = cut.bounds(shard);
                let outputs = rest.take().expect("a part is left for each shard");
                let (part, after) = outputs.split_rows(range.len());
                rest = Some(after);
                part
            }))
        }))
    }

    fn take(&self, shard: usize) -> S {
        let part = self.0[shard].lock().expect("no task panics while it takes its part").take();
        part.expect("each part is taken once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_team;
    use ndarray::Array2;

    #[test]
    fn shards_cover_all_rows_once_in_order() {
        for n_rows in [0, 1, 23, 24, 47, 48, 100, 784, 1000, 60_000] {
            for (granule, shards) in [(1, n_rows / SHARD_ROWS), (CACHE_LINE, 2), (CACHE_LINE, 5)] {
                let cut = Cut { n_rows, granule, shards: shards.clamp(1, MAX_SHARDS) };
                let covered: Vec<usize> = (0..cut.shards).flat_map(|s| cut.bounds(s)).collect();
                assert!(covered.into_iter().eq(0..n_rows), "{n_rows} in granules of {granule}");
            }
        }
    }

    #[test]
    fn each_shard_writes_its_own_rows() {
        for threads in [1, 2, 5] {
            let mut table = Array2::<usize>::zeros((100, 2));
            let mut slice = vec![0; 100];
            with_team(threads, || {
                by_rows(100, (table.view_mut(), slice.as_mut_slice()), |rows, (mut t, s)| {
                    for (i, row) in rows.enumerate() {
                        t[[i, 1]] = row;
                        s[i] = row * 2;
                    }
                });
            });
            assert!(table.column(1).iter().copied().eq(0..100));
            assert!(slice.into_iter().eq((0..100).map(|i| i * 2)));
        }
    }

    #[test]
    #[allow(clippy::should_panic_without_expect, reason = "the outcome is caught here")]
    fn unequal_parts_are_refused() {
        let outcome = std::panic::catch_unwind(|| {
            by_rows(3, (vec![0; 3].as_mut_slice(), vec![0; 4].as_mut_slice()), |_, _| ());
        });
        assert!(outcome.is_err());
    }
}
