//! Mutated files in every reader, in this process: none may panic, hang, or allocate memory for data that the
//! file does not have.
//!
//! The corpus has a small file of each format, and the files that once made a reader fail. A failing input is
//! written to `target/fuzz/`; it belongs in the corpus once the fault is fixed.

use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aerbm::ndarray::Array2;
use aerbm::nn_core::Layer;
use aerbm::stack::FineTuneConfig;
use aerbm::{RunConfig, Trained, TrainedClassifier};
use mnist_io::{NewData, ReadOptions};

use crate::mutate::{Random, mutated};
use crate::support::{is_long, root};

/// The longest time that a reader may take for a file of a few kilobytes; other processes slow it down.
const LONGEST: Duration = Duration::from_mins(1);

/// A time that is worth investigating; the file is kept.
const SLOW: Duration = Duration::from_secs(1);

/// The memory limit of the readers, so that a forged length is refused and not allocated.
const MEMORY_LIMIT: u64 = 1 << 20;

/// A file to read: its name in the corpus, and the reader, whose result does not matter.
struct Target {
    name: &'static str,
    read: fn(&Path),
}

fn data(file: &Path) {
    let options = ReadOptions { memory_limit: MEMORY_LIMIT, ..ReadOptions::default() };
    if let Ok(opened) = mnist_io::open(file, &options) {
        let new = NewData { memory_limit: MEMORY_LIMIT, ..NewData::default() };
        if let Ok(rows) = opened.contract.rows(file, &new) {
            rows.for_each(drop);
        }
        let _ = opened.contract.class_names().len();
    }
    let _ = mnist_io::describe(file, &options).map(|found| found.to_string());
}

/// The folder of a class in a folder of images.
fn images(file: &Path) {
    data(file.parent().and_then(Path::parent).expect("a folder of a folder"));
}

fn columns(file: &Path) {
    let table = file.with_file_name("table.csv");
    if !table.is_file() {
        std::fs::copy(corpus().join("table.csv"), &table).expect("copied");
    }
    let columns = Some(file.to_owned());
    let _ = mnist_io::open(&table, &ReadOptions { columns, ..ReadOptions::default() });
}

fn model(file: &Path) {
    let folder = file.parent().expect("a folder");
    if let Ok(found) = Trained::load(folder) {
        let x = Array2::zeros((2, found.model.n_visible()));
        found.model.encode(x.view());
    }
}

fn classifier(file: &Path) {
    let folder = file.parent().expect("a folder");
    if let Ok(found) = TrainedClassifier::load(folder) {
        let inputs = found.classifier.layers.first().map_or(0, Layer::n_inputs);
        let x: Array2<f32> = Array2::zeros((2, inputs));
        found.predict(&x);
    }
}

fn settings(file: &Path) {
    let name = file.display().to_string();
    let _ = RunConfig::load(&name, &[]);
    let text = String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
    for line in text.lines().take(3) {
        let _ = RunConfig::load("rbm", &[line.to_owned()]);
    }
}

/// A table or the record of a run, whose page is drawn.
fn run(file: &Path) {
    let folder = file.parent().expect("a folder");
    let metrics = folder.join("metrics.csv");
    if !metrics.is_file() {
        std::fs::copy(corpus().join("metrics.csv"), &metrics).expect("copied");
    }
    if aerbm::page::write(folder).is_ok() {
        let page = std::fs::read_to_string(folder.join("report.html")).expect("a page");
        assert!(!page.contains("<script>alert"), "markup from a file");
    }
    let _ = aerbm::verify::verify(folder);
    let _ = std::fs::remove_file(&metrics);
}

const TARGETS: [Target; 19] = [
    Target { name: "rows.npy", read: data },
    Target { name: "rows.npz", read: data },
    Target { name: "plain.npz", read: data },
    Target { name: "table.csv", read: data },
    Target { name: "table.tsv", read: data },
    Target { name: "table.csv.gz", read: data },
    Target { name: "images-idx3-ubyte", read: data },
    Target { name: "images-idx3-ubyte.gz", read: data },
    Target { name: "table.parquet", read: data },
    Target { name: "table.arrow", read: data },
    Target { name: "stream.arrows", read: data },
    Target { name: "class/image.png", read: images },
    Target { name: "class/image.jpg", read: images },
    Target { name: "columns.toml", read: columns },
    Target { name: "model.safetensors", read: model },
    Target { name: "classifier.safetensors", read: classifier },
    Target { name: "settings.toml", read: settings },
    Target { name: "metrics.csv", read: run },
    Target { name: "run.json", read: run },
];

fn corpus() -> PathBuf {
    root().join("tests/trust/corpus")
}

/// The files of models, which are generated and not stored.
fn models() -> [Vec<u8>; 2] {
    let x = Array2::from_shape_fn((60, 6), |(i, j)| f32::from((i + j) % 3 == 0));
    let labels: Vec<u8> = (0..60).map(|i| i % 3).collect();
    let config = RunConfig::preset("rbm").and_then(|it| it.with("model.n_hidden=3"));
    let config = config.and_then(|it| it.with("training.epochs=1")).expect("settings");
    let model = aerbm::fit(&config, &x, 1).expect("a fit");
    let few = FineTuneConfig { updates: 5, batch_size: 20, ..Default::default() };
    let classifier = model.fine_tune(&x, &labels, &few, 1).expect("a classifier");
    let folder = tempfile::tempdir().expect("a temporary folder");
    model.save(&folder).expect("saved");
    classifier.save(&folder).expect("saved");
    ["model", "classifier"].map(|name| {
        std::fs::read(folder.path().join(format!("{name}.safetensors"))).expect("saved")
    })
}

