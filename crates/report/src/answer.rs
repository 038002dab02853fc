//! The caller's decisions about a page: the appearance of methods, and the answer of a comparison.

use serde::{Deserialize, Serialize};
use wording::Language;

use crate::figures::palette;
use crate::rows::PairedRow;

/// An RGB colour: red, green and blue.
pub type Rgb = (u8, u8, u8);

/// The appearance of a method in figures and on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodStyle {
    /// Name of the method, as in the rows.
    pub name: String,
    /// Phrase for sentences, such as "RBM pretraining".
    pub words: String,
    /// Colour of the method in every figure.
    pub color: Rgb,
    /// Marker of the method in every figure.
    pub marker: Marker,
    /// Whether its networks have hidden layers.
    pub has_layers: bool,
}

/// Shapes of markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marker {
    /// A disc.
    #[default]
    Circle,
    /// A square.
    Square,
    /// A triangle that points upwards.
    Triangle,
    /// A square on one of its corners.
    Diamond,
    /// A triangle that points downwards.
    Wedge,
    /// A disc with a hole.
    Ring,
}

impl Marker {
    /// All shapes, in order of assignment.
    pub const ALL: [Marker; 6] = [
        Marker::Circle,
        Marker::Square,
        Marker::Triangle,
        Marker::Diamond,
        Marker::Wedge,
        Marker::Ring,
    ];
}

/// Styles of the methods of a study, and the language of the page. A name without a style gets a free colour
/// and marker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Styles {
    /// Language of the page. The files of figures are in English.
    pub language: Language,
    /// One style per method.
    pub methods: Vec<MethodStyle>,
}

/// The tone of a verdict, for its badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// The first method is better.
    Good,
    /// The first method seems better, on weaker evidence.
    FairlyGood,
    /// No difference is shown.
    Neutral,
    /// The first method seems worse, on weaker evidence.
    FairlyBad,
    /// The first method is worse.
    Bad,
}

/// The verdict on one pair of methods, as the study made it.
#[derive(Debug, Clone, PartialEq)]
pub struct PairVerdict {
    /// The first method, as in the pair's row of `paired.csv`.
    pub method_a: String,
    /// The second method, as in the pair's row of `paired.csv`.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Whether the pair belongs to the family of comparisons that the correction covers.
    pub asked: bool,
    /// Text of the badge, such as "rbm better" or "rbm better, not after correction".
    pub text: String,
    /// Tone of the badge.
    pub tone: Tone,
}

/// The answer of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The first sentence of the page. A part that ends with ": " is set in bold.
    pub headline: String,
    /// Sentences that support the headline; a list at the head of the results.
    pub findings: Vec<String>,
    /// Conditions and limits of the answer, below the headline.
    pub notes: Vec<String>,
    /// Text above the table of asked pairs that states which comparisons the family covers.
    pub family: String,
    /// The verdict on each pair; a row of `paired.csv` without one has no badge.
    pub pairs: Vec<PairVerdict>,
}

impl Styles {
    /// These styles and, for each name without one, a colour and marker whose combination no other name has.
    /// Names are the series of all figures of a page, so that each looks the same in all of them.
    pub(crate) fn with_names(&self, names: impl IntoIterator<Item = String>) -> Self {
        let mut all = self.clone();
        let mut free = 0;
        for name in names {
            if all.of(&name).is_none() {
                let (color, marker) = palette::free(free);
                all.methods.push(MethodStyle {
                    words: name.clone(),
                    name,
                    color,
                    marker,
                    has_layers: true,
                });
                free += 1;
            }
        }
        all
    }

    /// Whether the networks of a method have hidden layers.
    pub(crate) fn has_layers(&self, method: &str) -> bool {
        self.of(method).is_none_or(|style| style.has_layers)
    }

    /// The style of a method, if any.
    pub(crate) fn of(&self, name: &str) -> Option<&MethodStyle> {
        self.methods.iter().find(|style| style.name == name)
    }
}

impl Answer {
    /// The verdict on the pair in a row, if any.
    pub(crate) fn verdict_on(&self, row: &PairedRow) -> Option<&PairVerdict> {
        self.pairs.iter().find(|pair| {
            (&pair.method_a, &pair.method_b, pair.depth, pair.labels)
                == (&row.method_a, &row.method_b, row.depth, row.labels)
        })
    }
}
