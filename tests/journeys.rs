//! The journeys of the README's section "Your data": from a raw file to predictions, codes, scores and filled
//! values of new rows.

use std::fmt::Write as _;
use std::path::Path;

use image::{GrayImage, Luma};
use predicates::prelude::*;
use predicates::str::contains;

use crate::support::aerbm;

/// A row of flats: the size with its noise, the city, a date, and the kind.
fn flat(i: usize) -> [String; 5] {
    let house = i.is_multiple_of(3);
    let noise = ((i * 7919) % 1000) as f64 / 1000.0 - 0.5;
    let size = if i % 11 == 5 {
        String::new()
    } else {
        format!("{:.2}", if house { 120.0 } else { 55.0 } + 30.0 * noise)
    };
    let city = match (i % 13, house, i % 2) {
        (4, ..) => "NA",
        (_, true, _) => "Jeju",
        (_, _, 0) => "Seoul",
        _ => "Busan",
    };
    let day = format!("2024-{:02}-{:02}", i % 12 + 1, i % 28 + 1);
    [
        format!("id{i:04}"),
        size,
        city.to_owned(),
        day,
        (if house { "house" } else { "flat" }).to_owned(),
    ]
}

fn table(rows: std::ops::Range<usize>, columns: &[usize]) -> String {
    const NAMES: [&str; 5] = ["id", "size", "city", "sold", "kind"];
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut text = line(columns.iter().map(|&column| NAMES[column].to_owned()).collect());
    for i in rows {
        let cells = flat(i);
        text += &line(columns.iter().map(|&column| cells[column].clone()).collect());
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_string_lossy().into_owned()
}

fn run(args: &[&str]) -> assert_cmd::assert::Assert {
    aerbm().args(args).assert()
}

fn lines(assert: assert_cmd::assert::Assert) -> Vec<String> {
    let output = assert.success().get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn a_table_with_words_and_holes_becomes_predictions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path();
    let data = write(here, "flats.csv", &table(0..240, &[0, 1, 2, 3, 4]));
    run(&["data", "describe", &data, "--label-column", "kind"])
        .success()
        .stdout(contains("city  category of 3 levels: Busan, Jeju, Seoul"))
        .stdout(contains("id    ignored"))
        .stdout(contains("2 classes in column kind"));
    let model = here.join("model").to_string_lossy().into_owned();
    run(&["fit", "--data", &data, "--label-column", "kind", "--method", "none", "--out", &model])
        .success()
        .stdout(contains("aerbm predict"))
        .stderr(contains("id is ignored"));
    for file in ["classifier.safetensors", "data.json", "README.md"] {
        assert!(here.join("model").join(file).is_file(), "{file}");
    }
    run(&["show", &model]).success().stdout(contains("- Classes: flat, house"));

    run(&["score", &model, &data]).code(1).stderr(contains("holds a classifier; expected"));
    run(&["predict", &here.to_string_lossy(), &data]).code(1).stderr(contains("no classifier"));

    // New rows: without labels, in another order of columns, one alone.
    let whole = write(here, "new.csv", &table(240..300, &[0, 1, 2, 3]));
    let turned = write(here, "turned.csv", &table(240..300, &[3, 2, 0, 1]));
    let alone = write(here, "alone.csv", &table(250..251, &[0, 1, 2, 3]));
    let predicted = lines(run(&["predict", &model, &whole]));
    assert_eq!(predicted[0], "class,p_flat,p_house");
    let right = predicted[1..]
        .iter()
        .zip(240..)
        .filter(|(line, i)| line.starts_with(if i % 3 == 0 { "house," } else { "flat," }));
    assert!(right.count() >= 57, "{predicted:?}");
    assert_eq!(lines(run(&["predict", &model, &turned])), predicted);
    assert_eq!(lines(run(&["predict", &model, &alone]))[1], predicted[11]);

    // Rows that differ from those of training are reported; an absent column is an error.
    let far = write(here, "far.csv", "size,city,sold\n9000,Tokyo,2024-05-05\n");
    run(&["predict", &model, &far])
        .success()
        .stderr(contains("outside the range learned"))
        .stderr(contains("unknown levels of city: Tokyo (1)"));
    run(&["predict", &model, &far, "--unknown-levels", "refuse"]).code(1).stderr(contains("Tokyo"));
    let narrow = write(here, "narrow.csv", "size\n50\n");
    run(&["predict", &model, &narrow]).code(1).stderr(contains("no column \"city\""));
    // Parquet and back.
    let parquet = here.join("p.parquet").to_string_lossy().into_owned();
    run(&["predict", &model, &whole, "--codes", "--out", &parquet]).success();
    run(&["data", "describe", &parquet, "--label-column", "class"])
        .success()
        .stdout(contains("2 classes in column class"));
}

/// Draws of the RBM in `here` are rows in the units of the data, with its words in plausible proportions.
fn samples_resemble_the_rows(here: &Path) {
    let rbm = here.join("rbm").to_string_lossy().into_owned();
    let drawn = here.join("drawn.csv").to_string_lossy().into_owned();
    run(&["sample", &rbm, "--samples", "400", "--steps", "200", "--out", &drawn])
        .success()
        .stdout(contains("400 samples: "));
    let drawn = std::fs::read_to_string(&drawn).expect("the samples");
    let rows: Vec<&str> = drawn.lines().collect();
    assert_eq!((rows.len(), rows[0]), (401, "size,city,sold"));
    // A third of the rows, minus those whose city is missing, are in Jeju.
    let jeju = rows.iter().filter(|row| row.contains(",Jeju,")).count();
    assert!((60..240).contains(&jeju), "{jeju} of 400 in Jeju");
    let sizes = rows[1..].iter().filter_map(|row| row.split(',').next()?.parse::<f64>().ok());
    let mean = sizes.sum::<f64>() / 400.0;
    assert!((60.0..95.0).contains(&mean), "mean size {mean}");
}

#[test]
fn pictures_in_class_folders_become_predictions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (class, bright_top) in [("day", true), ("night", false)] {
        let dir = folder.path().join("pictures").join(class);
        std::fs::create_dir_all(&dir).expect("created");
        for i in 0..30_u32 {
            let picture = GrayImage::from_fn(8, 8, |x, y| {
                let top = (y < 4) == bright_top;
                let noise = (x * 37 + y * 101 + i * 53) % 60;
                Luma([u8::try_from(if top { 180 + noise } else { noise }).expect("a byte")])
            });
            picture.save(dir.join(format!("{i}.png"))).expect("written");
        }
    }
    let data = folder.path().join("pictures").to_string_lossy().into_owned();
    let model = folder.path().join("model").to_string_lossy().into_owned();
    run(&["fit", "--data", &data, "--method", "none", "--out", &model]).success();
    let night = folder.path().join("pictures/night").to_string_lossy().into_owned();
    let predicted = lines(run(&["predict", &model, &night]));
    assert_eq!(predicted.len(), 31);
    assert!(predicted[1..].iter().all(|line| line.starts_with("night,")), "{predicted:?}");

    // The lower half of bright-topped pictures is drawn; the upper half stays unchanged.
    let rbm = folder.path().join("rbm").to_string_lossy().into_owned();
    let small = ["--set", "model.n_hidden=8", "--set", "training.epochs=30"];
    run(&[&["train", "rbm", "--data", &data, "--out", &rbm][..], &small].concat()).success();
    let day = folder.path().join("pictures/day").to_string_lossy().into_owned();
    let pixels = |line: &String| -> Vec<f64> {
        line.split(',').map(|cell| cell.parse().expect("a number")).collect()
    };
    let filled = lines(run(&["inpaint", &rbm, &day, "--known", "upper", "--steps", "50"]));
    let rebuilt = lines(run(&["reconstruct", &rbm, &day]));
    assert_eq!((filled.len(), rebuilt.len()), (31, 31));
    for line in &filled[1..] {
        let pixels = pixels(line);
        assert!(pixels[..32].iter().all(|pixel| *pixel >= 180.0), "{pixels:?}");
        assert!(pixels[32..].iter().sum::<f64>() / 32.0 < 90.0, "{pixels:?}");
    }
}

