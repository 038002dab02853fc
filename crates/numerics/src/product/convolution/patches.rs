//! The patches of an image: the positions at which a kernel lies on it.

use ndarray::{ArrayView1, ArrayView2, s};

use crate::Real;
use crate::elementary::vectorised;

/// Number of elements that are copied at a time. A copy may overrun the end of its part by fewer than this
/// many elements, which the next copy overwrites, so that its length is a constant.
const CHUNK: usize = 16;

/// The geometry of a convolution: images of height × width × channels, channels varying fastest, and a square
/// kernel that lies on every position of a grid. Around the image are `padding` zeros.
///
/// A patch has kernel × kernel × channels values in the same order.
///
/// ```
/// let patches = numerics::Patches {
///     height: 28, width: 28, channels: 1, kernel: 5, stride: 1, padding: 0,
/// };
/// assert_eq!((patches.rows(), patches.columns(), patches.len()), (24, 24, 25));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::len_without_is_empty, reason = "a patch has at least one value")]
pub struct Patches {
    /// Height of the images.
    pub height: usize,
    /// Width of the images.
    pub width: usize,
    /// Channels of the images.
    pub channels: usize,
    /// Height and width of the kernel, at least 1 and at most those of the padded image.
    pub kernel: usize,
    /// Distance between neighbouring positions, at least 1.
    pub stride: usize,
    /// Number of zeros beyond each edge.
    pub padding: usize,
}

impl Patches {
    /// Number of positions of the kernel in a column of the grid.
    #[must_use]
    pub fn rows(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Number of positions of the kernel in a row of the grid.
    #[must_use]
    pub fn columns(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Number of positions of the kernel.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.rows() * self.columns()
    }

    /// Number of values in a patch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kernel * self.kernel * self.channels
    }

    /// Number of values in an image.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Checks the width of a batch of images and the number of weights of a map.
    pub(super) fn check<F>(&self, images: ArrayView2<F>, weights: usize) {
        assert_eq!(images.ncols(), self.image_len(), "the size of an image");
        assert_eq!(weights, self.len(), "the size of a patch");
    }

    /// Number of elements in the buffer for a padded image.
    pub(super) fn padded_room(&self) -> usize {
        (self.height + 2 * self.padding) * self.padded_row() + CHUNK
    }

    /// Number of elements in the buffer for all patches of an image.
    pub(super) fn room(&self) -> usize {
        self.positions() * self.len() + CHUNK
    }

    /// Number of elements in a row of the padded image.
    fn padded_row(&self) -> usize {
        (self.width + 2 * self.padding) * self.channels
    }

    /// Calls `each` with the beginning of each row of each patch in the padded image. The order is that
    /// of the elements of the patches.
    #[inline(always)]
    fn for_each_part(&self, mut each: impl FnMut(usize)) {
        let row = self.padded_row();
        for y in 0..self.rows() {
            for x in 0..self.columns() {
                let first = y * self.stride * row + x * self.stride * self.channels;
                for ky in 0..self.kernel {
                    each(first + ky * row);
                }
            }
        }
    }

    /// Writes the patches of `source` to `patches`, position by position; `image` is a buffer.
    pub(super) fn gather<F: Real>(
        &self,
        source: ArrayView1<F>,
        image: &mut [F],
        patches: &mut [F],
    ) {
        let image = &mut image[..self.padded_room()];
        if self.padding > 0 {
            image.fill(F::zero());
        }
        let (row, padded) = (self.width * self.channels, self.padded_row());
        for y in 0..self.height {
            let start = (y + self.padding) * padded + self.padding * self.channels;
            let (to, range) = (&mut image[start..start + row], y * row..(y + 1) * row);
            match source.to_slice() {
                Some(source) => to.copy_from_slice(&source[range]),
                None => to.iter_mut().zip(source.slice(s![range])).for_each(|(to, &x)| *to = x),
            }
        }
        let len = self.kernel * self.channels;
        let patches = &mut patches[..self.room()];
        let mut place = 0;
        let copied = len.next_multiple_of(CHUNK);
        vectorised(
            #[inline(always)]
            || {
                self.for_each_part(
                    #[inline(always)]
                    |start| {
                        let (from, _) = image[start..start + copied].as_chunks::<CHUNK>();
                        let (to, _) = patches[place..place + copied].as_chunks_mut::<CHUNK>();
                        for (to, from) in to.iter_mut().zip(from) {
                            *to = *from;
                        }
                        place += len;
                    },
                );
            },
        );
    }

    /// Adds each patch at its position and writes the image to `out`; `image` is a buffer.
    pub(super) fn fold<F: Real>(&self, patches: &[F], image: &mut [F], out: &mut [F]) {
        let image = &mut image[..self.padded_room()];
        image.fill(F::zero());
        let len = self.kernel * self.channels;
        let mut place = 0;
        vectorised(
            #[inline(always)]
            || {
                self.for_each_part(
                    #[inline(always)]
                    |start| {
                        let to = image[start..start + len].iter_mut();
                        for (to, &from) in to.zip(&patches[place..place + len]) {
                            *to += from;
                        }
                        place += len;
                    },
                );
            },
        );
        let (row, padded) = (self.width * self.channels, self.padded_row());
        for (y, out) in out.chunks_exact_mut(row).enumerate() {
            let start = (y + self.padding) * padded + self.padding * self.channels;
            out.copy_from_slice(&image[start..start + row]);
        }
    }
}
