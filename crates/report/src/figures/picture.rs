//! A drawing as a list of marks, independent of any file format. Figures are laid out as pictures, and the
//! SVG and PNG writers paint pictures. Lengths are in points.

use image::RgbaImage;

use crate::answer::Rgb;

/// Distances to the right and down from the upper left corner.
pub(super) type Point = (f64, f64);

/// Marks on a white page, painted in order, and bitmaps, painted after them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) marks: Vec<Member>,
    pub(super) rasters: Vec<Raster>,
    /// The numbers of the figure in words, for readers who cannot see it.
    pub(super) numbers: String,
    group: Option<Group>,
}

/// A mark and the series to which it belongs, if any.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) mark: Mark,
    pub(super) group: Option<Group>,
}

/// The marks of a series, which the page can hide, or its entry in the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Group {
    Series(String),
    Key(String),
}

/// One shape or line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Path {
        points: Vec<Point>,
        color: Rgb,
        width: f64,
    },
    Polygon {
        points: Vec<Point>,
        color: Rgb,
    },
    Circle {
        center: Point,
        radius: f64,
        color: Rgb,
    },
    Text {
        at: Point,
        text: String,
        size: f64,
        color: Rgb,
        anchor: Anchor,
        weight: Weight,
    },
    /// An invisible area with a text that appears on hover; bitmaps omit it.
    Tip {
        at: Point,
        radius: f64,
        text: String,
    },
}

/// A bitmap, transparent between tiles. Each pixel is drawn `zoom / RASTER_DENSITY` points wide and high.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raster {
    pub(super) corner: Point,
    pub(super) image: RgbaImage,
    pub(super) zoom: u32,
}

/// Horizontal position of a text relative to its point. Vertically, the point is at half the
/// x-height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Weights of the embedded typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Semibold,
}

/// Pixels per point of a bitmap and of the PNG file; two, for sharpness on dense screens.
pub(super) const RASTER_DENSITY: u32 = 2;

impl Picture {
    /// An empty white page.
    pub(super) fn new(width: f64, height: f64) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let (marks, rasters, numbers) = (Vec::new(), Vec::new(), String::new());
        let mut page = Self { width, height, marks, rasters, numbers, group: None };
        let corners = vec![(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
        page.push(Mark::Polygon { points: corners, color: (255, 255, 255) });
        page
    }

    pub(super) fn push(&mut self, mark: Mark) {
        self.marks.push(Member { mark, group: self.group.clone() });
    }

    /// Draws marks that belong together.
    pub(super) fn within(&mut self, group: Group, draw: impl FnOnce(&mut Self)) {
        self.group = Some(group);
        draw(self);
        self.group = None;
    }

    /// Adds a text that appears when the pointer is at this point.
    pub(super) fn tip(&mut self, at: Point, radius: f64, text: String) {
        self.push(Mark::Tip { at, radius, text });
    }

    /// Adds a straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, color: Rgb, width: f64) {
        self.push(Mark::Path { points: vec![from, to], color, width });
    }
}