#[test]
fn a_table_without_labels_has_codes_scores_and_filled_values() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path();
    let data = write(here, "flats.csv", &table(0..240, &[1, 2, 3]));
    for preset in ["rbm", "autoencoder"] {
        let out = here.join(preset).to_string_lossy().into_owned();
        let small = ["--set", "model.n_hidden=8", "--set", "training.epochs=40"];
        let train = ["train", preset, "--data", &data, "--label-column", "none", "--out", &out];
        run(&[&train[..], &small].concat())
            .success()
            .stderr(contains("units and losses follow from the columns of flats"));
        let codes = lines(run(&["encode", &out, &data]));
        assert_eq!((codes.len(), codes[0].starts_with("unit_0,unit_1")), (241, true));
        assert!(codes[1..].iter().all(|line| !line.contains("NaN")), "{preset}");

        let mut odd = table(0..20, &[1, 2, 3]);
        writeln!(odd, "900,Seoul,2024-06-06").expect("a string");
        let odd = write(here, "odd.csv", &odd);
        let scores = lines(run(&["score", &out, &odd]));
        assert_eq!(scores[0], "score,score_size,score_city,score_sold");
        let score = |line: &String| -> f64 {
            line.split(',').next().and_then(|cell| cell.parse().ok()).expect("a number")
        };
        let most = scores[1..].iter().map(score).fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(score(&scores[21]), most, "{preset}: the odd row is the most unusual");

        let filled = lines(run(&["impute", &out, &data]));
        assert_eq!((filled.len(), filled[0].as_str()), (241, "size,city,sold"));
        assert!(filled.iter().all(|line| line.split(',').all(|cell| !cell.is_empty())), "{preset}");
        // An observed value is unchanged.
        assert!(filled[1].contains(",Jeju,2024-01-01"), "{}", filled[1]);

        let alone = write(here, "alone.csv", &table(10..11, &[3, 2, 1]));
        for command in ["reconstruct", "denoise"] {
            let rebuilt = lines(run(&[command, &out, &data]));
            assert_eq!((rebuilt.len(), rebuilt[0].as_str()), (241, "size,city,sold"));
            assert_eq!(lines(run(&[command, &out, &alone]))[1], rebuilt[11], "{preset} {command}");
        }
        run(&["inpaint", &out, &data]).code(1).stderr(contains("not images"));
    }
    samples_resemble_the_rows(here);
    let rbm = here.join("rbm").to_string_lossy().into_owned();
    let filled = lines(run(&["impute", &rbm, &data, "--spread", "--draws", "20"]));
    assert!(filled[0].starts_with("size,city,sold,std_size"), "{}", filled[0]);
    // A file that has changed since training is read as new data.
    write(here, "flats.csv", &table(10..60, &[1, 2, 3]));
    run(&["evaluate", &rbm]).success().stderr(contains("has changed since training"));
    run(&["score", &rbm, &write(here, "words.csv", "size,city,sold\nlarge,Seoul,2024-01-01\n")])
        .code(1)
        .stderr(contains("size").and(contains("large")));
}
