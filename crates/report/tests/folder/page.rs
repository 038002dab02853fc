//! Tests of the page.

use std::fs;

use report::{MetricRow, SummaryRow, write_csv};

use crate::{images, made_up, page_with_answer, plain_page};

#[test]
fn the_page_needs_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    let page = page_with_answer(dir.path());
    let figures = page.matches("<figure").count();
    assert_eq!(figures, 6);
    let (charts, sheets) = (3, 3);
    let drawings = 2 * charts + sheets;
    let message = "charts for wide and for narrow screens, sheets of bitmaps once";
    assert_eq!(page.matches("role=\"img\"").count(), drawings, "{message}");
    let content = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "<script src", "<link", "@import", "url(", " style="] {
        assert!(!content.contains(outside), "{outside}");
    }
    for href in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let local = href.starts_with('#') || href.starts_with("data:image/png;base64,");
        assert!(local || dir.path().join(href).is_file(), "{href}");
    }
    assert!(page.contains("<strong>Yes: </strong>with 100 labels, RBM pretraining cuts"));
    assert!(page.contains("aerbm pipeline --profile default"));
    assert!(page.contains("Other labels: <code>--labels</code>."));
    assert!(page.contains("<b>14.96</b>"), "the best mean is bold");
    let place = |id: &str| page.find(&format!("<section id=\"{id}\"")).unwrap();
    let sections = ["results", "learning", "features", "reconstruction", "generation", "values"];
    assert!(sections.map(place).is_sorted());
}

/// The lines of a table between two positions on the page, each with its tags.
fn lines_between<'p>(page: &'p str, from: &str, to: &str) -> Vec<&'p str> {
    let (_, rest) = page.split_once(from).unwrap();
    rest.split_once(to).unwrap().0.split("<tr").skip(2).collect()
}

#[test]
fn the_verdicts_of_the_page_are_those_of_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    let page = page_with_answer(dir.path());
    let family = "The correction covers the comparisons of pretrained methods with no pretraining.";
    let asked = lines_between(&page, family, "</table>");
    assert_eq!(asked.len(), 5 * 5, "five pairs at each of five numbers of labels");
    let line = |method: &str| {
        let pair = format!("{method} − none");
        *asked.iter().find(|line| line.contains(&pair)).unwrap()
    };
    for (method, class, text) in [
        ("rbm", "good", "rbm better"),
        ("denoising", "good fairly", "denoising better, not after correction"),
        ("sparse", "open", "no difference shown"),
        ("contractive", "bad fairly", "none better, not after correction"),
        ("random-features", "bad", "none better"),
    ] {
        let badge = format!("<span class=\"verdict {class}\">{text}</span>");
        assert!(line(method).contains(&badge), "{}", line(method));
    }
    let others = lines_between(&page, "The other pairs of methods", "</table>");
    assert_eq!(others.len(), 3 * 5);
    let badges = |method: &str| {
        let of = |line: &&&str| line.contains(&format!("{method} − "));
        others.iter().filter(of).filter(|line| line.contains("class=\"verdict")).count()
    };
    assert_eq!(badges("pca"), 5, "judged, but not asked about");
    assert_eq!(badges("autoencoder") + badges("denoising"), 0, "without a verdict");
    assert!(page.contains("title=\"RBM pretraining\">rbm</th>"));

    let without = plain_page(dir.path());
    assert!(without.contains("This comparison has no verdict"));
    assert!(!without.contains("class=\"verdict") && !without.contains("The other pairs"));
}

#[test]
fn a_method_has_the_colour_of_its_style() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    let mut styles = made_up::styles();
    styles.methods[0].color = (1, 2, 3);
    report::build(dir.path(), &styles, None).unwrap();
    let svg = fs::read_to_string(dir.path().join("figures/error_by_labels.svg")).unwrap();
    assert!(svg.contains("#010203"), "{svg}");
}

#[test]
fn units_are_shown_as_they_are_in_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let row = |seed, metric: &str, unit: &str| MetricRow {
        run: "deep".into(),
        method: "autoencoder".into(),
        seed,
        stage: "train".into(),
        layer: None,
        epoch: Some(1),
        split: "test".into(),
        metric: metric.into(),
        value: 2.5,
        unit: unit.into(),
    };
    let rows = [
        row(1, "cost", "cost"),
        row(1, "bce_nats_per_image", "bits"),
        row(2, "bce_nats_per_image", "nats"),
    ];
    write_csv(&dir.path().join("metrics.csv"), &rows).unwrap();
    let page = plain_page(dir.path());
    assert!(page.contains("<td>cost</td><td class=\"number\">2.500</td><td>cost</td>"), "{page}");
    let both = "cross-entropy per image 2.500 bits, cross-entropy per image 2.500 nats";
    assert!(page.contains(both), "{page}");
}

