//! The whole crate on a folder: files, figures and page.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of `#[test]` functions")]

mod made_up;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use report::{
    ComparisonRow, Error, Meta, MetricRow, PairedRow, Row, Styles, SummaryRow, TileRow, TileScale,
    Tiles, TimingRow, read_csv, write_csv, write_text,
};

/// Builds the page of a folder without styles and without an answer, and returns it.
fn plain_page(dir: &Path) -> String {
    report::build(dir, &Styles::default(), None).unwrap();
    fs::read_to_string(dir.join("report.html")).unwrap()
}

/// Builds the page of the made-up comparison with its answer, and returns it.
fn page_with_answer(dir: &Path) -> String {
    report::build(dir, &made_up::styles(), Some(&made_up::answer())).unwrap();
    fs::read_to_string(dir.join("report.html")).unwrap()
}

fn images() -> Vec<Vec<f32>> {
    (0..80).map(|k| (0..784).map(|i| ((i * (k + 3)) % 97) as f32 / 96.0).collect()).collect()
}

fn bytes_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let files = names.filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

#[test]
fn headers_are_those_of_the_design() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    let header = |write: &dyn Fn() -> Result<(), Error>| {
        write().unwrap();
        fs::read_to_string(&file).unwrap()
    };
    assert_eq!(
        header(&|| write_csv::<MetricRow>(&file, &[])),
        "run,method,seed,stage,layer,epoch,split,metric,value,unit\n"
    );
    assert_eq!(
        header(&|| write_csv::<TimingRow>(&file, &[])),
        "run,method,seed,stage,layer,epoch,seconds,samples_per_second\n"
    );
    assert_eq!(
        header(&|| write_csv::<ComparisonRow>(&file, &[])),
        "method,depth,labels,seed,validation_error_pct,test_error_pct,test_errors,\
         pretrain_updates,finetune_updates\n"
    );
    assert_eq!(
        header(&|| write_csv::<SummaryRow>(&file, &[])),
        "method,depth,labels,seeds,test_error_pct_mean,ci95_low,ci95_high\n"
    );
    assert_eq!(
        header(&|| write_csv::<PairedRow>(&file, &[])),
        "method_a,method_b,depth,labels,seeds,difference_pct_mean,ci95_low,ci95_high,p_value,test\n"
    );
}

fn check<R: Row + PartialEq + std::fmt::Debug>(file: &Path) {
    let before = fs::read(file).unwrap();
    let rows: Vec<R> = read_csv(file).unwrap();
    assert!(!rows.is_empty());
    write_csv(file, &rows).unwrap();
    assert_eq!(before, fs::read(file).unwrap(), "{}", file.display());
    assert_eq!(rows, read_csv::<R>(file).unwrap());
}

#[test]
fn rows_come_back_as_they_went() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    check::<MetricRow>(&dir.path().join("metrics.csv"));
    check::<TimingRow>(&dir.path().join("timings.csv"));
    check::<ComparisonRow>(&dir.path().join("comparison.csv"));
    check::<SummaryRow>(&dir.path().join("summary.csv"));
    check::<PairedRow>(&dir.path().join("paired.csv"));
}

#[test]
fn what_does_not_exist_survives_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("metrics.csv");
    let text = "run,method,seed,stage,layer,epoch,split,metric,value,unit\n\
                \"a, b\",rbm,1,evaluate,,,test,log_z_nats,NaN,nats\n";
    write_text(&file, text).unwrap();
    let rows: Vec<MetricRow> = read_csv(&file).unwrap();
    assert_eq!((rows[0].layer, rows[0].epoch, rows[0].run.as_str()), (None, None, "a, b"));
    assert!(rows[0].value.is_nan());
    write_csv(&file, &rows).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn errors_name_file_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("summary.csv");
    let message = |text: &str| {
        write_text(&file, text).unwrap();
        let message = read_csv::<SummaryRow>(&file).unwrap_err().to_string();
        assert!(message.contains("summary.csv, line "), "{message}");
        message
    };
    let header = SummaryRow::COLUMNS.join(",");
    let wrong_type = message(&format!("{header}\nrbm,1,100,5,3.0,2.9,3.1\nrbm,one,100,5,3,2,4\n"));
    assert!(wrong_type.contains("line 3: column `depth`"), "{wrong_type}");
    let short = message(&format!("{header}\nrbm,1,100\n"));
    assert!(short.contains("line 2: 3 cells; expected 7"), "{short}");
    let other = message("method,labels\nrbm,100\n");
    assert!(other.contains("the columns are `method,labels`; expected `method,depth"), "{other}");
    assert!(matches!(read_csv::<SummaryRow>(&dir.path().join("no")), Err(Error::Read { .. })));
}

