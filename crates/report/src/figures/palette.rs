//! Colours that the colour-blind tell apart, and a marker's shape beside each, for print.
//!
//! Okabe and Ito, "Color universal design" (2008), without their yellow, which is lost on white,
//! and with grey and two browns. A method of the study has the same colour in every figure; other names take the
//! colours that are left, in the order in which they come.

use std::collections::BTreeMap;

use super::picture::Color;

const BLUE: Color = (0, 114, 178);
const VERMILION: Color = (213, 94, 0);
const GREEN: Color = (0, 158, 115);
const PURPLE: Color = (204, 121, 167);
const SKY: Color = (86, 180, 233);
const ORANGE: Color = (230, 159, 0);
const BLACK: Color = (40, 40, 40);
const GREY: Color = (150, 150, 150);

const ALL: [Color; 8] = [BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK, GREY];

const BROWN: Color = (120, 70, 20);
const TAN: Color = (190, 160, 110);
const TEAL: Color = (0, 90, 100);

const METHODS: [(&str, Color); 11] = [
    ("none", BLACK),
    ("raw-logistic", GREY),
    ("random-features", TAN),
    ("relu-dropout", BROWN),
    ("pca", ORANGE),
    ("autoencoder", BLUE),
    ("sparse", GREEN),
    ("denoising", SKY),
    ("contractive", PURPLE),
    ("rbm", VERMILION),
    ("mixed", TEAL),
];

/// The colours given so far.
#[derive(Debug, Default)]
pub(super) struct Palette {
    given: BTreeMap<String, Color>,
}

/// Shapes of markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

impl Palette {
    /// Colours for a figure with these names: those of methods are kept for them.
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let methods = names.into_iter().filter_map(|name| Some((name.to_owned(), own(name)?)));
        Palette { given: methods.collect() }
    }

    /// The colour of a name: the same for the same name.
    pub(super) fn color(&mut self, name: &str) -> Color {
        if let Some(&color) = self.given.get(name) {
            return color;
        }
        let free = ALL.iter().find(|color| !self.given.values().any(|used| used == *color));
        let color = own(name).or(free.copied()).unwrap_or(ALL[self.given.len() % ALL.len()]);
        self.given.insert(name.to_owned(), color);
        color
    }
}

/// The colour of a method of the study.
fn own(name: &str) -> Option<Color> {
    METHODS.iter().find(|(method, _)| *method == name).map(|&(_, color)| color)
}

/// The marker of the series at this place.
pub(super) fn marker_of(place: usize) -> Marker {
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond][place % 4]
}

/// Blue at −1, white at 0, red at 1, with even steps of lightness between.
pub(super) fn diverging(value: f32) -> Color {
    let (end, share) = if value < 0.0 { ((5, 72, 140), -value) } else { ((165, 25, 30), value) };
    let (middle, share) =
        (if value < 0.0 { (97, 166, 210) } else { (232, 128, 96) }, share.min(1.0));
    let white = (250, 250, 250);
    if share < 0.5 { mix(white, middle, share * 2.0) } else { mix(middle, end, share * 2.0 - 1.0) }
}

/// Black at 0, white at 1.
pub(super) fn grey(value: f32) -> Color {
    mix((0, 0, 0), (255, 255, 255), value.clamp(0.0, 1.0))
}

fn mix(from: Color, to: Color, share: f32) -> Color {
    #[expect(clippy::cast_sign_loss, reason = "between two levels, so not below 0")]
    let one = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    (one(from.0, to.0), one(from.1, to.1), one(from.2, to.2))
}
