//! Pooling of one sample's maps (positions × maps, row by row), and its backward pass.

use numerics::Real;
use numerics::elementary::vectorised;

use crate::Convolution;

/// The windows of max-pooling on a grid of positions.
struct Windows {
    columns: usize,
    side: usize,
    /// Rows and columns of the pooled maps.
    pooled: [usize; 2],
    maps: usize,
}

impl Windows {
    fn new(convolution: &Convolution, side: usize) -> Self {
        let [rows, columns, maps] = convolution.output();
        Windows { columns: convolution.patches().columns(), side, pooled: [rows, columns], maps }
    }

    /// Calls `each` with the index of every window and that of its first position.
    #[inline(always)]
    fn for_each(&self, mut each: impl FnMut(usize, usize)) {
        let [rows, columns] = self.pooled;
        for y in 0..rows {
            for x in 0..columns {
                each(y * columns + x, (y * self.columns + x) * self.side);
            }
        }
    }

    /// The values of all maps at one position, where `place` is its index in the window that begins at
    /// `first`.
    #[inline(always)]
    fn range(&self, first: usize, place: usize) -> std::ops::Range<usize> {
        let position = first + place / self.side * self.columns + place % self.side;
        position * self.maps..(position + 1) * self.maps
    }
}

/// Writes the largest value of each window into `pooled`, and its position in the window into `places`, the
/// first one if several are equal. NaN counts as the largest.
pub(crate) fn max_pool<F: Real>(
    (convolution, side): (&Convolution, usize),
    values: &[F],
    pooled: &mut [F],
    places: Option<&mut [u8]>,
) {
    let windows = Windows::new(convolution, side);
    let maps = windows.maps;
    let mut places = places;
    vectorised(
        #[inline(always)]
        || {
            windows.for_each(
                #[inline(always)]
                |window, first| {
                    for start in (0..maps).step_by(LANES) {
                        let n = LANES.min(maps - start);
                        // Whole registers of maps, whose number is a constant, or the remainder.
                        let (best, at) = if n == LANES {
                            largest(&windows, values, first, start, LANES)
                        } else {
                            largest(&windows, values, first, start, n)
                        };
                        let range = window * maps + start..window * maps + start + n;
                        pooled[range.clone()].copy_from_slice(&best[..n]);
                        if let Some(places) = &mut places {
                            for (place, &at) in places[range].iter_mut().zip(&at[..n]) {
                                *place = at as u8;
                            }
                        }
                    }
                },
            );
        },
    );
}

/// Number of maps that are pooled at a time.
const LANES: usize = 16;

/// The largest values in the window that begins at `first`, and their places in it, for `n` maps from
/// number `start` on. Places are as wide as values, so that one comparison selects both.
#[inline(always)]
fn largest<F: Real>(
    windows: &Windows,
    values: &[F],
    first: usize,
    start: usize,
    n: usize,
) -> ([F; LANES], [u32; LANES]) {
    let (mut best, mut at) = ([F::zero(); LANES], [0; LANES]);
    best[..n].copy_from_slice(&values[windows.range(first, 0)][start..start + n]);
    for place in 1..windows.side * windows.side {
        let values = &values[windows.range(first, place)][start..start + n];
        for i in 0..n {
            let larger = values[i] > best[i] || values[i].is_nan();
            best[i] = if larger { values[i] } else { best[i] };
            at[i] = if larger { place as u32 } else { at[i] };
        }
    }
    (best, at)
}

/// Writes the derivatives with respect to the values before max-pooling into `deltas`: those of the pooled
/// values at the places of the maxima, and 0 elsewhere.
pub(crate) fn max_unpool<F: Real>(
    (convolution, side): (&Convolution, usize),
    pooled: &[F],
    places: &[u8],
    deltas: &mut [F],
) {
    let windows = Windows::new(convolution, side);
    let maps = windows.maps;
    let all = windows.pooled[0] * windows.pooled[1] * side * side * maps == deltas.len();
    if !all {
        deltas.fill(F::zero());
    }
    vectorised(
        #[inline(always)]
        || {
            windows.for_each(
                #[inline(always)]
                |window, first| {
                    let range = window * maps..(window + 1) * maps;
                    let (pooled, places) = (&pooled[range.clone()], &places[range]);
                    for place in 0..side * side {
                        let deltas = &mut deltas[windows.range(first, place)];
                        for ((delta, &pooled), &at) in deltas.iter_mut().zip(pooled).zip(places) {
                            *delta = if at == place as u8 { pooled } else { F::zero() };
                        }
                    }
                },
            );
        },
    );
}

/// Writes the mean of each map into `means`.
pub(crate) fn average<F: Real>(values: &[F], means: &mut [F]) {
    means.fill(F::zero());
    for position in values.chunks_exact(means.len()) {
        for (mean, &value) in means.iter_mut().zip(position) {
            *mean += value;
        }
    }
    let positions = F::of((values.len() / means.len()) as f64);
    for mean in means.iter_mut() {
        *mean /= positions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pooling;

    /// Two maps of 5 × 3 positions.
    fn convolution() -> Convolution {
        let pool = Pooling::Max(2);
        Convolution { input: [5, 3, 1], maps: 2, kernel: 1, stride: 1, padding: 0, pool }
    }

    #[test]
    fn the_first_maximum_wins_and_positions_without_a_window_get_nothing() {
        let mut values = vec![0.0; 30];
        // Map 0 of the first window: 1, 3 / 3, 2; map 1: all equal. Second window: −1 at the first place.
        for (position, value) in [(0, 1.0), (1, 3.0), (3, 3.0), (4, 2.0), (6, -1.0)] {
            values[2 * position] = value;
        }
        let (mut pooled, mut places) = ([9.0; 4], [9; 4]);
        max_pool((&convolution(), 2), &values, &mut pooled, Some(&mut places));
        assert_eq!((pooled, places), ([3.0, 0.0, 0.0, 0.0], [1, 0, 1, 0]));
        let mut without_places = [9.0; 4];
        max_pool((&convolution(), 2), &values, &mut without_places, None);
        assert_eq!(without_places, pooled);
        let mut deltas = vec![9.0; 30];
        max_unpool((&convolution(), 2), &[0.1, 0.2, 0.3, 0.4], &places, &mut deltas);
        let mut expected = vec![0.0; 30];
        (expected[2], expected[1], expected[14], expected[13]) = (0.1, 0.2, 0.3, 0.4);
        assert_eq!(deltas, expected);
    }

    #[test]
    fn nan_is_never_lost() {
        for position in [0, 1, 3, 4] {
            let mut values = vec![0.0_f32; 30];
            values[2 * position] = f32::NAN;
            let mut pooled = [0.0; 4];
            max_pool((&convolution(), 2), &values, &mut pooled, None);
            assert!(pooled[0].is_nan() && pooled[1..] == [0.0; 3], "{position}");
        }
    }

    #[test]
    fn means_by_hand() {
        let mut means = [0.0; 2];
        average(&[1.0, 2.0, 3.0, 4.0, 8.0, 0.0], &mut means);
        assert_eq!(means, [4.0, 2.0]);
    }
}