#[test]
fn a_folder_built_twice_has_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [one.path().join("run"), two.path().join("run")] {
        made_up::comparison_run(&dir, &images()).unwrap();
        page_with_answer(&dir);
    }
    let [first, second] = [&one, &two].map(|dir| bytes_in(&dir.path().join("run/figures")));
    assert_eq!(first.len(), 5 * 4, "five figures, four files each");
    assert!(first.values().eq(second.values()));
    assert!(
        bytes_in(&one.path().join("run")).values().eq(bytes_in(&two.path().join("run")).values())
    );
    page_with_answer(&one.path().join("run"));
    assert_eq!(first, bytes_in(&one.path().join("run/figures")), "drawn again from the files");
}

#[test]
fn drawings_are_well_formed_and_come_from_the_csv() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    let figures = report::redraw(dir.path(), &made_up::styles()).unwrap();
    for figure in &figures {
        assert_well_formed(&figure.svg);
        assert!(figure.svg.contains("<title>"));
        let png = dir.path().join("figures").join(format!("{}.png", figure.name));
        assert!(image::open(png).unwrap().width() > 400);
    }
    let order: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(order, ["learning_curves", "filters_rbm", "reconstructions", "samples_rbm"]);

    let csv = dir.path().join("figures/learning_curves.csv");
    let changed = fs::read_to_string(&csv).unwrap().replace(",rbm,", ",dbn <&>,");
    write_text(&csv, &changed).unwrap();
    let again = report::redraw(dir.path(), &made_up::styles()).unwrap();
    assert!(again[0].svg.contains("dbn &lt;&amp;&gt;"));
    assert_well_formed(&again[0].svg);
}

/// Every tag closed in order, every attribute quoted.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in svg.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{part}");
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} left open");
}

#[test]
fn tiles_keep_their_numbers_short() {
    let dir = tempfile::tempdir().unwrap();
    let tile = |scale| Tiles {
        meta: Meta::default(),
        rows: vec![TileRow { label: "w".into(), tiles: vec![vec![0.123_456, -0.0, 1.0, 3.21e-7]] }],
        height: 2,
        width: 2,
        scale,
    };
    let lines = |scale| {
        tile(scale).write(dir.path(), "tiles", &Styles::default()).unwrap();
        fs::read_to_string(dir.path().join("figures/tiles.csv")).unwrap()
    };
    let header = "row,column,title,height,width,pixel_0,pixel_1,pixel_2,pixel_3\n";
    assert_eq!(lines(TileScale::Grey), format!("{header}0,0,w,2,2,0.1235,0,1,0\n"));
    assert_eq!(lines(TileScale::Diverging), format!("{header}0,0,w,2,2,0.1235,0,1,0.000000321\n"));

    let mut wrong = tile(TileScale::Grey);
    wrong.rows[0].tiles[0].pop();
    let message = wrong.write(dir.path(), "tiles", &Styles::default()).unwrap_err().to_string();
    assert!(message.contains("tile 0 has 3 pixels"), "{message}");
    let message = tile(TileScale::Grey)
        .write(dir.path(), "../tiles", &Styles::default())
        .unwrap_err()
        .to_string();
    assert!(message.contains("the name `../tiles`"), "{message}");
}

#[test]
fn the_page_needs_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    made_up::comparison_run(dir.path(), &images()).unwrap();
    let page = page_with_answer(dir.path());
    assert_eq!(page.matches("<svg").count(), 5);
    for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
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

/// The lines of a table between two places of the page, each with its tags.
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
    assert!(page.contains("cost 2.500, cross-entropy per image 2.500 bits"), "{page}");
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
    // Two seeds of the first layer with the most labels; others that do not belong there.
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
