//! Parquet and Arrow files.
#![cfg(feature = "columnar")]
#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(
    clippy::cast_possible_wrap,
    clippy::format_push_string,
    clippy::from_iter_instead_of_collect,
    reason = "small tables, made where they are read"
)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::common::tables::{Folder, assert_same, contract, options, read};
use arrow_array::builder::{StringDictionaryBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, LargeStringArray, ListArray,
    RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use mnist_io::{NewData, ReadOptions, Scale, open};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;

const N: usize = 70;

/// A column of each type; every ninth number is missing.
fn batch() -> RecordBatch {
    let rows = || 0..N;
    let number = |i: usize| (i % 9 != 5).then_some(1e6 + i as f64 / 4.0);
    let city = |i: usize| ["Seoul", "Busan", "Daegu"][i % 3];
    let mut dictionary = StringDictionaryBuilder::<Int32Type>::new();
    let mut views = StringViewBuilder::new();
    rows().for_each(|i| dictionary.append_value(city(i)));
    rows().for_each(|i| views.append_value(city(i)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(Float64Array::from_iter(rows().map(number)))),
        ("whole", Arc::new(Int64Array::from_iter(rows().map(|i| i64::try_from(i * i).ok())))),
        ("city", Arc::new(StringArray::from_iter_values(rows().map(city)))),
        ("large", Arc::new(LargeStringArray::from_iter_values(rows().map(city)))),
        ("dictionary", Arc::new(dictionary.finish())),
        ("view", Arc::new(views.finish())),
        ("true", Arc::new(BooleanArray::from_iter(rows().map(|i| Some(i % 2 == 0))))),
        ("day", Arc::new(Date32Array::from_iter_values(rows().map(|i| 19_000 + i as i32)))),
        (
            "moment",
            Arc::new(TimestampMillisecondArray::from_iter_values(
                rows().map(|i| 1_600_000_000_123 + 1000 * i as i64),
            )),
        ),
        (
            "y",
            Arc::new(Int64Array::from_iter(rows().map(|i| (i % 5 != 0).then_some(i as i64 % 2)))),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The same table as text.
fn text() -> String {
    let mut text = "number,whole,city,large,dictionary,view,true,day,moment,y\n".to_owned();
    for i in 0..N {
        let number = if i % 9 == 5 { String::new() } else { (1e6 + i as f64 / 4.0).to_string() };
        let city = ["Seoul", "Busan", "Daegu"][i % 3];
        let day = day_of(i);
        let moment = format!("2020-09-13T12:{:02}:{:02}.123", 26 + (40 + i) / 60, (40 + i) % 60);
        let y = if i % 5 == 0 { String::new() } else { (i % 2).to_string() };
        text += &format!(
            "{number},{},{city},{city},{city},{city},{},{day},{moment},{y}\n",
            i * i,
            i % 2 == 0
        );
    }
    text
}

/// 2022-01-08 is day 19,000.
fn day_of(i: usize) -> String {
    let days = [31, 28, 31];
    let (mut month, mut day) = (0, 7 + i);
    while day >= days[month] {
        day -= days[month];
        month += 1;
    }
    format!("2022-{:02}-{:02}", month + 1, day + 1)
}

fn parquet(path: &Path, compression: Compression) {
    write(path, WriterProperties::builder().set_compression(compression).build());
}

/// Delta-encoded columns without dictionaries, with pages of the given version.
fn packed(path: &Path, version: WriterVersion, words: Encoding) {
    let column = |properties: WriterPropertiesBuilder, name: &str, encoding| {
        properties.set_column_encoding(ColumnPath::from(name), encoding)
    };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_writer_version(version)
        .set_dictionary_enabled(false);
    for name in ["whole", "day", "moment", "y"] {
        properties = column(properties, name, Encoding::DELTA_BINARY_PACKED);
    }
    for name in ["city", "large", "view"] {
        properties = column(properties, name, words);
    }
    write(path, properties.build());
}

fn write(path: &Path, properties: WriterProperties) {
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch().schema(), Some(properties)).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_arrow_and_text_give_the_same_contract_and_numbers() {
    let dir = Folder::new();
    let csv = dir.write("a.csv", text());
    let of_text = contract(&csv);
    let (x, labels, _) = read(&of_text, &csv);
    let at = |name: &str| dir.path().join(name);
    for (name, compression) in [
        ("a.parquet", Compression::UNCOMPRESSED),
        ("snappy.parquet", Compression::SNAPPY),
        ("zstd.parquet", Compression::ZSTD(ZstdLevel::default())),
        ("gzip.pq", Compression::GZIP(GzipLevel::default())),
    ] {
        parquet(&at(name), compression);
    }
    packed(&at("lengths.parquet"), WriterVersion::PARQUET_1_0, Encoding::DELTA_LENGTH_BYTE_ARRAY);
    packed(&at("prefixes.parquet"), WriterVersion::PARQUET_1_0, Encoding::DELTA_BYTE_ARRAY);
    packed(&at("lengths-2.parquet"), WriterVersion::PARQUET_2_0, Encoding::DELTA_LENGTH_BYTE_ARRAY);
    packed(&at("prefixes-2.parquet"), WriterVersion::PARQUET_2_0, Encoding::DELTA_BYTE_ARRAY);
    for (name, compression) in [
        ("a.arrow", None),
        ("lz4.feather", Some(CompressionType::LZ4_FRAME)),
        ("zstd.feather", Some(CompressionType::ZSTD)),
    ] {
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let file = File::create(at(name)).unwrap();
        let mut writer =
            FileWriter::try_new_with_options(file, &batch().schema(), options).unwrap();
        writer.write(&batch()).unwrap();
        writer.finish().unwrap();
    }
    let file = File::create(at("stream.arrows")).unwrap();
    let mut writer = StreamWriter::try_new(file, &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.finish().unwrap();

    for name in [
        "a.parquet",
        "snappy.parquet",
        "zstd.parquet",
        "gzip.pq",
        "lengths.parquet",
        "prefixes.parquet",
        "lengths-2.parquet",
        "prefixes-2.parquet",
        "a.arrow",
        "lz4.feather",
        "zstd.feather",
        "stream.arrows",
    ] {
        let (found, classes, _) = read(&of_text, &at(name));
        assert_same(&found, &x);
        assert_eq!(classes, labels, "{name}");
        let opened = open(at(name), &options()).unwrap();
        assert_eq!(opened.contract.layout(), of_text.layout(), "{name}");
        assert_eq!(opened.contract.classes, of_text.classes, "{name}");
        assert_same(&read(&opened.contract, &csv).0, &read(&opened.contract, &at(name)).0);
        assert_eq!(opened.unlabelled.unwrap().n_samples(), 14, "{name}");
    }
}

/// The file declares more rows than fit in memory, and is not read.
#[test]
fn rows_are_counted_before_they_are_read() {
    let dir = Folder::new();
    let path = dir.path().join("a.parquet");
    parquet(&path, Compression::SNAPPY);
    // Ten columns, one of them ignored, at four bytes per value.
    let needed = N as u64 * 9 * 4;
    let schema = dir.write("schema.toml", "[columns.large]\ntype = \"ignore\"\n");
    let with =
        |memory_limit| ReadOptions { memory_limit, columns: Some(schema.clone()), ..options() };
    let said = open(&path, &with(needed - 1)).unwrap_err().to_string();
    assert!(said.contains("a.parquet would take at least 1 MiB of memory"), "{said}");
    // Excess found while reading is refused as well: words take more than four bytes.
    assert!(open(&path, &with(needed)).is_err());
    assert!(open(&path, &with(10 * needed)).is_ok());
    // New rows are read block by block.
    let contract = contract(&path);
    let new = NewData { memory_limit: 1, ..NewData::default() };
    assert_eq!(contract.rows(&path, &new).unwrap().map(Result::unwrap).count(), 1);
}

/// The decoders would allocate what a page declares.
#[test]
fn pages_that_declare_more_values_than_they_have_are_refused() {
    let dir = Folder::new();
    // The header of a delta-encoded run: blocks of 128 in 4 parts, and the number of values.
    let header = |n: u8| [0x80, 0x01, 0x04, n];
    for (name, words) in [
        ("lengths.parquet", Encoding::DELTA_LENGTH_BYTE_ARRAY),
        ("prefixes.parquet", Encoding::DELTA_BYTE_ARRAY),
    ] {
        let path = dir.path().join(name);
        packed(&path, WriterVersion::PARQUET_2_0, words);
        let bytes = std::fs::read(&path).unwrap();
        let places = bytes.windows(4).enumerate().filter(|(_, it)| *it == header(N as u8));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        // Three columns of whole numbers without gaps, and three of words with one or two runs each.
        assert!(places.len() >= if name == "lengths.parquet" { 6 } else { 9 }, "{places:?}");
        for place in places {
            let mut forged = bytes.clone();
            forged[place + 3] += 1;
            std::fs::write(&path, forged).unwrap();
            let said = open(&path, &options()).unwrap_err().to_string();
            assert!(said.contains("a page declares more values than it has"), "{said}");
        }
    }
}

/// The decoder would allocate what a footer and a packed buffer declare.
#[test]
fn batches_that_declare_more_bytes_than_there_are_are_refused() {
    let dir = Folder::new();
    let path = dir.path().join("a.feather");
    let zstd = Some(CompressionType::ZSTD);
    let packed = IpcWriteOptions::default().try_with_compression(zstd).unwrap();
    let said = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes).unwrap();
        open(path, &options()).unwrap_err().to_string()
    };
    let file = File::create(&path).unwrap();
    let mut writer = FileWriter::try_new_with_options(file, &batch().schema(), packed).unwrap();
    writer.write(&batch()).unwrap();
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();

    // A column of 70 numbers of 8 bytes is declared to have 2^40 bytes.
    let declared = (8 * N as u64).to_le_bytes();
    let place = bytes.windows(8).position(|it| it == declared).unwrap();
    let mut forged = bytes.clone();
    forged[place..place + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let stream = dir.path().join("a.arrows");
    // After its first bytes, a file has the same content as a stream.
    let begin = bytes.windows(4).position(|it| it == [0xff; 4]).unwrap();
    for (path, bytes) in [(&path, &forged[..]), (&stream, &forged[begin..])] {
        let said = said(path, bytes);
        assert!(said.contains("a column of 1099511627776 bytes"), "{said}");
    }

    // The footer holds the offset, header length and body length of each batch.
    let mut forged = bytes.clone();
    let end = forged.len() - 10;
    let size = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    let footer = arrow_ipc::root_as_footer(&bytes[end - size..end]).unwrap();
    let body = footer.recordBatches().unwrap().get(0).bodyLength().to_le_bytes();
    let place = bytes[end - size..end].windows(8).position(|it| it == body).unwrap();
    forged[end - size + place + 4] = 1;
    let said_of = said(&path, &forged);
    assert!(said_of.contains("a batch that ends beyond the file"), "{said_of}");
    forged[end..end + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let said_of = said(&path, &forged);
    assert!(said_of.contains("a footer longer than the file"), "{said_of}");
}

/// A batch of an Arrow file may hold the whole table, and is read in pieces.
#[test]
fn large_batches_come_in_blocks() {
    let dir = Folder::new();
    let (path, n) = (dir.path().join("a.arrow"), 17_000);
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values((0..n).map(f64::from)));
    let batch = RecordBatch::try_from_iter([("x", x)]).unwrap();
    let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let asked = ReadOptions { scale: Scale::None, ..options() };
    let contract = open(&path, &asked).unwrap().contract;
    let blocks = contract.rows(&path, &NewData::default()).unwrap().map(Result::unwrap);
    let sizes: Vec<(usize, usize, f32)> =
        blocks.map(|block| (block.first_row, block.x.nrows(), block.x[[0, 0]])).collect();
    assert_eq!(sizes, [(0, 8000, 0.0), (8000, 8000, 8000.0), (16_000, 1000, 16_000.0)]);
}

#[test]
fn files_and_types_that_cannot_be_read_are_named() {
    let dir = Folder::new();
    let said = |path: &Path| open(path, &options()).unwrap_err().to_string();
    for name in ["a.parquet", "a.feather"] {
        let said = said(&dir.write(name, b"no table at all"));
        assert!(said.contains(name) && said.contains("expected a Parquet, Arrow IPC"), "{said}");
    }
    let lists: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]));
    let batch = RecordBatch::try_from_iter([("list", lists)]).unwrap();
    let path = dir.path().join("list.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let said = said(&path);
    assert!(
        said.contains("column list has type List") && said.contains("expected numbers"),
        "{said}"
    );
}
