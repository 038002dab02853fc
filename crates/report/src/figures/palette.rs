//! Colours and markers of series without a style, and colour scales for images.

use crate::answer::{Marker, Rgb};

/// Colours for names without a style, in order of assignment. None is the colour of a built-in method, and
/// readers with a colour-vision deficiency can distinguish them by lightness.
const FREE: [Rgb; 6] = [
    (150, 20, 60),   // crimson
    (128, 128, 0),   // olive
    (25, 40, 120),   // navy
    (240, 110, 160), // pink
    (150, 130, 215), // lavender
    (30, 95, 50),    // forest
];

/// The colour and marker for this position among the names without a style. All pairs are assigned before one
/// repeats.
pub(crate) fn free(place: usize) -> (Rgb, Marker) {
    let n = FREE.len();
    (FREE[place % n], Marker::ALL[(place + place / n) % Marker::ALL.len()])
}

/// A diverging scale: blue at −1, white at 0 and red at 1, with even lightness steps in between.
pub(super) fn diverging(value: f32) -> Rgb {
    let (end, share) = if value < 0.0 { ((5, 72, 140), -value) } else { ((165, 25, 30), value) };
    let (middle, share) =
        (if value < 0.0 { (97, 166, 210) } else { (232, 128, 96) }, share.min(1.0));
    let white = (250, 250, 250);
    if share < 0.5 { mix(white, middle, share * 2.0) } else { mix(middle, end, share * 2.0 - 1.0) }
}

/// A grey scale: black at 0 and white at 1.
pub(super) fn grey(value: f32) -> Rgb {
    mix((0, 0, 0), (255, 255, 255), value.clamp(0.0, 1.0))
}

/// Red, green and blue, each from 0 to 1.
pub(super) fn colour(channels: [f32; 3]) -> Rgb {
    let [red, green, blue] = channels.map(|channel| grey(channel).0);
    (red, green, blue)
}

fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    #[expect(clippy::cast_sign_loss, reason = "between two levels, so not below 0")]
    let one = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    (one(from.0, to.0), one(from.1, to.1), one(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::answer::{MethodStyle, Styles};

    #[test]
    fn names_without_a_style_share_no_look() {
        let pairs = (0..36).map(|place| {
            let (color, marker) = free(place);
            (color, format!("{marker:?}"))
        });
        assert_eq!(pairs.collect::<BTreeSet<_>>().len(), 36);
        let rbm = MethodStyle {
            name: "rbm".into(),
            words: String::new(),
            color: (1, 2, 3),
            marker: Marker::Ring,
            has_layers: true,
        };
        let styles = Styles { methods: vec![rbm.clone()], ..Styles::default() };
        let all = styles.with_names(["a", "rbm", "b", "a"].map(str::to_owned));
        let names: Vec<&str> = all.methods.iter().map(|style| style.name.as_str()).collect();
        assert_eq!(names, ["rbm", "a", "b"]);
        assert_eq!((all.of("rbm"), all.of("a").unwrap().color), (Some(&rbm), FREE[0]));
    }
}
