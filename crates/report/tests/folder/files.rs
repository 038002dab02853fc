//! Tests of tables and figures as files.

use std::fs;
use std::path::Path;

use report::{
    ComparisonRow, Error, Meta, MetricRow, PairedRow, Row, Styles, SummaryRow, TileRow, TileScale,
    Tiles, TimingRow, read_csv, write_csv, write_text,
};

use crate::{bytes_in, images, made_up, page_with_answer};

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
    assert_eq!(first.len(), 6 * 4, "six figures, four files each");
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
        assert_well_formed(&figure.narrow_svg);
        let named = format!("aria-label=\"{}. {}", figure.meta.title, figure.meta.alt);
        assert!(figure.svg.contains(&named), "{}", figure.svg);
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

/// Asserts that every tag is closed in order and every attribute quoted.
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
fn tiles_in_colour_have_three_numbers_for_each_pixel() {
    let dir = tempfile::tempdir().unwrap();
    let mut tiles = Tiles {
        meta: Meta::default(),
        rows: vec![TileRow { label: "w".into(), tiles: vec![vec![1.0, 0.0, 0.2, -1.0, 1.0, 7.0]] }],
        height: 1,
        width: 2,
        scale: TileScale::Colour,
    };
    tiles.write(dir.path(), "tiles", &Styles::default()).unwrap();
    let csv = fs::read_to_string(dir.path().join("figures/tiles.csv")).unwrap();
    assert!(csv.ends_with("pixel_4,pixel_5\n0,0,w,1,2,1,0,0.2,-1,1,7\n"), "{csv}");
    let drawn = image::open(dir.path().join("figures/tiles.png")).unwrap().into_rgb8();
    for colour in [[255, 0, 51], [0, 255, 255]] {
        assert!(drawn.pixels().any(|pixel| pixel.0 == colour), "{colour:?} is not drawn");
    }
    tiles.rows[0].tiles[0].truncate(3);
    let message = tiles.write(dir.path(), "tiles", &Styles::default()).unwrap_err().to_string();
    assert!(message.contains("tile 0 has 1 pixels"), "{message}");
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
