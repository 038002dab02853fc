use serde::{Deserialize, Serialize};

/// A way to initialise the network that is then fine-tuned, or a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Random weights.
    None,
    /// No hidden layer: logistic regression on the data, the same at every depth.
    RawLogistic,
    /// Random weights that stay as they are; only the read-out learns.
    RandomFeatures,
    /// Principal components, whitened, as the weights of each layer.
    Pca,
    /// Random weights, rectified units, dropout and a bound on the weights' norms: what is done
    /// without pretraining since 2012.
    ReluDropout,
    /// Basic autoencoders.
    Autoencoder,
    /// Sparse autoencoders.
    Sparse,
    /// Denoising autoencoders.
    Denoising,
    /// Contractive autoencoders.
    Contractive,
    /// RBMs by contrastive divergence.
    Rbm,
    /// A stack whose layers are pretrained in different ways.
    Mixed,
}

impl Method {
    /// All of them, the controls first.
    pub const ALL: [Method; 11] = [
        Method::None,
        Method::RawLogistic,
        Method::RandomFeatures,
        Method::Pca,
        Method::ReluDropout,
        Method::Autoencoder,
        Method::Sparse,
        Method::Denoising,
        Method::Contractive,
        Method::Rbm,
        Method::Mixed,
    ];

    /// Whether its layers are autoencoders'.
    pub fn is_autoencoder(self) -> bool {
        use Method::{Autoencoder, Contractive, Denoising, Sparse};
        matches!(self, Autoencoder | Sparse | Denoising | Contractive)
    }

    /// Whether a layer learns from data without labels by this method.
    pub fn is_pretraining(self) -> bool {
        self.is_autoencoder() || self == Method::Rbm
    }

    /// The name in tables and settings.
    pub fn name(self) -> &'static str {
        match self {
            Method::None => "none",
            Method::RawLogistic => "raw-logistic",
            Method::RandomFeatures => "random-features",
            Method::Pca => "pca",
            Method::ReluDropout => "relu-dropout",
            Method::Autoencoder => "autoencoder",
            Method::Sparse => "sparse",
            Method::Denoising => "denoising",
            Method::Contractive => "contractive",
            Method::Rbm => "rbm",
            Method::Mixed => "mixed",
        }
    }
}
