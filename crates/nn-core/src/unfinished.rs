//! Epochs that are interrupted between two batches.

use ndarray::Array1;

use crate::{MeanCost, RestoreError, TensorMap};

/// Asked between two batches: whether the epoch is left here, to be continued later.
pub type Pause<'a> = &'a mut dyn FnMut() -> bool;

/// The part of an epoch that is done. An epoch that is left and continued gives the same model as one that is
/// not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Unfinished {
    /// Number of batches that are done.
    pub batches: usize,
    /// The cost of these batches.
    pub mean: MeanCost,
}

/// Name of the tensor in checkpoints.
const NAME: &str = "unfinished_epoch";

/// Bits of a number in each `f32`, which holds them exactly.
const BITS: u32 = 16;

impl Unfinished {
    /// Adds this position to `map`.
    pub fn store(&self, map: &mut TensorMap) {
        let (total, samples) = self.mean.parts();
        let numbers = [self.batches as u64, total.to_bits(), samples as u64];
        let pieces = numbers.iter().flat_map(|number| {
            (0..u64::BITS / BITS).map(move |piece| (number >> (BITS * piece)) as u16)
        });
        map.insert(NAME.to_owned(), pieces.map(f32::from).collect::<Array1<f32>>().into_dyn());
    }

    /// Reads the position from `map`; none if it is that of a finished epoch.
    ///
    /// # Errors
    /// [`RestoreError::Shape`] if the tensor has another length.
    #[allow(clippy::cast_sign_loss, reason = "pieces are whole numbers from 0")]
    pub fn restored(map: &TensorMap) -> Result<Option<Self>, RestoreError> {
        let Some(pieces) = map.get(NAME) else { return Ok(None) };
        let pieces: Vec<u64> = pieces.iter().map(|&piece| u64::from(piece as u16)).collect();
        let number = |piece: &[u64]| piece.iter().rev().fold(0, |sum, piece| (sum << BITS) | piece);
        let numbers: Vec<u64> = pieces.chunks((u64::BITS / BITS) as usize).map(number).collect();
        let &[batches, total, samples] = numbers.as_slice() else {
            let (name, found) = (NAME.to_owned(), vec![pieces.len()]);
            return Err(RestoreError::Shape { name, found, expected: vec![12] });
        };
        let mean = MeanCost::of_parts(f64::from_bits(total), samples as usize);
        Ok(Some(Unfinished { batches: batches as usize, mean }))
    }
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
        map.insert(NAME.to_owned(), Array1::zeros(3).into_dyn());
        Unfinished::restored(&map).expect_err("another length");
    }
}
