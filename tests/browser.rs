//! The models in the page of a run compute the same numbers in a browser as in the binary, and the page is
//! self-contained. Without Chromium, these tests are skipped with a message.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aerbm::Trained;
use aerbm::ndarray::Array2;

use crate::support::{aerbm, small_mnist};

/// Largest difference that is accepted between the numbers of the browser and those of the binary.
const TOLERANCE: f64 = 1e-3;

/// A browser of the system, or the one that `AERBM_CHROMIUM` names.
pub(crate) fn chromium() -> Option<PathBuf> {
    let given = std::env::var_os("AERBM_CHROMIUM").map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    given.or(found)
}

/// Opens a copy of the page with a script at its end, the body of an asynchronous function, and returns its
/// value. `options` are those of the browser.
pub(crate) fn evaluate(
    browser: &Path,
    page: &Path,
    options: &[&str],
    script: &str,
) -> serde_json::Value {
    let html = std::fs::read_to_string(page).expect("a page");
    // The policy of the page allows only its own scripts.
    let (before, policy) =
        html.split_once("<meta http-equiv=\"Content-Security-Policy\"").expect("a policy");
    let (_, after) = policy.split_once('>').expect("the element ends");
    let html = format!("{before}{after}");
    let probe = format!(
        "<pre id=\"probe\" hidden></pre><script>(async () => {{ {script} }})().then((value) => {{ \
         document.getElementById('probe').textContent = JSON.stringify(value); }});</script>"
    );
    let copy = page.with_file_name("probe.html");
    std::fs::write(&copy, html + &probe).expect("written");
    let profile = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        // Promises settle within this virtual time, which passes as fast as the page works.
        .arg("--virtual-time-budget=60000")
        .args(options)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", copy.display()))
        .output()
        .expect("the browser starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, rest) =
        text.split_once("<pre id=\"probe\" hidden=\"\">").expect("the probe is in the page");
    let json = rest.split_once("</pre>").expect("the probe ends").0;
    let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&json).expect("the probe ran")
}

/// Trains a preset on a few digits and returns the folder of the run.
pub(crate) fn train(preset: &str, settings: &[&str], data: &Path, out: &Path) -> PathBuf {
    let folder = out.join(preset);
    let mut args = vec!["train", preset, "--set", "split={train=250}"];
    for setting in settings {
        args.extend(["--set", setting]);
    }
    aerbm().args(args).arg("--data").arg(data).arg("--out").arg(&folder).assert().success();
    folder
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    let values = value.as_array().expect("numbers").iter();
    values.map(|number| number.as_f64().expect("a number")).collect()
}

fn farthest(found: &serde_json::Value, expected: &Array2<f32>) -> f64 {
    let found = numbers(found);
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0, |most, (a, b)| most.max((a - f64::from(*b)).abs()))
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn the_page_computes_what_the_binary_computes() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no Chromium on the PATH and none named by AERBM_CHROMIUM");
        return;
    };
    let data = small_mnist(300, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let pixels: Vec<f32> =
        (0..784).map(|i| f32::from(u8::from(i % 28 > 12 && i % 5 < 3))).collect();
    let x = Array2::from_shape_vec((1, 784), pixels.clone()).expect("an image");
    let cases: [(&str, &[&str]); 4] = [
        ("autoencoder", &["model.n_hidden=40", "training.epochs=2"]),
        (
            "k-sparse",
            &["model.n_hidden=60", "model.top_k=10", "model.encode_top_k=20", "training.epochs=2"],
        ),
        ("tutorial", &["training.epochs=1"]),
        ("rbm", &["model.n_hidden=50", "training.epochs=2"]),
    ];
    for (preset, settings) in cases {
        let run = train(preset, settings, data.path(), out.path());
        let page = run.join("report.html");
        assert!(std::fs::metadata(&page).expect("a page").len() < 3_000_000, "{preset}");
        let script = format!(
            "return {{ ...window.aerbm.run({preset:?}, {pixels:?}), \
             rows: document.querySelectorAll('.try-card').length, \
             links: document.querySelectorAll('nav .parts a').length }};"
        );
        let found = evaluate(&browser, &page, &[], &script);
        let model = Trained::load(&run).expect("a model").model;
        let reconstruction = farthest(&found["reconstruction"], &model.reconstruct(x.view()));
        assert!(reconstruction < TOLERANCE, "{preset}: reconstruction differs by {reconstruction}");
        if preset != "k-sparse" {
            // Its code for features keeps more units than that of reconstructions.
            let code = farthest(&found["code"], &model.encode(x.view()));
            assert!(code < TOLERANCE, "{preset}: code differs by {code}");
        }
        assert!(found["class"].as_u64().expect("a class") < 10);
        assert!(found["rows"].as_u64().expect("cards") >= 6 && found["links"].as_u64() > Some(3));
    }

    // Buttons, tables and tooltips of the page.
    let script = "
        const head = document.querySelector('.scroll thead th .sort');
        head.click();
        const bar = document.querySelector('#methods');
        return {
            sorted: head.parentNode.getAttribute('aria-sort'),
            current: document.querySelectorAll('nav [aria-current]').length,
            downloads: document.querySelectorAll('.scroll + .files button').length,
            tips: document.querySelectorAll('.drawing circle > title').length,
            pictures: [...document.querySelectorAll('svg[role=img]')].every(
                (one) => /[0-9]/.test(one.getAttribute('aria-label'))),
        };";
    let found = evaluate(&browser, &out.path().join("rbm/report.html"), &[], script);
    assert_eq!((&found["sorted"], &found["tips"]), (&"ascending".into(), &0.into()), "{found}");
    assert!(found["downloads"].as_u64() > Some(0) && found["pictures"] == true, "{found}");

    let plain = out.path().join("plain");
    let mut args = vec!["train", "rbm", "--without-models", "--set", "split={train=250}"];
    args.extend(["--set", "model.n_hidden=5", "--set", "training.epochs=1"]);
    aerbm().args(args).arg("--data").arg(data.path()).arg("--out").arg(&plain).assert().success();
    assert!(!plain.join("playground.json").exists());
    let page = std::fs::read_to_string(plain.join("report.html")).expect("a page");
    assert!(!page.contains("id=\"playground-data\""));
}