/// The initial files: the target's own, and all of the corpus with the same ending.
fn seeds(target: &Target, models: &[Vec<u8>; 2]) -> Vec<Vec<u8>> {
    match target.name {
        "model.safetensors" => return vec![models[0].clone()],
        "classifier.safetensors" => return vec![models[1].clone()],
        _ => (),
    }
    let ending = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let own = target.name.rsplit('/').next().expect("a name");
    let mut seeds = vec![std::fs::read(corpus().join(own)).expect("in the corpus")];
    for entry in std::fs::read_dir(corpus()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name != own && ending(&name) == ending(own) {
            seeds.push(std::fs::read(path).expect("readable"));
        }
    }
    seeds
}

thread_local! {
    /// The message of the last panic in this thread.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The file that a thread is reading, and since when; `None` between two files.
type Reading = Mutex<Option<(&'static str, Vec<u8>, Instant)>>;

/// The number of files that a reader was given, and the longest time that it took for one.
struct Count {
    name: &'static str,
    n: u64,
    longest: Duration,
}

/// Reads mutated files until the time is up.
fn executions(
    target: &Target,
    models: &[Vec<u8>; 2],
    seconds: f64,
    (random, reading): (&mut Random, &Reading),
) -> Count {
    let set = |it| *reading.lock().expect("no other thread panics with it") = it;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(target.name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("created");
    let seeds = seeds(target, models);
    let begun = Instant::now();
    let mut count = Count { name: target.name, n: 0, longest: Duration::ZERO };
    while count.n < seeds.len() as u64 || begun.elapsed().as_secs_f64() < seconds {
        let bytes = if let Some(seed) = seeds.get(count.n as usize) {
            seed.clone()
        } else {
            let (one, other) = (random.one_of(&seeds), random.one_of(&seeds));
            mutated(one, other, random)
        };
        std::fs::write(&file, &bytes).expect("written");
        let since = Instant::now();
        set(Some((target.name, bytes.clone(), since)));
        let ended = catch_unwind(AssertUnwindSafe(|| (target.read)(&file)));
        set(None);
        if ended.is_err() {
            let (kept, found) = (kept(target.name, &bytes), PANIC.with(RefCell::take));
            println!("{} ({}): {found}", target.name, kept.display());
            panic!("a find; see above");
        }
        let took = since.elapsed();
        if took > SLOW {
            println!("{} takes {took:?} ({})", target.name, kept(target.name, &bytes).display());
        }
        count.longest = count.longest.max(took);
        count.n += 1;
    }
    count
}

/// Ends the process with the file that a thread has been reading for too long: a thread cannot be stopped.
fn assert_in_time(reading: &Reading) {
    let reading = reading.lock().expect("no other thread panics with it");
    if let Some((name, bytes, since)) = &*reading
        && since.elapsed() > LONGEST
    {
        let kept = kept(name, bytes);
        // A macro would not do: its output, which the test harness captures, is lost with the process.
        let line = format!("{name} ({}) takes more than {LONGEST:?}\n", kept.display());
        let _ = std::io::stderr().write_all(line.as_bytes());
        std::process::exit(1);
    }
}

/// Writes a failing input to a file that is kept.
fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = root().join("target/fuzz");
    std::fs::create_dir_all(&folder).expect("created");
    let sum = bytes.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(*byte));
    let path = folder.join(format!("{sum:08x}-{}", name.replace('/', "-")));
    std::fs::write(&path, bytes).expect("written");
    path
}

/// The seed: the given one, otherwise a different one each day in the long version, which should find more.
/// The short version always uses the same seed, so that a change is not refused because of the day on which
/// it is made.
fn seed() -> u64 {
    let given = std::env::var("AERBM_FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let days = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    given.unwrap_or(if is_long() { days } else { 1 })
}

#[test]
fn no_file_makes_a_reader_fail() {
    let given = std::env::var("AERBM_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seconds = given.unwrap_or(if is_long() { 3600.0 } else { 20.0 });
    let seed = seed();
    let hook = std::panic::take_hook();
    let keep =
        |panic: &PanicHookInfo<'_>| PANIC.with(|text| *text.borrow_mut() = panic.to_string());
    std::panic::set_hook(Box::new(keep));
    let models = &models();
    let each = 2.0 * seconds / TARGETS.len() as f64;
    let readings: [Reading; 2] = Default::default();
    let counts: Vec<Count> = std::thread::scope(|scope| {
        let halves = TARGETS.chunks(TARGETS.len().div_ceil(2)).zip(&readings).zip(0..);
        let workers: Vec<_> = halves
            .map(|((targets, reading), half)| {
                scope.spawn(move || {
                    let mut random = Random(2 * seed + half);
                    let count =
                        |target: &Target| executions(target, models, each, (&mut random, reading));
                    targets.iter().map(count).collect::<Vec<_>>()
                })
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(200));
            readings.iter().for_each(assert_in_time);
        }
        let counts = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        counts.flat_map(|counts| counts.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    std::panic::set_hook(hook);
    for Count { name, n, longest } in &counts {
        println!("  {name}: {n}, the longest {longest:?}");
    }
    let total: u64 = counts.iter().map(|count| count.n).sum();
    println!("fuzz executions: {total} in {} readers, seed {seed}", TARGETS.len());
}
