//! Colours of series, shapes of their markers, and colour scales for images.
//!
//! The series colours are those of Okabe and Ito, "Color universal design" (2008), which readers
//! with a colour-vision deficiency can distinguish, without yellow, which is hard to see on white,
//! and with grey. The shape of the marker tells series apart in print.

use std::collections::BTreeMap;

use crate::answer::{Rgb, Styles};

/// Colours for names without a style, in the order in which they are given out.
const FREE: [Rgb; 8] = [
    (0, 114, 178),   // blue
    (213, 94, 0),    // vermilion
    (0, 158, 115),   // green
    (204, 121, 167), // purple
    (86, 180, 233),  // sky
    (230, 159, 0),   // orange
    (40, 40, 40),    // black
    (150, 150, 150), // grey
];

/// Shapes of markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// The colours of one figure's series. A name with a style has the style's colour; the others take
/// the free colours that no series of the figure has, in order, and share them if they run out.
pub(super) fn colors(names: &[&str], styles: &Styles) -> Vec<Rgb> {
    let styled = names.iter().filter_map(|name| Some((*name, styles.of(name)?.color)));
    let mut given: BTreeMap<&str, Rgb> = styled.collect();
    for name in names {
        if !given.contains_key(name) {
            let free = FREE.iter().find(|color| !given.values().any(|used| used == *color));
            let color = free.copied().unwrap_or(FREE[given.len() % FREE.len()]);
            given.insert(name, color);
        }
    }
    names.iter().map(|name| given[name]).collect()
}

/// The marker of the series at this place in the legend.
pub(super) fn marker_of(place: usize) -> Marker {
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond][place % 4]
}

/// A diverging scale: blue at −1, white at 0 and red at 1, with even steps of lightness between.
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
    use super::*;
    use crate::answer::MethodStyle;

    #[test]
    fn free_colours_skip_those_of_styles() {
        let style =
            |name: &str, color| MethodStyle { name: name.into(), words: String::new(), color };
        let styles = Styles { methods: vec![style("rbm", FREE[0]), style("pca", (1, 2, 3))] };
        let names = ["a", "rbm", "b", "pca"];
        assert_eq!(colors(&names, &styles), [FREE[1], FREE[0], FREE[2], (1, 2, 3)]);
        assert_eq!(colors(&names, &Styles::default()), FREE[..4]);
        let many: Vec<String> = (0..9).map(|i| i.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(colors(&many, &Styles::default())[8], FREE[0], "shared when they run out");
    }
}