/// Counts the connections to a port of this machine.
fn counting_port() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    (port, count)
}

/// Names of files, columns and classes are text on the page, whatever they look like: the page sends no
/// request and runs no script from them, even without its policy.
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn hostile_names_are_text_on_the_page() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no Chromium on the PATH and none named by AERBM_CHROMIUM");
        return;
    };
    let (port, requests) = counting_port();
    let image = |place: &str| {
        format!("<img src=http:\\\\127.0.0.1:{port}\\{place} onerror=window.owned='{place}'>")
    };
    let classes = [
        image("class"),
        "</script><script>window.owned='script'</script>".to_owned(),
        "\"><svg onload=window.owned='svg'>".to_owned(),
    ];
    let columns = [image("column"), "javascript:window.owned='link'".to_owned()];
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut table = format!("{},{},{}\n", quoted(&columns[0]), quoted(&columns[1]), quoted("<b>y"));
    for i in 0..240 {
        let class = i * 7 % 3;
        let value = |j: usize| ((i * (j + 3) + 5 * class) % 11) as f64 / 10.0;
        let row = [value(0).to_string(), value(1).to_string(), quoted(&classes[class])];
        table.push_str(&(row.join(",") + "\n"));
    }
    let out = tempfile::tempdir().expect("a temporary folder");
    let name = "<img src=x onerror=window.owned='file'>.csv";
    std::fs::write(out.path().join(name), table).expect("written");
    let settings = [
        "layers=[6]",
        "labels=[{count=20, updates=10, batch_size=10}]",
        "learning_rates=[0.01]",
        "rbm.training.epochs=1",
    ];
    let mut args = vec!["compare", "--data", name, "--label-column", "<b>y", "--out", "run"];
    args.extend(["--seeds", "2", "--methods", "none,rbm"]);
    for setting in settings {
        args.extend(["--set", setting]);
    }
    aerbm().current_dir(out.path()).args(args).assert().success();

    let page = out.path().join("run/report.html");
    let script = "
        const shown = document.body.cloneNode(true);
        shown.querySelectorAll('script, style').forEach((it) => it.remove());
        return {
            owned: window.owned ?? null,
            images: [...document.images].filter((it) => !it.src.startsWith('data:')).length,
            handlers: [...document.querySelectorAll('*')].filter(
                (it) => it.hasAttribute('onerror') || it.hasAttribute('onload')).length,
            links: [...document.links].filter((it) => it.protocol === 'javascript:').length,
            text: [shown.textContent, ...[...document.querySelectorAll('[aria-label]')].map(
                (it) => it.getAttribute('aria-label'))].join(' '),
        };";
    let found = evaluate(&browser, &page, &[], script);
    assert_eq!(found["owned"], serde_json::Value::Null, "a script ran");
    for what in ["images", "handlers", "links"] {
        assert_eq!(found[what], 0, "{what}");
    }
    let text = found["text"].as_str().expect("text");
    for shown in ["<img src=x onerror=window.owned=", &classes[0], &classes[1], &classes[2]] {
        assert!(text.contains(shown), "{shown} is not on the page");
    }
    assert_eq!(requests.load(Ordering::Relaxed), 0, "a request left the page");
}
