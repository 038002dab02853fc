//! Invalid arguments, settings that are too large, and paths that cannot be written to.

use std::path::Path;

use crate::row::{Row, try_all};

/// Nesting of this depth would overflow the stack of a parser without a limit.
const DEEP: usize = 20_000;

fn of_arguments() -> Vec<Row> {
    let refused = |args: &[&str], says: &str| Row::new(args, 2, &[says]);
    let mut rows = vec![
        refused(&["trian"], "unrecognized subcommand"),
        refused(&["train"], "PRESET|FILE"),
        refused(&["train", "rbm", "--sed", "1"], "--sed"),
        refused(&["train", "rbm", "--seed", "-1"], "'-1'"),
        refused(&["train", "rbm", "--seed", "1e3"], "--seed"),
        refused(&["train", "rbm", "--seed", "99999999999999999999"], "--seed"),
        refused(&["train", "rbm", "--set"], "--set"),
        refused(&["train", "rbm", "--set", "model"], "KEY=VALUE"),
        refused(&["train", "rbm", "--set", ""], "KEY=VALUE"),
        refused(&["train", "rbm", "--set", "=", "--print"], "unknown field"),
        refused(&["train", "rbm", "--set", "model.n_hidden", "--print"], "KEY=VALUE"),
        refused(&["train", "rbm", "--set", "model=[", "--print"], "not a TOML value"),
        refused(&["train", "rbm", "--set", "model.n_hidden.x=1", "--print"], "`n_hidden`"),
        refused(&["train", "rmb"], "did you mean `rbm`?"),
        refused(&["train", "rbm", "--data", "nowhere"], "there is no data set"),
        refused(&["train", "rbm", "--data", "table.csv", "--scale", "bright"], "--scale"),
        refused(&["train", "rbm", "--data", "table.csv", "--memory-limit", "-1"], "'-1'"),
        refused(&["train", "rbm", "--data", "table.csv", "--split", "luck"], "--split"),
        refused(&["compare", "--data", "table.csv", "--methods", "rmb"], "did you mean `rbm`?"),
        refused(&["compare", "--data", "table.csv", "--labels", "0"], "a whole number from 1 to"),
        refused(&["compare", "--labels", "1e1"], "a whole number from 1 to"),
        refused(&["compare", "--first-seed", "18446744073709551615"], "a whole number from 0 to"),
        refused(&["compare", "--data", "table.csv", "--labels", "100000"], "labels"),
        refused(&["compare", "--data", "table.csv", "--depths", "0"], "depth"),
        refused(&["compare", "--data", "table.csv", "--seeds", "0"], "seeds"),
        refused(&["pipeline", "--profile", "slow"], "--profile"),
        refused(&["pipeline", "--only", "depth"], "only the paper profile"),
        refused(&["data", "fetch", "imagenet"], "fashion-mnist"),
        refused(&["report"], "DIR"),
        refused(&["encode", "--nonsense"], "--nonsense"),
        refused(&["data", "describe", "table.csv", "--data", "table.csv"], "cannot be used with"),
        refused(&["train", "rbm", "--memory-limit", "x"], "expected a whole number from 0 to"),
        refused(&["plan", "--simulate", "1,x"], "expected a whole number from 1 to"),
        refused(&["submit", "--task-seconds", "99999999999"], "expected a whole number from 0 to"),
        refused(&["fit", "--data", "table.csv", "--labels", "0"], "expected a whole number from 1"),
        refused(&["pipeline", "--set", "runs=[0]"], "integer `0`, expected a table"),
        refused(&["compare", "--set", "labels=[0]"], "integer `0`, expected a table"),
        refused(&["fit", "--labels", "30", "--set", "labels=[]"], "`labels` follows from"),
        refused(&["compare", "--seeds", "2", "--set", "seeds=3"], "`seeds` follows from"),
    ];
    for partition in ["", "a\nb", "a\"b"] {
        let args = ["submit", "--profile", "quick", "--dry-run", "--out", "run", "--partition"];
        rows.push(refused(&[&args[..], &[partition]].concat(), "--partition"));
    }
    let out = ["--data", "table.csv", "--out", "run"];
    for (preset, assignment, named) in [
        ("rbm", "model.n_hidden=9999999999", "model.n_hidden: "),
        ("rbm", "training.batch_size=9999999999999", "n_hidden"),
        ("rbm-pcd", "training.algorithm.chains=10000000000", "algorithm.chains: "),
        ("dbn", "layers=[999999999999]", "layers.0: "),
        ("dbn", "layers=[]", "layers"),
        ("dbn", "layers=[0]", "layers"),
        ("autoencoder", "model.n_hidden=4611686018427387904", "model.n_hidden"),
        ("autoencoder", "model.encoder_layers=[99999999999]", "encoder_layers"),
    ] {
        let args = [&["train", preset, "--set", assignment][..], &out].concat();
        // Batches are never larger than the data.
        if !assignment.contains("batch_size") {
            rows.push(refused(&args, named));
        }
    }
    let deep_key = format!("model{}.x=1", ".a".repeat(DEEP));
    let deep_array = format!("model={}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let digits = format!("model.n_hidden={}", "9".repeat(DEEP));
    for (assignment, says) in
        [(&deep_key, "within each other"), (&deep_array, "not a TOML value"), (&digits, "n_hidden")]
    {
        rows.push(refused(&["train", "rbm", "--set", assignment, "--print"], says));
        rows.push(refused(&["compare", "--set", assignment], ""));
    }
    rows
}

/// Settings in files.
fn of_files() -> Vec<Row> {
    let nested = |open: &str, close: &str| {
        format!("kind = \"rbm\"\nx = {}1{}\n", open.repeat(DEEP), close.repeat(DEEP))
    };
    let many: String = (0..100_000).map(|i| format!("a{i}.b = 1\n")).collect();
    let texts = [
        (String::new(), "kind"),
        ("kind = \"rmb\"\n".to_owned(), "did you mean `rbm`?"),
        ("kind = 3\n".to_owned(), "kind"),
        ("kind = \"rbm\"\nkind = \"rbm\"\n".to_owned(), "line 2"),
        ("kind = \"rbm\"\n[model\n".to_owned(), "line 2"),
        ("kind = \"rbm\"\n[model]\nn_hiden = 3\n".to_owned(), "did you mean `n_hidden`?"),
        ("kind = \"rbm\"\nsplit = []\n".to_owned(), "split"),
        ("kind = \"rbm\"\ntraining = []\n".to_owned(), "expected a table"),
        (nested("[", "]"), "line 2"),
        (nested("{a=", "}"), "line 2"),
        (format!("kind = \"rbm\"\n{}b = 1\n", "a.".repeat(DEEP)), "line"),
        (format!("kind = \"rbm\"\n[{}b]\n", "a.".repeat(DEEP)), "line"),
        (format!("kind = \"rbm\"\nx = {}\n", "9".repeat(DEEP)), "line 2"),
        (format!("kind = \"rbm\"\nx = 0.{}e9{}\n", "0".repeat(DEEP), "9".repeat(300)), "x"),
        ("\u{0}\u{1b}[31m = 1\n".to_owned(), "line 1"),
        ("kind = \"rbm\"\n\"\\u001b[31m\" = 1\n".to_owned(), "unknown field"),
    ];
    let of_text = |(text, says): (String, &str)| {
        let args = ["train", "settings.toml", "--data", "table.csv", "--out", "run"];
        Row::new(&args, 2, &["settings.toml", says]).with_file("settings.toml", text.as_bytes())
    };
    let mut rows: Vec<Row> = texts.into_iter().map(of_text).collect();
    let args = ["train", "settings.toml"];
    let long = Row::new(&args, 1, &["at most 256 KiB"]);
    rows.push(long.with_file("settings.toml", many.as_bytes()));
    rows.push(Row::new(&args, 1, &["settings.toml"]));
    rows.push(Row::new(&args, 1, &["UTF-8"]).with_file("settings.toml", b"kind = \"\xff\xfe\"\n"));
    let huge = vec![b'#'; 1 << 20];
    rows.push(Row::new(&args, 1, &["at most 256 KiB"]).with_file("settings.toml", &huge));
    rows
}

/// Options of reading that do not suit the data.
fn of_data() -> Vec<Row> {
    let describe = ["data", "describe", "table.csv"];
    let described = |option: &str, value: &str, says: &[&str]| {
        Row::new(&[&describe[..], &[option, value]].concat(), 1, says)
    };
    let fit = |text: &str, says: &str| {
        let args = ["fit", "--data", "some.csv", "--label-column", "label", "--out", "run"];
        Row::new(&args, 1, &[says, "--label-column"]).with_file("some.csv", text.as_bytes())
    };
    let compare = |text: &str, says: &str| {
        let args = ["compare", "--data", "some.csv", "--label-column", "label", "--out", "run"];
        Row::new(&args, 1, &[says, "--label-column"]).with_file("some.csv", text.as_bytes())
    };
    let labelled = |label: fn(usize) -> &'static str| {
        (0..60).fold("p,q,label\n".to_owned(), |text, i| {
            text + &format!("{},{},{}\n", i % 7, i % 5, label(i))
        })
    };
    let declared = |text: &str, says: &str| {
        described("--columns", "c.toml", &[says]).with_file("c.toml", text.as_bytes())
    };
    vec![
        described("--drop-columns", "zz", &["\"zz\" to leave out", "--drop-columns takes"]),
        described("--split-column", "zz", &["\"zz\" for the parts", "--split-column takes"]),
        described("--group", "zz", &["\"zz\" for the groups", "--group takes"]),
        described("--test", "nope.csv", &["nope.csv: No such file or directory", "check the path"]),
        described("--memory-limit", "0", &["the memory limit is 0 MiB", "--memory-limit sets"]),
        declared("[columns.p]\ntype = 'boolean'\n", "column p: "),
        declared("[columns.p]\ntype = 'category'\nlevels = []\n", "column p: levels = []"),
        declared("[columns.p]\ntype = 'date'\nformat = '%Q'\n", "column p: format = \"%Q\""),
        declared("[columns]\np = 'number'\n", "expected a table"),
        described("--split-column", "p", &["both divide the rows"]).and(&["--group", "q"]),
        described("--split-column", "p", &["both divide the rows"]).and(&["--split", "time"]),
        described("--group", "p", &["both divide the rows"]).and(&["--split", "time"]),
        described("--split-column", "p", &["both divide the rows"]).and(&["--test", "table.csv"]),
        Row::new(&["data", "describe", "wide.csv"], 1, &["a NUL byte", "iconv"])
            .with_file("wide.csv", b"p\0,\0q\0\n\0a\0,\0b\0\n\0"),
        Row::new(&["data", "describe", "pictures"], 1, &["below the folder of a class"])
            .with_file("pictures/a/deeper/x.png", b"a picture"),
        fit(&labelled(|_| "up"), "all training rows have the label \"up\""),
        compare(&labelled(|_| "up"), "all training rows have the label \"up\""),
        fit(&labelled(|_| ""), "0 of 60 rows have a label"),
        fit(&labelled(|i| if i < 2 { "up" } else { "" }), "2 of 60 rows have a label"),
        Row::new(
            &["fit", "--data", "table.csv", "--label-column", "none", "--out", "run"],
            1,
            &["error: table has no labels; a .csv file has labels in a column (--label-column)"],
        ),
    ]
}

