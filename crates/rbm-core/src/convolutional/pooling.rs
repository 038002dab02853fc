//! Probabilistic max-pooling (Lee et al. 2009, section 3.2): the detection units of a block compete.
//!
//! At most one unit of a block is on. With inputs x_q the block has the states "unit q is on", of weight
//! e^(x_q), and "all are off", of weight 1, so that p(q) = e^(x_q) / (1 + Σ e^x), the pooled unit is on
//! with probability Σ p(q), and the log-sum of the block is ln(1 + Σ e^x). A block of one unit is a binary
//! unit.
//!
//! All functions work on the detection layer of one sample, positions × maps flattened, and run over the
//! maps in their inner loops.

use numerics::elementary::{exp, logistic, map_in_place, vectorised};
use numerics::{Real, Stream};

use super::Geometry;
use super::geometry::Block;

/// Base-2 logarithm of the largest product of totals formed before its logarithm is taken.
const LOG2_PRODUCT: u32 = 90;

/// Memory for the passes over one sample's blocks.
#[derive(Debug, Clone)]
pub(crate) struct BlockMemory<F> {
    /// The largest input of each map's block, at least 0.
    largest: Vec<F>,
    /// Σ of each map's weights, relative to the largest.
    total: Vec<F>,
    /// Running products of the totals.
    product: Vec<F>,
    /// A random number for each block and map.
    uniform: Vec<F>,
}

impl<F: Real> BlockMemory<F> {
    pub(crate) fn new(geometry: Geometry) -> Self {
        let of_maps = vec![F::zero(); geometry.maps()];
        BlockMemory {
            largest: of_maps.clone(),
            total: of_maps.clone(),
            product: of_maps,
            uniform: vec![F::zero(); geometry.pooled().n_values()],
        }
    }
}

/// Replaces the inputs of detection units by their probabilities.
pub(crate) fn probabilities<F: Real>(geometry: Geometry, x: &mut [F], memory: &mut BlockMemory<F>) {
    if geometry.pool() == 1 {
        return map_in_place(x, logistic);
    }
    let BlockMemory { largest, total, .. } = memory;
    vectorised(
        #[inline(always)]
        || {
            geometry.for_each_block(
                #[inline(always)]
                |_, block| {
                    find_largest(block, F::one(), x, largest);
                    for (total, &largest) in total.iter_mut().zip(&*largest) {
                        *total = exp(-largest);
                    }
                    block.for_each_position(
                        #[inline(always)]
                        |units| {
                            let units = x[units].iter_mut().zip(&*largest).zip(&mut *total);
                            for ((x, &largest), total) in units {
                                *x = exp(*x - largest);
                                *total += *x;
                            }
                        },
                    );
                    block.for_each_position(
                        #[inline(always)]
                        |units| {
                            for (x, &total) in x[units].iter_mut().zip(&*total) {
                                *x /= total;
                            }
                        },
                    );
                },
            );
        },
    );
}

/// Σ over all blocks of ln(1 + Σ e^(β x)).
pub(crate) fn log_sums<F: Real>(
    geometry: Geometry,
    beta: F,
    x: &[F],
    memory: &mut BlockMemory<F>,
) -> f64 {
    // A total is between 1 and 1 + units, so that products of this many stay in range.
    let of_block = 1 + geometry.block_len();
    let run = (LOG2_PRODUCT / of_block.next_power_of_two().ilog2()).max(1) as usize;
    let BlockMemory { largest, total, product, .. } = memory;
    product.fill(F::one());
    let mut sum = 0.0;
    geometry.for_each_block(|number, block| {
        vectorised(
            #[inline(always)]
            || {
                find_largest(block, beta, x, largest);
                for (total, &largest) in total.iter_mut().zip(&*largest) {
                    *total = exp(-largest);
                }
                block.for_each_position(
                    #[inline(always)]
                    |units| {
                        for ((&x, &largest), total) in
                            x[units].iter().zip(&*largest).zip(&mut *total)
                        {
                            *total += exp(beta * x - largest);
                        }
                    },
                );
                for (product, &total) in product.iter_mut().zip(&*total) {
                    *product *= total;
                }
            },
        );
        sum += numerics::sum(largest).as_f64();
        if (number + 1) % run == 0 || number + 1 == geometry.n_blocks() {
            sum += product.iter().map(|product| product.as_f64().ln()).sum::<f64>();
            product.fill(F::one());
        }
    });
    sum
}

/// The largest β x of each map, at least 0, which is the input of the state "all are off".
#[inline(always)]
fn find_largest<F: Real>(block: Block, beta: F, x: &[F], largest: &mut [F]) {
    largest.fill(F::zero());
    block.for_each_position(
        #[inline(always)]
        |units| {
            for (largest, &x) in largest.iter_mut().zip(&x[units]) {
                let x = beta * x;
                *largest = if x > *largest { x } else { *largest };
            }
        },
    );
}

/// Replaces the probabilities of detection units by a draw; the block with the number i, counted over maps
/// within blocks, takes the random number `first` + i.
pub(crate) fn draw<F: Real>(
    geometry: Geometry,
    stream: Stream,
    first: usize,
    p: &mut [F],
    memory: &mut BlockMemory<F>,
) {
    let (maps, uniform) = (geometry.maps(), &mut memory.uniform[..]);
    stream.fill_uniform(first, uniform);
    vectorised(
        #[inline(always)]
        || {
            geometry.for_each_block(
                #[inline(always)]
                |number, block| {
                    let left = &mut uniform[number * maps..][..maps];
                    block.for_each_position(
                        #[inline(always)]
                        |units| {
                            for (p, left) in p[units].iter_mut().zip(&mut *left) {
                                // Below zero once a unit is on.
                                let is_on = *left >= F::zero() && *left < *p;
                                *left -= *p;
                                *p = if is_on { F::one() } else { F::zero() };
                            }
                        },
                    );
                },
            );
        },
    );
}

/// Writes Σ of each block's detection units: the pooled states, or pooled probabilities.
pub(crate) fn pool<F: Real>(geometry: Geometry, detection: &[F], pooled: &mut [F]) {
    let maps = geometry.maps();
    pooled.fill(F::zero());
    geometry.for_each_block(|number, block| {
        let pooled = &mut pooled[number * maps..][..maps];
        block.for_each_position(
            #[inline(always)]
            |units| {
                for (pooled, &unit) in pooled.iter_mut().zip(&detection[units]) {
                    *pooled += unit;
                }
            },
        );
    });
}

/// Gives each detection unit an equal share of its block's pooled probability.
pub(crate) fn spread<F: Real>(geometry: Geometry, pooled: &[F], detection: &mut [F]) {
    let (maps, share) = (geometry.maps(), F::one() / F::of(geometry.block_len() as f64));
    geometry.for_each_block(|number, block| {
        let pooled = &pooled[number * maps..][..maps];
        block.for_each_position(
            #[inline(always)]
            |units| {
                for (unit, &pooled) in detection[units].iter_mut().zip(pooled) {
                    *unit = share * pooled;
                }
            },
        );
    });
}
