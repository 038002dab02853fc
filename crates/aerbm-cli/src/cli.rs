//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::denoise::Noise;

mod data_args;

pub(crate) use data_args::{DataArgs, Scale, quoted};

/// Autoencoders and restricted Boltzmann machines, side by side.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Show no progress, only results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Print results as JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train, compare and report in one go; continues where it stopped
    Pipeline(Pipeline),
    /// Train one model from a preset or a configuration file
    Train(Train),
    /// Compare ways of pretraining; continues where it stopped
    Compare(Compare),
    /// Measure a trained model on the test set
    Evaluate(OnRun),
    /// Reconstruct test images with a trained model, into a figure
    Reconstruct(OnRun),
    /// Remove noise from test images with a trained model and with filters, into a figure
    Denoise(Denoise),
    /// Write the codes that a trained model gives to images
    Encode(Encode),
    /// Classify by a trained model's features: fine-tuned, or frozen with --frozen
    Probe(Probe),
    /// Measure the likelihood of a trained RBM, exactly or between two estimates of log Z
    Likelihood(Likelihood),
    /// Draw samples from a trained RBM or DBN, into figures, and diagnose the chains
    Sample(Sample),
    /// Draw what half of a test image does not show from an RBM's conditional distribution
    Inpaint(Inpaint),
    /// Draw a run's figures and page again, from its CSV files
    Report {
        /// Folder of the run
        dir: PathBuf,
    },
    /// List, fetch or verify data sets
    Data {
        #[command(subcommand)]
        action: Data,
    },
    /// Check the mathematics of this binary on this machine
    Selfcheck,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// A smoke test on real MNIST, within a minute
    Quick,
    /// A result worth reading, within twenty minutes on two cores
    Default,
    /// The published tables, in parts, within eight hours
    Paper,
}

#[derive(Debug, Args)]
pub(crate) struct Pipeline {
    /// How much to do
    #[arg(long, default_value = "default")]
    pub(crate) profile: Profile,
    /// Part of the paper profile to do, one or several [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Folder of results [default: reports/PROFILE]; parts have folders of their own in it
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// Preset or TOML file (see --list)
    #[arg(required_unless_present = "list", value_name = "PRESET|FILE")]
    pub(crate) config: Option<String>,
    /// Change a setting, such as model.n_hidden=100; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Folder of results [default: reports/runs/NAME-seedN, for data other than MNIST NAME-DATA-seedN]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Print the resolved configuration and stop
    #[arg(long)]
    pub(crate) print: bool,
    /// List the presets and stop
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Methods [default: those of the default profile]
    #[arg(long, value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Numbers of labels [default: those of the default profile, as far as there are so many]
    #[arg(long, value_delimiter = ',')]
    pub(crate) labels: Vec<usize>,
    /// Numbers of hidden layers
    #[arg(long, value_delimiter = ',')]
    pub(crate) depths: Vec<usize>,
    /// How many seeds
    #[arg(long)]
    pub(crate) seeds: Option<u64>,
    /// Change any setting of the comparison, such as rbm.training.epochs=20; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Folder of results
    #[arg(long, default_value = "reports/compare")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct OnRun {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Likelihood {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// Temperatures of annealed importance sampling [default: those of the run's settings]
    #[arg(long)]
    pub(crate) schedule: Option<Schedule>,
    /// Chains in each direction [default: that of the run's settings]
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) chains: Option<u32>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Denoise {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// gaussian:STD (clipped to [0, 1]), masking:FRACTION or salt-and-pepper:FRACTION
    #[arg(long, value_name = "KIND:AMOUNT")]
    pub(crate) noise: Noise,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Encode {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// Which images
    #[arg(long, default_value = "test")]
    pub(crate) images: Images,
    /// Where to: a name that ends in .npy or .csv [default: codes_RUN_IMAGES.npy in the run's folder]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Images {
    /// The training images, those for validation among them
    Train,
    /// The test images
    Test,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// Change a setting of the classifier's training, such as updates=20000; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Learning rates that the validation set chooses from
    #[arg(long, value_delimiter = ',', default_value = "0.001,0.0003")]
    pub(crate) rates: Vec<f64>,
    /// Leave the features as they are: logistic regression on top
    #[arg(long)]
    pub(crate) frozen: bool,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Seed of the read-out and of the batches' order
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schedule {
    /// The 14,501 of Salakhutdinov & Murray 2008
    Published,
    /// A tenth of those
    Short,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// Gibbs steps of the longest chain
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) steps: u32,
    /// Where chains start
    #[arg(long, default_value = "digits")]
    pub(crate) start: Start,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Chains shown that start from noise; from digits there is one a class
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) chains: u16,
    /// Samples, each the end of a chain of its own, for the page and the measurements
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) samples: u32,
    /// Fine-tune the model into a classifier, and let that say which classes the samples show
    #[arg(long)]
    pub(crate) judge: bool,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Inpaint {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    /// The half that is known
    #[arg(long, default_value = "upper")]
    pub(crate) known: Half,
    /// Test images
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) images: u32,
    /// Draws for each image
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) draws: u32,
    /// Gibbs steps of each draw
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) steps: u32,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Half {
    Upper,
    Lower,
    Left,
    Right,
}

impl Half {
    /// Which pixels of an image of this size are in this half, row by row.
    pub(crate) fn mask(self, height: usize, width: usize) -> Vec<bool> {
        let inside = |row: usize, column: usize| match self {
            Half::Upper => row < height / 2,
            Half::Lower => row >= height / 2,
            Half::Left => column < width / 2,
            Half::Right => column >= width / 2,
        };
        (0..height * width).map(|pixel| inside(pixel / width, pixel % width)).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Start {
    /// The first test image of each class
    Digits,
    /// Fair coin flips
    Noise,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// List the data sets that have names: those that are there, that can be fetched, that are made
    List,
    /// Fetch a published data set into data/; goes on where it stopped
    Fetch {
        /// Data set, such as fashion-mnist
        name: String,
        /// Address of the folder that has the files, instead of the usual ones
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
    },
    /// Compare a set's files with their published checksums: MNIST's, or those of a fetched set
    Verify {
        /// Data set: a name under data/, or a folder of four IDX files
        #[arg(default_value = "mnist")]
        data: String,
    },
}
