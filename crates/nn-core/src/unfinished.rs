//! Epochs that are paused between two batches.

use ndarray::Array1;

use crate::{MeanCost, RestoreError, TensorMap};

/// Called between two batches; returns whether to pause the epoch here, to be continued later.
pub type Pause<'a> = &'a mut dyn FnMut() -> bool;

/// The completed part of an epoch. An epoch that is paused and continued gives the same model as an
/// uninterrupted one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Unfinished {
    /// Number of batches done.
    pub batches: usize,
    /// The cost of these batches.
    pub mean: MeanCost,
}

/// Number of bits stored in each `f32`, which represents them exactly.
const BITS: u32 = 16;

/// Number of `f32` values per number.
const PIECES: usize = (u64::BITS / BITS) as usize;

impl Unfinished {
    /// Name of the tensor in checkpoints.
    pub const NAME: &str = "unfinished_epoch";

    /// Adds this position to `map`.
    pub fn store(&self, map: &mut TensorMap) {
        let (total, samples) = self.mean.parts();
        store_exactly(Self::NAME, &[self.batches as u64, total.to_bits(), samples as u64], map);
    }

    /// Reads the position from `map`; `None` if no epoch is unfinished.
    ///
    /// # Errors
    /// [`RestoreError::Shape`] if the tensor has a different length.
    pub fn restored(map: &TensorMap) -> Result<Option<Self>, RestoreError> {
        let Some(numbers) = restored_exactly(Self::NAME, map) else { return Ok(None) };
        let &[batches, total, samples] = numbers.as_slice() else {
            let (name, found) = (Self::NAME.to_owned(), vec![PIECES * numbers.len()]);
            return Err(RestoreError::Shape { name, found, expected: vec![3 * PIECES] });
        };
        let mean = MeanCost::of_parts(f64::from_bits(total), samples as usize);
        Ok(Some(Unfinished { batches: batches as usize, mean }))
    }
}

/// Adds numbers to `map` under this name, so that every bit is kept.
pub fn store_exactly(name: &str, numbers: &[u64], map: &mut TensorMap) {
    let pieces = numbers
        .iter()
        .flat_map(|number| (0..PIECES as u32).map(move |piece| (number >> (BITS * piece)) as u16));
    map.insert(name.to_owned(), pieces.map(f32::from).collect::<Array1<f32>>().into_dyn());
}

/// The numbers that [`store_exactly`] added to `map` under this name, if any.
#[allow(clippy::cast_sign_loss, reason = "pieces are whole numbers from 0")]
pub fn restored_exactly(name: &str, map: &TensorMap) -> Option<Vec<u64>> {
    let pieces: Vec<u64> = map.get(name)?.iter().map(|&piece| u64::from(piece as u16)).collect();
    let number = |piece: &[u64]| piece.iter().rev().fold(0, |sum, piece| (sum << BITS) | piece);
    Some(pieces.chunks(PIECES).map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_stored() {
        let mut position = Unfinished { batches: 70_001, ..Unfinished::default() };
        position.mean.add(0.1, 3_000_000);
        position.mean.add(1e-300, 7);
        let mut map = TensorMap::new();
        assert_eq!(Unfinished::restored(&map), Ok(None));
        position.store(&mut map);
        assert_eq!(Unfinished::restored(&map), Ok(Some(position)));
        map.insert(Unfinished::NAME.to_owned(), Array1::zeros(3).into_dyn());
        Unfinished::restored(&map).expect_err("another length");
    }
}
