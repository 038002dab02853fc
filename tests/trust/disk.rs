//! Disks that are full or read-only, files that may not grow, and folders that disappear: the command prints
//! one line and exits with code 1, leaves nothing half-written, and continues once there is space.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::faults::{COMPARISON, TRAIN};
use crate::support::{aerbm, ended, leftovers, place, promised};

/// Checks the end of a command that could not write: one line, after the notes of work that had begun.
fn assert_one_line(code: Option<i32>, stderr: &str, says: &str, what: &str) {
    assert_eq!(code, Some(1), "{what}: {stderr}");
    let errors = stderr.lines().filter(|line| line.starts_with("error: ")).count();
    let last = stderr.lines().last().unwrap_or_default();
    assert!(errors == 1 && last.starts_with("error: "), "{what}: {stderr}");
    assert_eq!(last.matches(says).count(), 1, "{what}: {stderr}");
}

/// A shell that runs `script` on its own small disk, which nobody else sees, with the command as its
/// arguments. The script may mount the disk again, larger or read-only. `None` if this user cannot have such
/// disks.
#[cfg(target_os = "linux")]
fn with_disk(folder: &Path, size: &str, script: &str, args: &[&str]) -> Option<Command> {
    let own = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        command.current_dir(folder).env("RAYON_NUM_THREADS", "1");
        command
    };
    std::fs::create_dir_all(folder.join("disk")).expect("created");
    let mount = format!("mount -t tmpfs -o size={size} none disk");
    let can = own(&mount).output().is_ok_and(|output| output.status.success());
    can.then(|| {
        let binary = assert_cmd::cargo::cargo_bin!("aerbm");
        let mut command =
            own(&format!("{mount} && cp table.csv disk && cd disk || exit 90\n{script}"));
        command.arg(binary).args(args).arg("--quiet");
        command
    })
}

#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_full_disk_ends_a_run_in_one_line_and_it_goes_on_later() {
    let script = "
        \"$@\" 2> ../full; echo $? > ../code
        [ -d run ] && cp -r run ../run-when-full
        mount -o remount,size=64m . && \"$@\" && cp -r run ../copy";
    for args in [&TRAIN[..], &COMPARISON] {
        let whole = place();
        assert!(ended(aerbm(whole.path()).args(args)).status.success());
        let expected = promised(&whole.path().join("run"));
        for size in ["40k", "200k", "900k"] {
            let (place, what) = (place(), format!("{} on {size}", args[0]));
            let Some(mut command) = with_disk(place.path(), size, script, args) else {
                eprintln!("skipped: there are no disks for this user (unshare and mount)");
                return;
            };
            let after = ended(&mut command);
            assert!(after.status.success(), "{what}, with more space: {}", after.stderr);
            let read =
                |name: &str| std::fs::read_to_string(place.path().join(name)).expect("written");
            let code = read("code").trim().parse().ok();
            if code != Some(0) {
                assert_one_line(code, &read("full"), "No space left on device", &what);
            }
            let full = place.path().join("run-when-full");
            let temporary = if full.is_dir() { leftovers(&full) } else { vec![] };
            let is_temporary =
                |name: &std::path::PathBuf| name.extension().is_some_and(|it| it == "tmp");
            assert!(!temporary.iter().any(is_temporary), "{what}: {temporary:?}");
            std::fs::rename(place.path().join("copy"), place.path().join("disk/run"))
                .expect("moved");
            assert_eq!(promised(&place.path().join("disk/run")), expected, "{what}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_read_only_disk_is_told_in_one_line() {
    let commands: [(&str, &[&str]); 5] = [
        ("train", &TRAIN),
        ("compare", &COMPARISON),
        ("report", &["report", "run"]),
        ("export", &["export", "run", "--format", "npz"]),
        ("sample", &["sample", "run", "--steps", "3"]),
    ];
    let made = place();
    assert!(ended(aerbm(made.path()).args(TRAIN)).status.success());
    for (what, args) in commands {
        // A comparison begins; the other commands find a run.
        let found = if what == "compare" { ":" } else { "cp -r ../run . && rm -f run/.lock" };
        let script = format!("{found}; mount -o remount,ro . || exit 90; exec \"$@\"");
        let Some(mut command) = with_disk(made.path(), "64m", &script, args) else {
            eprintln!("skipped: there are no disks for this user (unshare and mount)");
            return;
        };
        let refused = ended(&mut command);
        assert_one_line(refused.status.code(), &refused.stderr, "Read-only file system", what);
    }
}

/// A limit on the size of files acts as a quota.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_ends_a_run_in_one_line_and_it_goes_on_later() {
    for args in [&TRAIN[..], &COMPARISON] {
        let whole = place();
        assert!(ended(aerbm(whole.path()).args(args)).status.success());
        let expected = promised(&whole.path().join("run"));
        // Blocks have 512 or 1,024 bytes, depending on the shell.
        for blocks in [1, 4, 30, 200] {
            let (place, what) = (place(), format!("{} with {blocks} blocks", args[0]));
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
            let mut command = Command::new("sh");
            command.args(["-c", &script, "sh"]).arg(assert_cmd::cargo::cargo_bin!("aerbm"));
            command
                .args(args)
                .arg("--quiet")
                .current_dir(place.path())
                .env("RAYON_NUM_THREADS", "1");
            let refused = ended(&mut command);
            if !refused.status.success() {
                assert_one_line(refused.status.code(), &refused.stderr, "File too large", &what);
            }
            let run = place.path().join("run");
            let temporary = if run.is_dir() { leftovers(&run) } else { vec![] };
            assert!(
                temporary.iter().all(|it| it.extension().is_none_or(|it| it != "tmp")),
                "{what}"
            );
            let again = ended(aerbm(place.path()).args(args));
            assert!(again.status.success(), "{what}: {}", again.stderr);
            assert_eq!(promised(&run), expected, "{what}");
        }
    }
}

#[test]
fn a_folder_that_disappears_ends_a_run_in_one_line() {
    for args in [&TRAIN[..], &COMPARISON] {
        let place = place();
        let run = place.path().join("run");
        let of_layers = "autoencoder.training.epochs=4000";
        let longer = ["--set", if args[0] == "train" { "training.epochs=4000" } else { of_layers }];
        let mut command = aerbm(place.path());
        let stderr = place.path().join("stderr");
        command.args(args).args(longer).arg("--quiet").env("AERBM_CHECKPOINT_MS", "0");
        command.stderr(std::fs::File::create(&stderr).expect("created"));
        let mut child = command.stdout(std::process::Stdio::null()).spawn().expect("it starts");
        let begun =
            |folder: &str| run.join(folder).read_dir().is_ok_and(|mut it| it.next().is_some());
        while !begun("stages") && !begun("models/rbm-pcd") {
            assert!(child.try_wait().expect("told").is_none(), "it ended early");
            std::thread::sleep(Duration::from_millis(5));
        }
        // The folder disappears all at once: if it is removed file by file, a command may name the file that
        // it misses first.
        std::fs::rename(&run, place.path().join("removed")).expect("moved");
        let code = child.wait().expect("ended").code();
        let said = std::fs::read_to_string(&stderr).expect("written");
        assert_one_line(code, &said, "run was removed", args[0]);
    }
}
