//! SVG files. Shapes are written here, many per path; texts are written by plotters.

use std::fmt::{Display, Write as _};

use base64::Engine;
use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, TextStyle};

use super::encode::encode;
use super::{DENSITY, failed, length, pixel, rgb, surface};
use crate::answer::Rgb;
use crate::error::Error;
use crate::figures::chart::TITLE_BAND;
use crate::figures::picture::{
    Anchor, Group, Mark, Member, Picture, Point, RASTER_DENSITY, Weight,
};
use crate::figures::text;

/// A complete SVG document. Screen readers read `title` and `alt` instead of the picture.
pub(in crate::figures) fn svg(picture: &Picture, title: &str, alt: &str) -> Result<String, Error> {
    let (width, height) = surface(picture);
    let alt = [alt, &picture.numbers].join(" ");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}. {}\" stroke-linejoin=\"round\" \
         stroke-linecap=\"round\" fill=\"none\" font-family=\"{}\">\n",
        picture.width,
        picture.height,
        escape(title),
        escape(alt.trim()),
        text::FAMILY,
    );
    for members in picture.marks.chunk_by(|a, b| a.group == b.group) {
        let marks = elements(members, (width, height))?;
        match &members[0].group {
            None => out.push_str(&marks),
            Some(Group::Series(name)) => {
                let _ = writeln!(out, "<g data-series=\"{}\">\n{marks}</g>", escape(name));
            }
            Some(Group::Key(name)) => {
                let _ = writeln!(out, "<g data-key=\"{}\">\n{marks}</g>", escape(name));
            }
        }
    }
    for raster in &picture.rasters {
        let (x, y) = pixel(raster.corner);
        let ratio = raster.zoom * length(1.0) / RASTER_DENSITY;
        let data = base64::engine::general_purpose::STANDARD.encode(encode(&raster.image)?);
        writeln!(
            out,
            "<image x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" image-rendering=\"pixelated\" \
             preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>",
            raster.image.width() * ratio,
            raster.image.height() * ratio,
        )
        .map_err(|e| Error::Draw(e.to_string()))?;
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// The elements of some marks. Consecutive marks with the same ink form one path, which takes a third of the
/// bytes: a cloud of points has thousands of marks.
fn elements(members: &[Member], size: (u32, u32)) -> Result<String, Error> {
    let mut drawn = String::new();
    let mut tips = String::new();
    for alike in members.chunk_by(|a, b| ink(&a.mark) == ink(&b.mark)) {
        if let Some(ink) = ink(&alike[0].mark) {
            let outlines: String = alike.iter().map(|member| outline(&member.mark)).collect();
            let _ = writeln!(drawn, "<path {ink} d=\"{outlines}\"/>");
            continue;
        }
        let mut lines = String::new();
        let mut backend = SVGBackend::with_string(&mut lines, size);
        for Member { mark, .. } in alike {
            match mark {
                Mark::Text { at, text, size, color, anchor, weight } => {
                    let style = text_style(*size, *color, *anchor, *weight);
                    backend.draw_text(text, &style, pixel(*at)).map_err(failed)?;
                }
                Mark::Tip { at, radius, text } => {
                    let ((x, y), radius, text) = (pixel(*at), length(*radius), escape(text));
                    let _ = writeln!(
                        tips,
                        "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"><title>{text}</title></circle>"
                    );
                }
                Mark::Path { .. } | Mark::Polygon { .. } | Mark::Circle { .. } => (),
            }
        }
        drop(backend);
        let body = lines.split_once('\n').map_or("", |(_, body)| body).trim_end();
        drawn.push_str(&without_defaults(body.strip_suffix("</svg>").unwrap_or(body)));
    }
    if tips.is_empty() {
        return Ok(drawn);
    }
    Ok(format!("{drawn}<g pointer-events=\"all\">\n{tips}</g>\n"))
}

/// Elements without attributes that repeat the default or those of the whole document.
fn without_defaults(elements: &str) -> String {
    let family = format!(" font-family=\"{}\"", text::FAMILY);
    let defaults = [&family, " opacity=\"1\"", " text-anchor=\"start\""];
    let short = |line: &str| {
        // Texts are on their own lines, and may contain anything.
        if line.starts_with('<') {
            defaults.iter().fold(line.to_owned(), |line, default| line.replace(*default, ""))
        } else {
            line.to_owned()
        }
    };
    elements.lines().map(|line| short(line) + "\n").collect()
}

/// Drawing attributes of a path.
#[derive(PartialEq)]
enum Ink {
    Filled(Rgb),
    Stroked { color: Rgb, width: u32 },
}

impl Display for Ink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Ink::Filled((red, green, blue)) | Ink::Stroked { color: (red, green, blue), .. }) =
            self;
        match self {
            Ink::Filled(_) => write!(f, "fill=\"#{red:02X}{green:02X}{blue:02X}\""),
            Ink::Stroked { width, .. } => {
                write!(f, "stroke=\"#{red:02X}{green:02X}{blue:02X}\" stroke-width=\"{width}\"")
            }
        }
    }
}