/// Folders that are not runs, and files in place of folders.
fn of_places() -> Vec<Row> {
    let mut rows = Vec::new();
    for command in
        ["evaluate", "reconstruct", "encode", "probe", "likelihood", "sample", "inpaint", "show"]
    {
        rows.push(Row::new(
            &[command, "nowhere"],
            1,
            &["nowhere", "there is no model.safetensors"],
        ));
        rows.push(Row::new(&[command, "table.csv"], 1, &["there is no model.safetensors"]));
        rows.push(Row::new(&[command], 2, &["Usage"]));
    }
    for command in ["predict", "score", "impute"] {
        rows.push(Row::new(&[command, "nowhere", "table.csv"], 1, &["nowhere"]));
        rows.push(Row::new(&[command, "table.csv"], 2, &["FILE"]));
    }
    rows.push(Row::new(&["man", "table.csv"], 1, &["table.csv is a file; expected a folder"]));
    for command in ["report", "verify"] {
        rows.push(Row::new(&[command, "nowhere"], 1, &["nowhere"]));
        rows.push(Row::new(&[command, "table.csv"], 1, &["table.csv"]));
    }
    for command in [&["train", "rbm"][..], &["compare"]] {
        for out in ["table.csv", "table.csv/run", "linked"] {
            let args = [command, &["--data", "table.csv", "--out", out]].concat();
            rows.push(Row::new(&args, 1, &["cannot write to", "--out"]));
        }
    }
    rows
}

/// A folder whose lock is a symbolic link.
fn prepare(folder: &Path) {
    std::fs::create_dir(folder.join("linked")).expect("created");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.join("table.csv"), folder.join("linked/.lock"))
        .expect("linked");
    #[cfg(not(unix))]
    std::fs::create_dir(folder.join("linked/.lock")).expect("created");
}

#[test]
fn words_that_make_no_sense_are_refused() {
    let rows = [of_arguments(), of_files(), of_data(), of_places()].concat();
    try_all("arguments, files of settings and folders", &rows, prepare);
}
