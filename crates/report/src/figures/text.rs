//! Text in the embedded typeface: widths, line breaks and rasterised glyphs.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::picture::Weight;
use crate::error::Error;

/// Font families of the SVG: the embedded typeface if installed, otherwise a similar one.
pub(super) const FAMILY: &str = "Open Sans, Helvetica Neue, Helvetica, Arial, sans-serif";

/// Half the x-height, in ems: the distance from the middle of a line down to its baseline.
pub(super) const HALF_X_HEIGHT: f64 = 0.2675;

/// Width of a letter missing from the typeface, in ems.
const FOREIGN_WIDTH: f32 = 0.95;

/// The embedded typeface, Open Sans (Apache License 2.0; the licence is in `assets`).
pub(super) fn font(weight: Weight) -> Result<FontRef<'static>, Error> {
    let bytes: &'static [u8] = match weight {
        Weight::Regular => include_bytes!("../../assets/OpenSans-Regular.ttf"),
        Weight::Semibold => include_bytes!("../../assets/OpenSans-Semibold.ttf"),
    };
    FontRef::try_from_slice(bytes).map_err(|e| Error::Draw(e.to_string()))
}

/// Width of a line of text, in points, at `size` points per em; 0 if the typeface cannot be read.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    font(weight).map_or(0.0, |font| f64::from(place(&font, text, size).1))
}

/// The text, truncated with an ellipsis if it is wider than `limit`.
pub(super) fn fitted(text: &str, size: f64, weight: Weight, limit: f64) -> String {
    if width(text, size, weight) <= limit {
        return text.to_owned();
    }
    let cut = |end: usize| format!("{}…", text[..end].trim_end());
    let ends = text.char_indices().map(|(end, _)| end).rev();
    ends.map(cut).find(|short| width(short, size, weight) <= limit).unwrap_or_default()
}

/// The text broken at spaces into lines no wider than `limit`; a longer word gets its own line.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, weight) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Calls `cover(x, y, share)` for every pixel that the text touches, with the share of the pixel
/// that it covers. The origin is at the baseline, `start` pixels left of the text.
pub(super) fn rasterise(
    font: &FontRef<'_>,
    text: &str,
    size: f64,
    start: f64,
    mut cover: impl FnMut(i32, i32, f64),
) {
    for (glyph, x) in place(font, text, size).0 {
        let glyph = glyph.with_scale_and_position(scale(font, size), point(x + start as f32, 0.0));
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, share| {
            let (x, y) = (x.cast_signed(), y.cast_signed());
            cover(corner.x as i32 + x, corner.y as i32 + y, f64::from(share));
        });
    }
}

/// Each glyph with its distance from the start of the line, and the width of the line.
fn place(font: &FontRef<'_>, text: &str, size: f64) -> (Vec<(GlyphId, f32)>, f32) {
    let scaled = font.as_scaled(scale(font, size));
    let mut glyphs: Vec<(GlyphId, f32)> = Vec::new();
    let mut x = 0.0;
    for character in text.chars() {
        let id = font.glyph_id(character);
        // The typeface has no Hangul. Browsers use another font, nearly an em wide.
        let is_foreign = id == GlyphId(0) && !character.is_ascii();
        if let Some(&(before, _)) = glyphs.last() {
            x += scaled.kern(before, id);
        }
        glyphs.push((id, x));
        x += if is_foreign { FOREIGN_WIDTH * size as f32 } else { scaled.h_advance(id) };
    }
    (glyphs, x)
}

/// The `ab_glyph` scale for a size in ems: the crate measures fonts from the lowest descender to the highest
/// ascender.
fn scale(font: &FontRef<'_>, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(size as f32 * font.height_unscaled() / em)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_broken_or_cut() {
        let text = "test digit, after one thousand Gibbs steps";
        let full = width(text, 12.0, Weight::Regular);
        assert!((200.0..300.0).contains(&full), "{full}");
        let lines = wrap(text, 12.0, Weight::Regular, 120.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| width(line, 12.0, Weight::Regular) <= 120.0));
        let cut = fitted(text, 12.0, Weight::Regular, 120.0);
        assert!(cut.starts_with("test digit") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut, 12.0, Weight::Regular) <= 120.0);
        assert_eq!(fitted(text, 12.0, Weight::Regular, 300.0), text);
    }

    #[test]
    fn hangul_has_about_the_width_that_browsers_give_it() {
        let four = width("은닉층이", 10.0, Weight::Regular);
        assert!((36.0..40.0).contains(&four), "{four}");
    }

    #[test]
    fn the_typeface_has_the_characters_of_numbers() {
        let font = font(Weight::Regular).unwrap();
        for character in "0123456789.,−–∞%×…".chars() {
            assert_ne!(font.glyph_id(character), GlyphId(0), "{character}");
        }
    }
}
