//! The mistakes of the recommended network of a comparison on the test samples.

use mnist_io::Dataset;
use report::{
    AxisScale, Curve, Lines, Matrix, Meta, Panel, Section, Square, TileRow, TileScale, Tiles,
};
use study::calibration::Reliability;
use study::class_metrics::Confusion;
use study::{Cell, Outcome, recommended};

use super::Figures;
use crate::Error;

pub(super) const CONFUSIONS: &str = "confusions";
pub(super) const MISTAKEN: &str = "mistaken_images";
pub(super) const RELIABILITY: &str = "reliability";

/// With more classes, squares are too small to be distinguished.
const MOST_CLASSES: usize = 40;

/// A bin of a reliability diagram with fewer samples is not informative.
const FEWEST: usize = 5;

/// Number of confusions whose images are shown, and number of images of each.
const KINDS: usize = 6;
const IMAGES: usize = 10;

/// Draws the confusions of the recommended network, and images that it misclassifies.
pub(crate) fn draw(out: Figures<'_>, outcome: &Outcome, test: &Dataset) -> Result<(), Error> {
    let Some(cell) = recommended(&outcome.cells) else { return Ok(()) };
    let truth = test.labels.as_deref().unwrap_or_default();
    let confusion = Confusion::new(truth, &cell.predictions, test.n_classes)?;
    if test.n_classes <= MOST_CLASSES {
        confusions(out, cell, &confusion, &test.class_names)?;
    }
    if test.shape.is_image() && confusion.errors() > 0 {
        images(out, outcome, cell, &confusion, test)?;
    }
    Ok(())
}

fn confusions(
    out: Figures<'_>,
    cell: &Cell,
    confusion: &Confusion,
    names: &[String],
) -> Result<(), report::Error> {
    let square = |((row, column), count): ((usize, usize), &usize)| Square {
        row: names[row].clone(),
        column: names[column].clone(),
        count: *count,
    };
    let squares = confusion.counts.indexed_iter().map(square).collect();
    let meta = Meta {
        title: "Classes that the recommended network takes for others".into(),
        caption: format!(
            "Test samples by their class and the predicted one, for {} with {} labels, seed {}.",
            cell.method,
            number_text::count(cell.labels),
            cell.seed
        ),
        how_to_read:
            "Numbers on the diagonal are right. The redder a square beside it, the more often the \
                      class of its row is taken for that of its column."
                .into(),
        alt: "Table of counts of test samples by class and predicted class.".into(),
        section: Section::Comparison,
        order: 3,
    };
    let [row_title, column_title] = ["class", "predicted"].map(str::to_owned);
    Matrix { meta, row_title, column_title, squares }.write(out.dir, CONFUSIONS, out.styles)
}

/// Draws images of the most frequent confusions, starting with those that most networks misclassify.
fn images(
    out: Figures<'_>,
    outcome: &Outcome,
    cell: &Cell,
    confusion: &Confusion,
    test: &Dataset,
) -> Result<(), report::Error> {
    let truth = test.labels.as_deref().unwrap_or_default();
    let peers: Vec<&Cell> = outcome.cells.iter().filter(|it| it.labels == cell.labels).collect();
    let hardness = |sample: usize| peers.iter().filter(|it| it.mistakes[sample]).count();
    let names = &test.class_names;
    let beside =
        confusion.counts.indexed_iter().filter(|((row, column), n)| row != column && **n > 0);
    let mut kinds: Vec<((usize, usize), usize)> = beside.map(|(kind, n)| (kind, *n)).collect();
    kinds.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
    let row = |((class, predicted), _): &((usize, usize), usize)| {
        let pair = |sample: &usize| {
            (usize::from(truth[*sample]), usize::from(cell.predictions[*sample]))
                == (*class, *predicted)
        };
        let mut samples: Vec<usize> = (0..truth.len()).filter(pair).collect();
        samples.sort_by_key(|sample| (std::cmp::Reverse(hardness(*sample)), *sample));
        let image = |sample: &usize| test.images.row(*sample).to_vec();
        TileRow {
            label: format!("{}, taken for {}", names[*class], names[*predicted]),
            tiles: samples.iter().take(IMAGES).map(image).collect(),
        }
    };
    let meta = Meta {
        title: "Images that the recommended network gets wrong".into(),
        caption: format!(
            "Test images of the most frequent confusions. In each row, those come first that most of the {} \
             networks with {} labels get wrong.",
            peers.len(),
            number_text::count(cell.labels)
        ),
        how_to_read:
            "Some images are hard for people, too; those that are not show what the network has \
                      not learned."
                .into(),
        alt: "Rows of misclassified test images, with their class and the predicted one.".into(),
        section: Section::Comparison,
        order: 4,
    };
    let shape = test.shape;
    Tiles {
        meta,
        rows: kinds.iter().take(KINDS).map(row).collect(),
        height: shape.height,
        width: shape.width,
        scale: if shape.channels > 1 { TileScale::Colour } else { TileScale::Grey },
    }
    .write(out.dir, MISTAKEN, out.styles)
}

/// Draws how often the recommended network is right, by its confidence, before and after calibration.
pub(crate) fn reliability(
    out: Figures<'_>,
    before: &Reliability,
    after: &Reliability,
) -> Result<(), report::Error> {
    let curve = |name: &str, reliability: &Reliability| Curve {
        name: name.into(),
        points: (reliability.bins.iter())
            .filter(|bin| bin.count >= FEWEST)
            .map(|bin| (100.0 * bin.confidence, 100.0 * bin.accuracy))
            .collect(),
    };
    let low = [before, after].into_iter().flat_map(|it| &it.bins).filter(|bin| bin.count >= FEWEST);
    let low = 100.0 * low.map(|bin| bin.confidence.min(bin.accuracy)).fold(1.0, f64::min);
    let perfect =
        Curve { name: "perfectly calibrated".into(), points: vec![(low, low), (100.0, 100.0)] };
    let panel = Panel {
        title: String::new(),
        x_title: "mean probability of the predicted class, %".into(),
        y_title: "predictions that are right, %".into(),
        y_scale: AxisScale::Linear,
        curves: vec![curve("as trained", before), curve("calibrated", after), perfect],
    };
    let meta = Meta {
        title: "Probabilities of the recommended network against frequencies".into(),
        caption: format!(
            "Test samples in bins of equal width by the probability of the predicted class; bins with fewer than \
             {FEWEST} samples are left out. The saved network is the calibrated one."
        ),
        how_to_read: "Of the predictions with a probability of 80 %, 80 % should be right. Below the straight \
                      line the network is too sure, above it not sure enough. Bins with few samples scatter."
            .into(),
        alt: "Line chart of the share of right predictions against the probability, before and after \
              calibration."
            .into(),
        section: Section::Comparison,
        order: 5,
    };
    Lines { meta, panels: vec![panel] }.write(out.dir, RELIABILITY, out.styles)
}
