//! SVG and PNG writers for a picture, both based on plotters.
//!
//! plotters places marks on whole pixels. Both surfaces therefore have four pixels per point: the SVG is
//! scaled by its view box, and the bitmap is averaged down to two pixels per point, which also smooths its
//! edges.

mod encode;
mod png;
mod svg;

use std::fmt::Display;

use plotters::prelude::RGBColor;

pub(super) use self::png::png;
pub(super) use self::svg::{svg, without_title};
use super::picture::{Picture, Point};
use crate::answer::Rgb;
use crate::error::Error;

/// Pixels of the drawing surface per point.
const DENSITY: f64 = 4.0;

fn rgb((red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

fn pixel((x, y): Point) -> (i32, i32) {
    ((x * DENSITY).round() as i32, (y * DENSITY).round() as i32)
}

#[expect(clippy::cast_sign_loss, reason = "lengths are not negative")]
fn length(points: f64) -> u32 {
    (points * DENSITY).round() as u32
}

fn surface(picture: &Picture) -> (u32, u32) {
    (length(picture.width), length(picture.height))
}

fn failed(error: impl Display) -> Error {
    Error::Draw(error.to_string())
}
