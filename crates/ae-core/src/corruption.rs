//! Input noise for denoising autoencoders, which learn to reconstruct the clean input (Vincent,
//! Larochelle, Lajoie, Bengio & Manzagol, JMLR 2010).

use ndarray::ArrayViewMut2;
use nn_core::{InvalidSetting, require, with_normals};
use numerics::{Real, Stream, by_rows};
use serde::{Deserialize, Serialize};

/// Kind and amount of noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Corruption {
    /// Each pixel becomes 0 with this probability.
    Masking {
        /// ν in [0, 1].
        fraction: f64,
    },
    /// Each pixel becomes 0 or 1, by a fair coin flip, with this probability.
    SaltAndPepper {
        /// ν in [0, 1].
        fraction: f64,
    },
    /// N(0, `std`²) is added to each pixel.
    Gaussian {
        /// σ, 0 or above.
        std: f64,
        /// Whether the sum is then clipped to [0, 1].
        #[serde(default)]
        clip: bool,
    },
}

/// Weights of the errors at corrupted and at uncorrupted pixels (Vincent et al. 2010, section 4.2):
/// the cost is α Σ over the corrupted pixels + β Σ over the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emphasis {
    /// α, 0 or above.
    pub corrupted: f64,
    /// β, 0 or above; not both are 0.
    pub uncorrupted: f64,
}

impl Corruption {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the parameter out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match *self {
            Corruption::Masking { fraction } | Corruption::SaltAndPepper { fraction } => {
                let holds = (0.0..=1.0).contains(&fraction);
                require(holds, "training.corruption.fraction", &fraction, "a number in [0, 1]")
            }
            Corruption::Gaussian { std, .. } => {
                let holds = std.is_finite() && std >= 0.0;
                require(holds, "training.corruption.std", &std, "a finite number, 0 or above")
            }
        }
    }

    /// The same kind of noise with another amount: the fraction of the pixels, or the standard deviation.
    #[must_use]
    pub fn with_amount(self, amount: f64) -> Self {
        match self {
            Corruption::Masking { .. } => Corruption::Masking { fraction: amount },
            Corruption::SaltAndPepper { .. } => Corruption::SaltAndPepper { fraction: amount },
            Corruption::Gaussian { clip, .. } => Corruption::Gaussian { std: amount, clip },
        }
    }

    /// Corrupts `x` (n × visible) in place. The noise of a pixel depends only on the stream and on
    /// its row and column. Allocates nothing.
    ///
    /// # Panics
    /// If the rows of `x` are not contiguous.
    pub fn apply<F: Real>(&self, stream: Stream, x: ArrayViewMut2<F>) {
        let (zero, one) = (F::zero(), F::one());
        match *self {
            Corruption::Masking { fraction } => {
                let fraction = F::of(fraction);
                with_uniforms(stream, x, |x, u| *x = if u < fraction { zero } else { *x });
            }
            Corruption::SaltAndPepper { fraction } => {
                let (fraction, half) = (F::of(fraction), F::of(0.5 * fraction));
                with_uniforms(stream, x, |x, u| {
                    let extreme = if u < half { zero } else { one };
                    *x = if u < fraction { extreme } else { *x };
                });
            }
            Corruption::Gaussian { std, clip } => {
                let std = F::of(std);
                if clip {
                    with_normals(stream, x, |x, z| {
                        let y = *x + std * z;
                        let y = if y < zero { zero } else { y };
                        *x = if y > one { one } else { y };
                    });
                } else {
                    with_normals(stream, x, |x, z| *x += std * z);
                }
            }
        }
    }

    /// Probability that a pixel is corrupted; `None` for noise that does not select pixels.
    fn fraction(&self) -> Option<f64> {
        match *self {
            Corruption::Masking { fraction } | Corruption::SaltAndPepper { fraction } => {
                Some(fraction)
            }
            Corruption::Gaussian { .. } => None,
        }
    }
}

impl Emphasis {
    /// Checks the bounds, and that `corruption` selects pixels.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the weight out of its range, or the missing corruption.
    pub fn validate(&self, corruption: Option<Corruption>) -> Result<(), InvalidSetting> {
        let Emphasis { corrupted, uncorrupted } = *self;
        for (field, value) in [
            ("training.emphasis.corrupted", corrupted),
            ("training.emphasis.uncorrupted", uncorrupted),
        ] {
            let holds = value.is_finite() && value >= 0.0;
            require(holds, field, &value, "a finite number, 0 or above")?;
        }
        let some = corrupted + uncorrupted > 0.0;
        require(some, "training.emphasis", &"0 and 0", "at least one weight above 0")?;
        let chosen = corruption.is_some_and(|corruption| corruption.fraction().is_some());
        require(
            chosen,
            "training.emphasis",
            &"set",
            "masking or salt-and-pepper corruption: others do not select pixels",
        )
    }