#[test]
fn a_single_run_has_a_page_too() {
    let dir = tempfile::tempdir().unwrap();
    made_up::single_run(dir.path()).unwrap();
    let page = plain_page(dir.path());
    assert!(
        page.contains("tutorial after 20 epochs, on the test samples: squared error per pixel")
    );
    assert!(page.contains("n/a"), "a value that is not a number");
    assert!(!page.contains("NaN") && !page.contains("id=\"results\""));
}

#[test]
fn a_repeated_run_shows_its_mean_and_its_range() {
    let dir = tempfile::tempdir().unwrap();
    let row = |run: &str, seed, epoch, value| MetricRow {
        run: run.into(),
        method: "autoencoder".into(),
        seed,
        stage: "evaluate".into(),
        layer: None,
        epoch,
        split: "test".into(),
        metric: "sse_per_image".into(),
        value,
        unit: "sse_per_image".into(),
    };
    // The last epoch of each seed counts.
    let rows = [
        row("deep", 1, Some(1), 9.0),
        row("deep", 1, Some(2), 2.25),
        row("pca-30", 0, None, 13.5),
        row("deep", 2, Some(2), 2.75),
    ];
    write_csv(&dir.path().join("metrics.csv"), &rows).unwrap();
    let page = plain_page(dir.path());
    let cell = "<td class=\"number\">2.500<span class=\"interval\">2.250 – 2.750</span></td>";
    assert!(page.contains(cell), "{page}");
    assert!(!page.contains("<h1>deep</h1>"), "the page is of more than one run");
    assert!(
        page.contains("On the test samples, squared error per image: deep 2.500, pca-30 13.50.")
    );
}

#[test]
fn the_first_layer_stands_beside_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let summary = |labels, test_error_pct_mean| SummaryRow {
        method: "rbm".into(),
        depth: 1,
        labels,
        seeds: 2,
        test_error_pct_mean,
        ci95_low: f64::NAN,
        ci95_high: f64::NAN,
    };
    let metric = |seed, layer, labels: usize, value| MetricRow {
        run: format!("comparison, {labels} labels, depth 1"),
        method: "rbm".into(),
        seed,
        stage: "fine-tune".into(),
        layer: Some(layer),
        epoch: None,
        split: "validation".into(),
        metric: "saturated_pct".into(),
        value,
        unit: "pct".into(),
    };
    write_csv(&dir.path().join("summary.csv"), &[summary(100, 9.0), summary(5_000, 1.25)]).unwrap();
    // Two seeds of the first layer with the most labels, and others that must not be included.
    let rows = [
        metric(1, 1, 5_000, 70.0),
        metric(2, 1, 5_000, 80.0),
        metric(1, 2, 5_000, 1.0),
        metric(1, 1, 100, 2.0),
    ];
    write_csv(&dir.path().join("metrics.csv"), &rows).unwrap();
    let page = plain_page(dir.path());
    assert!(page.contains("after fine-tuning with 5,000 labels"));
    let cells = "<td class=\"number\">1.25</td><td class=\"number\">75.0</td>";
    assert!(page.contains(cells), "{page}");
}

#[test]
fn methods_with_one_number_of_labels_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let summary = |method: &str, labels, test_error_pct_mean| SummaryRow {
        method: method.into(),
        depth: 1,
        labels,
        seeds: 3,
        test_error_pct_mean,
        ci95_low: test_error_pct_mean - 0.1,
        ci95_high: test_error_pct_mean + 0.1,
    };
    let drawn = |rows: &[SummaryRow]| {
        write_csv(&dir.path().join("summary.csv"), rows).unwrap();
        plain_page(dir.path());
        fs::read_to_string(dir.path().join("figures/error_by_labels.svg")).unwrap()
    };
    let one = [summary("none", 5_000, 1.4), summary("rbm", 5_000, 1.2)];
    let side_by_side = drawn(&one);
    assert!(side_by_side.contains("Test error with 5,000 labels, 1 hidden layer"));
    let named = |name: &str| side_by_side.lines().any(|line| line == name);
    assert!(named("none") && named("rbm"), "{side_by_side}");
    assert!(!side_by_side.contains("labelled training samples"), "no axis of labels");
    let two = [one[0].clone(), one[1].clone(), summary("none", 100, 20.0)];
    assert!(drawn(&two).contains("labelled training samples"));
}

#[test]
fn an_empty_folder_has_a_page_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    assert!(plain_page(dir.path()).contains("There are no results yet."));
}
