//! A drawing as a list of marks, in points of a page, before any format: what a figure lays out and
//! what both writers, SVG and PNG, paint.

use image::RgbImage;

/// Red, green, blue.
pub(super) type Color = (u8, u8, u8);

/// (right, down) from the upper left corner.
pub(super) type Point = (f64, f64);

/// Marks on a white page, painted in their order; rasters last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) marks: Vec<Mark>,
    pub(super) rasters: Vec<Raster>,
}

/// One thing to paint.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Path { points: Vec<Point>, color: Color, width: f64 },
    Polygon { points: Vec<Point>, color: Color },
    Circle { center: Point, radius: f64, color: Color },
    Text { at: Point, text: String, size: f64, color: Color, anchor: Anchor, weight: Weight },
}

/// A bitmap whose pixels are `1 / RASTER_DENSITY` wide and high.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raster {
    pub(super) corner: Point,
    pub(super) image: RgbImage,
}

/// Where the point of a text is; vertically it is always at half the height of an x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The weights of the embedded typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Semibold,
}

/// Pixels of a raster, and of the PNG file, in a point: sharp on dense screens.
pub(super) const RASTER_DENSITY: u32 = 2;

impl Picture {
    /// A white page.
    pub(super) fn new(width: f64, height: f64) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let mut page = Self { width, height, marks: Vec::new(), rasters: Vec::new() };
        let corners = vec![(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
        page.push(Mark::Polygon { points: corners, color: (255, 255, 255) });
        page
    }

    pub(super) fn push(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, color: Color, width: f64) {
        self.push(Mark::Path { points: vec![from, to], color, width });
    }
}