/// The ink of a mark; `None` for texts. A disc is the dot of a round pen.
fn ink(mark: &Mark) -> Option<Ink> {
    Some(match mark {
        Mark::Polygon { color, .. } => Ink::Filled(*color),
        Mark::Circle { color, radius, .. } => {
            Ink::Stroked { color: *color, width: 2 * length(*radius) }
        }
        Mark::Path { color, width, .. } => Ink::Stroked { color: *color, width: length(*width) },
        Mark::Text { .. } | Mark::Tip { .. } => return None,
    })
}

/// A mark as path data. Polygons all run clockwise, so that overlapping ones leave no holes.
fn outline(mark: &Mark) -> String {
    let pixels = |points: &[Point]| points.iter().map(|&at| pixel(at)).collect::<Vec<_>>();
    match mark {
        Mark::Polygon { points, .. } => {
            let mut points = pixels(points);
            let next = points.iter().cycle().skip(1);
            let areas = points
                .iter()
                .zip(next)
                .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1));
            if areas.sum::<i64>() < 0 {
                points.reverse();
            }
            steps(&points) + "z"
        }
        Mark::Path { points, .. } => steps(&pixels(points)),
        Mark::Circle { center, .. } => steps(&[pixel(*center), pixel(*center)]),
        Mark::Text { .. } | Mark::Tip { .. } => String::new(),
    }
}

/// The lines between points, each relative to the previous one.
fn steps(points: &[(i32, i32)]) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let mut data = format!("M{} {}", first.0, first.1);
    let mut last = first;
    for (index, point) in rest.iter().enumerate() {
        let sign = if index == 0 { 'l' } else { ' ' };
        let _ = write!(data, "{sign}{} {}", point.0 - last.0, point.1 - last.1);
        last = point;
    }
    data
}

/// The SVG with its view box moved below the title, for a page that shows the title as a heading.
pub(in crate::figures) fn without_title(svg: &str) -> String {
    let moved = || {
        let (_, rest) = svg.split_once("viewBox=\"0 0 ")?;
        let (size, after) = rest.split_once('"')?;
        let (width, height) = size.split_once(' ')?;
        let (width, height): (f64, f64) = (width.parse().ok()?, height.parse().ok()?);
        let top = (TITLE_BAND - 8.0) * DENSITY;
        Some(format!(
            "<svg width=\"{}\" height=\"{}\" viewBox=\"0 {top} {width} {}\"{after}",
            width / DENSITY,
            (height - top) / DENSITY,
            height - top
        ))
    };
    moved().unwrap_or_else(|| svg.to_owned())
}

fn text_style(size: f64, color: Rgb, anchor: Anchor, weight: Weight) -> TextStyle<'static> {
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let weight = if weight == Weight::Semibold { FontStyle::Bold } else { FontStyle::Normal };
    // The SVG backend divides the size by 1.24 to convert it to ems.
    let font = FontDesc::new(FontFamily::Name(text::FAMILY), size * DENSITY * 1.24, weight);
    TextStyle {
        font,
        color: rgb(color).to_backend_color(),
        pos: Pos::new(horizontal, VPos::Center),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_turn_clockwise_whichever_way_they_are_given() {
        let points = vec![(1.0, 2.0), (3.0, 2.0), (3.0, 4.0)];
        let turned: Vec<Point> = points.iter().rev().copied().collect();
        let of = |points| outline(&Mark::Polygon { points, color: (0, 0, 0) });
        assert_eq!(of(points), "M4 8l8 0 0 8z");
        assert_eq!(of(turned), "M4 8l8 0 0 8z");
        let circle = Mark::Circle { center: (5.0, 5.0), radius: 2.0, color: (0, 0, 0) };
        assert_eq!(outline(&circle), "M20 20l0 0");
    }

    #[test]
    fn neighbours_of_one_ink_are_one_path_and_their_order_is_kept() {
        let member = |mark| Member { mark, group: None };
        let circle = |color| member(Mark::Circle { center: (5.0, 5.0), radius: 2.0, color });
        let points = vec![(0.0, 0.0), (1.0, 1.0)];
        let line = member(Mark::Path { points, color: (0, 0, 0), width: 1.0 });
        let (red, blue) = ((255, 0, 0), (0, 0, 255));
        let members = [circle(red), circle(red), circle(blue), line, circle(red)];
        let drawn = elements(&members, (100, 100)).expect("drawn");
        let expected = [
            "<path stroke=\"#FF0000\" stroke-width=\"16\" d=\"M20 20l0 0M20 20l0 0\"/>",
            "<path stroke=\"#0000FF\" stroke-width=\"16\" d=\"M20 20l0 0\"/>",
            "<path stroke=\"#000000\" stroke-width=\"4\" d=\"M0 0l4 4\"/>",
            "<path stroke=\"#FF0000\" stroke-width=\"16\" d=\"M20 20l0 0\"/>",
        ];
        assert_eq!(drawn.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn texts_keep_what_they_say() {
        let text = Mark::Text {
            at: (1.0, 2.0),
            text: " opacity=\"1\" < 2".to_owned(),
            size: 12.0,
            color: (0, 0, 0),
            anchor: Anchor::Start,
            weight: Weight::Regular,
        };
        let drawn = elements(&[Member { mark: text, group: None }], (100, 100)).expect("drawn");
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(!lines[0].contains("font-family") && !lines[0].contains("opacity"), "{drawn}");
        assert!(lines[1].contains("opacity=") && lines[1].contains("&lt; 2"), "{drawn}");
    }
}
