//! Data files that are damaged or forged, or that are not data.

use crate::row::{Row, try_all};
use crate::support::table;

/// An array file with this header and data.
pub(crate) fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn array(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    npy(&header, data)
}

fn idx(dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, u8::try_from(dimensions.len()).expect("few")];
    bytes.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
    [&bytes, data].concat()
}

/// Files by name, with a word of the refusal.
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let brackets =
        |n: usize| array(&format!("{}'<f4'{}", "[".repeat(n), "]".repeat(n)), "(2, 2)", &[0; 16]);
    let text = |text: &str| text.as_bytes().to_vec();
    let table = table();
    let unclosed = format!("a,b\n\"{}", "x,1\n".repeat(5_000));
    vec![
        ("brackets.npy", brackets(24), "nested brackets"),
        ("few-brackets.npy", brackets(7), "expected a NumPy header"),
        ("braces.npy", npy(&"{".repeat(100), &[]), "nested brackets"),
        ("parentheses.npy", npy(&"(".repeat(60_000), &[]), "nested brackets"),
        (
            "long.npy",
            [b"\x93NUMPY\x02\x00\xff\xff\xff\xff".as_slice(), &[b' '; 64]].concat(),
            "bytes",
        ),
        ("empty.npy", vec![], "expected a NumPy header"),
        ("magic.npy", text("\u{1}NUMPY"), "expected a NumPy header"),
        ("short.npy", array("'<f4'", "(3, 3)", &[0; 35]), "35"),
        ("trailing.npy", array("'<f4'", "(3, 3)", &[0; 37]), "37"),
        ("huge.npy", array("'<f4'", "(4611686018427387904, 4)", &[0; 16]), "huge.npy"),
        ("wide.npy", array("'<f4'", "(2, 9999999999999)", &[0; 16]), "wide.npy"),
        ("negative.npy", array("'<f4'", "(-2, 2)", &[0; 16]), "negative.npy"),
        ("none.npy", array("'<f4'", "(0, 4)", &[]), "at least 1"),
        ("flat.npy", array("'<f4'", "(16,)", &[0; 64]), "(samples, features)"),
        ("scalar.npy", array("'<f4'", "()", &[0; 4]), "(samples, features)"),
        ("deep.npy", array("'<f4'", "(1, 1, 1, 1, 1, 1)", &[0; 4]), "(samples, features)"),
        ("objects.npy", array("'|O'", "(2, 2)", &[0; 32]), "objects.npy"),
        ("complex.npy", array("'<c8'", "(2, 2)", &[0; 32]), "astype"),
        ("records.npy", array("[('a', '<f4')]", "(2, 2)", &[0; 16]), "records.npy"),
        (
            "nan.npy",
            array("'<f4'", "(4, 1)", &[0, 0, 192, 127].repeat(4)),
            "every value is missing",
        ),
        ("infinite.npy", array("'<f4'", "(4, 1)", &[0, 0, 128, 127].repeat(4)), "inf"),
        ("empty.npz", vec![], "empty.npz"),
        ("cut.npz", text("PK\u{3}\u{4}"), "cut.npz"),
        ("text.npz", text("a,b\n1,2\n"), "text.npz"),
        ("empty.csv", vec![], "empty.csv"),
        ("blank.csv", text("\n\n\n"), "blank.csv"),
        ("header.csv", text("a,b,label\n"), "header.csv"),
        ("ragged.csv", text("a,b\n1,2\n1,2,3\n1,2\n"), "line 3"),
        ("latin.csv", b"a,b\n1,\xe9t\xe9\n2,\xe9\n".to_vec(), "UTF-8"),
        ("twice.csv", text("a,a,label\n1,2,x\n2,3,y\n"), "\"a\""),
        ("infinite.csv", text("a,b\n1,inf\n2,3\n3,4\n4,5\n"), "infinite.csv"),
        ("unclosed.csv", text(&unclosed), "line 2: 1 fields"),
        ("one.csv", text("a,b,label\n1,2,x\n"), "one.csv"),
        ("escape.csv", text("a,\u{1b}[31mb\u{7}\n1,2\n1,2,3\n"), "line 3"),
        ("zeros.csv", vec![0; 4096], "zeros.csv"),
        (
            "cut.csv.gz",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x4b".to_vec(),
            "incomplete deflate stream",
        ),
        ("empty.csv.gz", vec![], "empty.csv.gz"),
        ("no-gzip.csv.gz", b"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(), "gzip"),
        ("empty.parquet", vec![], "Parquet"),
        ("cut.parquet", text("PAR1PAR1"), "Parquet"),
        ("text.parquet", text(&table), "Parquet"),
        ("length.parquet", [b"PAR1".as_slice(), &[255; 4], b"PAR1"].concat(), "Parquet"),
        ("empty.arrow", vec![], "Arrow"),
        ("cut.arrow", text("ARROW1\u{0}\u{0}"), "Arrow"),
        ("length.arrow", [b"ARROW1\0\0".as_slice(), &[255; 64]].concat(), "Arrow"),
        ("images.idx", idx(&[2, 2, 2], &[0; 7]), "expected 24"),
        ("trailing.idx", idx(&[2, 2, 2], &[0; 9]), "trailing.idx"),
        ("none.idx", idx(&[0, 2, 2], &[]), "none.idx"),
        ("huge.idx", idx(&[u32::MAX, u32::MAX, u32::MAX], &[0; 8]), "huge.idx"),
        ("labels.idx", idx(&[4], &[0; 4]), "dimensions"),
        ("type.idx", vec![0, 0, 13, 3, 0, 0, 0, 1], "type.idx"),
        ("data.xlsx", text("PK\u{3}\u{4}"), "data.xlsx"),
        ("data.json", text("[[1, 2], [3, 4]]"), "data.json"),
        ("folder/notes.txt", text("nothing"), "folder"),
        ("images/a.png", text("no image"), "a.png"),
        ("mixed/x.png", text("\u{89}PNG\r\n\u{1a}\n"), "x.png"),
        ("idx/train-images-idx3-ubyte", idx(&[2, 2, 2], &[0; 8]), "train-labels-idx1-ubyte"),
    ]
}

#[test]
fn files_that_are_no_data_are_refused() {
    let mut rows = Vec::new();
    for (name, bytes, says) in files() {
        let data = name.split('/').next().expect("a name");
        let place = format!("./{data}");
        for args in [
            &["data", "describe", &place][..],
            &["train", "rbm", "--data", &place, "--out", "run"],
            &["compare", "--data", &place, "--out", "run"],
        ] {
            rows.push(Row::new(args, 1, &[says]).with_file(name, &bytes));
        }
    }
    try_all("data files", &rows, |_| ());
}

/// Values that are too large for the arithmetic of training.
#[test]
fn values_that_are_too_large_are_named() {
    let mut rows = Vec::new();
    for large in ["1e39", "-3.5e38", "1e300"] {
        let line = |i: usize| format!("{},{},{i}\n", i % 5, if i == 30 { large } else { "0.5" });
        let text = format!("a,b,c\n{}", (0..60).map(line).collect::<String>());
        let args =
            ["train", "gaussian-rbm", "--data", "./t.csv", "--out", "run", "--scale", "none"];
        rows.push(Row::new(&args, 1, &["t.csv"]).with_file("t.csv", text.as_bytes()));
    }
    try_all("large values", &rows, |_| ());
}
