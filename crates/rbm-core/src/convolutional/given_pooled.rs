//! The detection units and the image given the pooled units: the way down through a stack.
//!
//! If a block's pooled unit is on, exactly one of its detection units is on: given the image, unit q with
//! probability e^(x_q) / Σ e^x. If the pooled unit is off, all of them are off. The pooled units alone leave
//! the positions within blocks open. Gibbs sampling with the pooled units clamped draws positions and image
//! in turn, and so converges to p(v, h | pooled).

use ndarray::{Array2, ArrayView2};
use numerics::elementary::exp;
use numerics::{Real, Stream, by_thread};

use super::passes::{Memory, as_row, one};
use super::{ConvRbm, Geometry, pooling};

const CONTIGUOUS: &str = "rows are contiguous";

impl<F: Real> ConvRbm<F> {
    /// Draws detection units given states of the pooled units, by chains of `steps` Gibbs steps with the
    /// pooled units clamped, which start at uniformly drawn positions within the blocks. Without pooling, the
    /// pooled units are the detection units. Shapes: (n × pooled) → (n × detection).
    ///
    /// # Panics
    /// If there are not as many columns as pooled units.
    #[must_use]
    pub fn sample_h_given_pooled(
        &self,
        pooled: ArrayView2<F>,
        steps: usize,
        stream: Stream,
    ) -> Array2<F> {
        assert_eq!(pooled.ncols(), self.n_pooled(), "pooled units");
        let (pooled, tiled, geometry) = (pooled.as_standard_layout(), self.tiled(), self.geometry);
        let steps = if geometry.pool() == 1 { 0 } else { steps };
        let mut out = Array2::zeros((pooled.nrows(), self.n_detection()));
        by_thread(pooled.nrows(), out.view_mut(), |rows, mut out| {
            let mut memory = Memory::new(geometry);
            let mut uniform = vec![F::zero(); self.n_pooled()];
            let mut u = vec![F::zero(); self.n_visible()];
            for (sample, mut out) in rows.zip(out.rows_mut()) {
                let on = pooled.row(sample);
                let on = on.to_slice().expect(CONTIGUOUS);
                let mut draw = |stream: Stream, h: &mut [F]| {
                    stream.fill_uniform(sample * uniform.len(), &mut uniform);
                    places(geometry, h);
                    draw_places(geometry, on, &uniform, h);
                };
                memory.flat_mut().fill(F::zero());
                draw(stream, memory.flat_mut());
                for step in 1..=steps {
                    let Memory { detection, patches, .. } = &mut memory;
                    self.visible_parameters(&tiled, detection.view(), patches, &mut u);
                    let for_visible = stream.sublayer(2 * step - 1);
                    self.visible.unit.draw(for_visible, one(sample), &mut as_row(&mut u));
                    self.pass_up(&u, &mut memory);
                    draw(stream.sublayer(2 * step), memory.flat_mut());
                }
                out.as_slice_mut().expect(CONTIGUOUS).copy_from_slice(memory.flat());
            }
        });
        out
    }

    /// E[v | E[h | v, pooled]]: the mean-field image for pooled probabilities, with the positions within
    /// blocks inferred from the image `v`. For the model's own pooled probabilities of `v` it is
    /// [`ConvRbm::reconstruct`]. Shapes: (n × h·w·c), (n × pooled) → (n × h·w·c).
    ///
    /// # Panics
    /// If the numbers of rows differ, or there are not as many columns as units.
    #[must_use]
    pub fn reconstruct_from_pooled(&self, v: ArrayView2<F>, pooled: ArrayView2<F>) -> Array2<F> {
        assert_eq!(pooled.dim(), (v.nrows(), self.n_pooled()), "pooled units");
        let (u, pooled, tiled) = (self.scaled(v), pooled.as_standard_layout(), self.tiled());
        let mut out = Array2::zeros(v.dim());
        by_thread(v.nrows(), out.view_mut(), |rows, mut out| {
            let mut memory = Memory::new(self.geometry);
            let mut shares = vec![F::zero(); self.n_detection()];
            for (sample, mut out) in rows.zip(out.rows_mut()) {
                let pooled = pooled.row(sample);
                pooling::spread(self.geometry, pooled.to_slice().expect(CONTIGUOUS), &mut shares);
                self.pass_up(u.row(sample).to_slice().expect(CONTIGUOUS), &mut memory);
                places(self.geometry, memory.flat_mut());
                let block_len = F::of(self.geometry.block_len() as f64);
                for (h, &share) in memory.flat_mut().iter_mut().zip(&shares) {
                    *h *= block_len * share;
                }
                let Memory { detection, patches, .. } = &mut memory;
                let out = out.as_slice_mut().expect(CONTIGUOUS);
                self.visible_parameters(&tiled, detection.view(), patches, out);
                self.visible.unit.means(&mut as_row(out));
                tiled.unscale(&mut as_row(out));
            }
        });
        out
    }
}

/// Replaces the inputs of detection units by their probabilities given that their blocks are on.
fn places<F: Real>(geometry: Geometry, x: &mut [F]) {
    let (maps, units) = (geometry.maps(), geometry.block_len());
    geometry.for_each_block(|_, block| {
        for map in 0..maps {
            let largest = (0..units).map(|q| x[block.at(q) + map]).fold(F::neg_infinity(), F::max);
            let mut total = F::zero();
            for q in 0..units {
                let x = &mut x[block.at(q) + map];
                *x = exp(*x - largest);
                total += *x;
            }
            for q in 0..units {
                x[block.at(q) + map] /= total;
            }
        }
    });
}

/// Replaces the probabilities of positions by draws: one unit of each block that is on. The block with the
/// number i, counted over maps within blocks, takes the random number i.
fn draw_places<F: Real>(geometry: Geometry, pooled: &[F], uniform: &[F], h: &mut [F]) {
    let (maps, units) = (geometry.maps(), geometry.block_len());
    geometry.for_each_block(|number, block| {
        for map in 0..maps {
            let mut left = uniform[number * maps + map];
            let mut is_open = pooled[number * maps + map] > F::zero();
            for q in 0..units {
                let unit = &mut h[block.at(q) + map];
                // The last position takes the remainder left by rounding.
                let is_on = is_open && (left < *unit || q + 1 == units);
                left -= *unit;
                is_open &= !is_on;
                *unit = if is_on { F::one() } else { F::zero() };
            }
        }
    });
}