    /// Writes the weight of each pixel into `weights`: α where `corruption`, applied with the same
    /// stream, corrupts it, and β elsewhere. Allocates nothing.
    pub fn weigh<F: Real>(
        &self,
        corruption: Corruption,
        stream: Stream,
        weights: ArrayViewMut2<F>,
    ) {
        let fraction = F::of(corruption.fraction().unwrap_or(1.0));
        let (alpha, beta) = (F::of(self.corrupted), F::of(self.uncorrupted));
        with_uniforms(stream, weights, |w, u| *w = if u < fraction { alpha } else { beta });
    }
}

/// Calls `f` with each value and a uniform number that is determined by the value's row and column.
fn with_uniforms<F: Real>(stream: Stream, x: ArrayViewMut2<F>, f: impl Fn(&mut F, F) + Sync) {
    let (n, width) = x.dim();
    by_rows(n, x, |rows, mut x| {
        for (row, mut x) in rows.zip(x.rows_mut()) {
            let x = x.as_slice_mut().expect("rows are contiguous");
            stream.with_uniforms(row * width, x, &f);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};
    use numerics::{Purpose, with_team};

    const KINDS: [Corruption; 4] = [
        Corruption::Masking { fraction: 0.3 },
        Corruption::SaltAndPepper { fraction: 0.4 },
        Corruption::Gaussian { std: 0.5, clip: false },
        Corruption::Gaussian { std: 0.5, clip: true },
    ];

    fn stream() -> Stream {
        Stream::new(3, Purpose::new("test"))
    }

    fn corrupted(kind: Corruption) -> Array2<f32> {
        let mut x = Array2::from_elem((500, 200), 0.75);
        kind.apply(stream(), x.view_mut());
        x
    }

    /// Compares frequencies in 100,000 draws with their probabilities, within five standard errors (at most
    /// 0.008).
    #[test]
    fn the_noise_is_as_described() {
        let share = |x: &Array2<f32>, of: &dyn Fn(f32) -> bool| {
            x.iter().filter(|&&x| of(x)).count() as f64 / x.len() as f64
        };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 0.008, "{found}");
        let [masked, salted, noisy, clipped] = KINDS.map(corrupted);
        near(share(&masked, &|x| x == 0.0), 0.3);
        near(share(&masked, &|x| x == 0.75), 0.7);
        near(share(&salted, &|x| x == 0.0), 0.2);
        near(share(&salted, &|x| x == 1.0), 0.2);
        near(share(&salted, &|x| x == 0.75), 0.6);
        let mean = f64::from(noisy.sum()) / noisy.len() as f64;
        near(mean, 0.75);
        let squares = noisy.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
        near((squares / noisy.len() as f64).sqrt(), 0.5);
        // Φ(−0.25 / 0.5) and Φ(−0.75 / 0.5).
        near(share(&clipped, &|x| x == 1.0), 0.308_5);
        near(share(&clipped, &|x| x == 0.0), 0.066_8);
        assert!(clipped.iter().zip(&noisy).all(|(&c, &n)| c == n.clamp(0.0, 1.0)));
    }

    #[test]
    fn the_noise_of_a_pixel_depends_only_on_its_row_and_column() {
        for kind in KINDS {
            let all = corrupted(kind);
            assert_eq!(with_team(3, || corrupted(kind)), all);
            let mut first = Array2::from_elem((10, 200), 0.75);
            kind.apply(stream(), first.view_mut());
            assert_eq!(first, all.slice(s![..10, ..]), "{kind:?}");
            let mut other = Array2::from_elem((10, 200), 0.75);
            kind.apply(stream().batch(1), other.view_mut());
            assert_ne!(first, other);
        }
    }

    #[test]
    fn weights_mark_the_corrupted_pixels() {
        let emphasis = Emphasis { corrupted: 2.0, uncorrupted: 0.5 };
        for kind in &KINDS[..2] {
            let x = corrupted(*kind);
            let mut weights = Array2::<f32>::zeros(x.dim());
            emphasis.weigh(*kind, stream(), weights.view_mut());
            assert!(x.iter().zip(&weights).all(|(&x, &w)| (x != 0.75) == (w == 2.0)));
            assert!(emphasis.validate(Some(*kind)).is_ok());
        }
    }

    #[test]
    fn invalid_settings_are_named() {
        let error = Corruption::Masking { fraction: 1.5 }.validate().expect_err("more than all");
        assert_eq!(
            error.to_string(),
            "training.corruption.fraction = 1.5: expected a number in [0, 1]"
        );
        assert!(Corruption::Gaussian { std: f64::NAN, clip: true }.validate().is_err());
        let emphasis = Emphasis { corrupted: 1.0, uncorrupted: 0.0 };
        let error = emphasis.validate(Some(KINDS[2])).expect_err("every pixel").to_string();
        assert!(error.contains("masking or salt-and-pepper"), "{error}");
        assert!(emphasis.validate(None).is_err());
        assert!(Emphasis { corrupted: 0.0, uncorrupted: 0.0 }.validate(Some(KINDS[0])).is_err());
    }
}
