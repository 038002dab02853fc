//! Accessibility of pages, as far as axe-core can check it. `just accessibility` fetches it from npm and runs
//! this test. Without Chromium, or if `AERBM_AXE` does not name the file `axe.min.js`, it is skipped with a
//! message.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::browser::{chromium, evaluate, train};
use crate::cluster::small;
use crate::support::{root, small_mnist};

/// The rules that a page breaks, with the elements, in a window with these options.
fn broken(browser: &Path, axe: &Path, page: &Path, options: &[&str]) -> String {
    let script = format!(
        "await new Promise((loaded, failed) => {{ const script = document.createElement('script'); \
         script.onload = loaded; script.onerror = failed; script.src = 'file://{}'; \
         document.body.append(script); }}); \
         return (await axe.run()).violations;",
        axe.display()
    );
    let found = evaluate(browser, page, options, &script);
    let mut text = String::new();
    for rule in found.as_array().expect("a list of violations") {
        let nodes = rule["nodes"].as_array().expect("the elements");
        let _ = writeln!(text, "{}: {}: {}", rule["impact"], rule["id"], rule["help"]);
        for node in nodes.iter().take(5) {
            let _ = writeln!(text, "    {}\n      {}", node["html"], node["failureSummary"]);
        }
    }
    text
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn axe_core_finds_nothing() {
    let axe = std::env::var_os("AERBM_AXE").map(PathBuf::from).filter(|path| path.is_file());
    let (Some(browser), Some(axe)) = (chromium(), axe) else {
        eprintln!(
            "skipped: no Chromium, or AERBM_AXE names no axe.min.js (see `just accessibility`)"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = small_mnist(2_500, 100);
    let comparison = folder.path().join("comparison");
    small("pipeline", data.path(), &comparison).assert().success();
    let model = train("tutorial", &["training.epochs=1"], data.path(), folder.path());
    let reference = folder.path().join("reference");
    std::fs::create_dir(&reference).expect("created");
    std::fs::copy(root().join("reports/reference/report.html"), reference.join("report.html"))
        .expect("the committed page");
    let dark = "--blink-settings=preferredColorScheme=0";
    let mut all = String::new();
    for run in [&comparison, &model, &reference] {
        for window in [&["--window-size=1280,900"][..], &["--window-size=380,800", dark]] {
            let found = broken(&browser, &axe, &run.join("report.html"), window);
            if !found.is_empty() {
                let _ = writeln!(all, "{} in {window:?}\n{found}", run.display());
            }
        }
    }
    assert!(all.is_empty(), "{all}");
}
