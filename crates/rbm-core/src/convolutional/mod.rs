//! Convolutional RBMs with probabilistic max-pooling (Lee, Grosse, Ranganath & Ng 2009).
//!
//! The visible units are an image v of height × width × channels, flattened with channels last. Each of K
//! detection maps has one unit for every position of a k × k kernel inside the image; all units of a map
//! share its weights and its bias b. The units of a map are divided into blocks of p × p, in each of which at
//! most one unit is on, and a pooled unit is on if any unit of its block is. All pixels of a channel share a
//! bias a. For binary units the energy is
//!
//! E(v, h) = −Σ a v − Σ_positions Σ_maps h (b + patch·W), and ∞ if two units of a block are on.
//!
//! With x = b + patch·W, p(unit q of a block is on | v) = e^(x_q) / (1 + Σ e^x), and the pooled unit's
//! probability is Σ e^x / (1 + Σ e^x), over the units of the block; p = 1 gives plain binary units. The
//! pooled probabilities of an image are the image that the next layer of a stack learns from.
//!
//! | layer | shape of a row |
//! |---|---|
//! | visible | height × width × channels |
//! | detection | (height − k + 1) × (width − k + 1) × K |
//! | pooled | (height − k + 1) / p × (width − k + 1) / p × K |
//!
//! ```
//! use ndarray::Array2;
//! use rbm_core::convolutional::{ConvRbm, ConvRbmConfig, ConvTraining, ConvTrainingConfig, ImageShape};
//! // Vertical lines in images of 6 × 6 pixels.
//! let lines = Array2::from_shape_fn((60, 36), |(i, j)| f32::from(u8::from(j % 6 == i % 6)));
//! let image = ImageShape { height: 6, width: 6, channels: 1 };
//! let config = ConvRbmConfig { maps: 4, kernel: 3, pool: 2, ..Default::default() };
//! let mut rbm = ConvRbm::new(&config, image, &lines, 1, 0)?;
//! let settings = ConvTrainingConfig { batch_size: 20, ..Default::default() };
//! let mut training = ConvTraining::new(&rbm, &settings, &lines, 1, 0)?;
//! let first = training.epoch(&mut rbm, &lines)?.reconstruction_sse;
//! for _ in 1..settings.epochs {
//!     training.epoch(&mut rbm, &lines)?;
//! }
//! let last = training.epoch(&mut rbm, &lines)?.reconstruction_sse;
//! assert!(last < first);
//! assert_eq!(rbm.encode(lines.view()).dim(), (60, 2 * 2 * 4));
//! # Ok::<(), nn_core::TrainingError>(())
//! ```

mod annealing;
mod conditional;
mod config;
mod energy;
mod exact;
mod geometry;
mod gibbs;
mod given_pooled;
mod impute;
mod lane;
mod model;
mod passes;
mod patches;
mod phases;
mod pooling;
mod train;
mod training_config;

pub use annealing::{backward, estimate_log_z, forward};
pub use config::ConvRbmConfig;
pub use exact::{log_z, log_z_over_detection, log_z_over_visible, sample_exactly};
pub use geometry::{Geometry, ImageShape};
pub use gibbs::{ConvChains, gibbs_step, inpaint};
pub use impute::impute;
pub use model::ConvRbm;
pub use phases::{ConvPhases, contrastive_divergence};
pub use train::ConvTraining;
pub use training_config::ConvTrainingConfig;
