//! A submission to a real Slurm: a cluster of two nodes on this machine, which the test starts and stops. Without
//! Slurm the test is skipped, with a message.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::cluster::small;
use crate::support::{aerbm, promised_tables, small_mnist};

/// The programs of a cluster, in Debian's packages `slurm-wlm` and `munge`.
const PROGRAMS: [&str; 5] = ["munged", "slurmctld", "slurmd", "sbatch", "squeue"];

/// The longest time to wait for anything.
const LONGEST: Duration = Duration::from_mins(4);

/// The path of a program; those of daemons may be missing in `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// What a program prints.
fn printed(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Ports that are free now.
fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known, so that they differ.
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}

/// Waits until a condition holds.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONGEST, "{what}: waited for {LONGEST:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A cluster of the nodes `a` and `b` with a processor each. It is stopped when the value is dropped.
struct Cluster {
    folder: TempDir,
    daemons: Vec<Child>,
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut cluster = Cluster { folder, daemons: vec![] };
        let (at, host) = (cluster.folder.path().to_owned(), printed(&mut Command::new("hostname")));
        let user = printed(Command::new("id").arg("-un"));
        let file = |name: &str| at.join(name).display().to_string();
        for name in ["state", "spool-a", "spool-b"] {
            std::fs::create_dir(at.join(name)).expect("created");
        }
        let key = at.join("munge.key");
        std::fs::write(&key, "a key for the length of a test".repeat(5)).expect("written");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("changed");
        let [controller, a, b] = free_ports();
        let mut config = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser={user}\nSlurmdUser={user}\n\
             AuthType=auth/munge\nCredType=cred/munge\nSlurmctldPort={controller}\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n\
             JobAcctGatherType=jobacct_gather/none\nMpiDefault=none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\n\
             SlurmdParameters=config_overrides\nReturnToService=2\nKillWait=5\n\
             SchedulerParameters=sched_interval=1,sched_min_interval=0\n"
        );
        for (name, value) in [
            ("AuthInfo=socket", "munge"),
            ("StateSaveLocation", "state"),
            ("SlurmdSpoolDir", "spool-%n"),
            ("SlurmctldPidFile", "slurmctld.pid"),
            ("SlurmdPidFile", "slurmd-%n.pid"),
            ("SlurmctldLogFile", "slurmctld.log"),
            ("SlurmdLogFile", "slurmd-%n.log"),
        ] {
            let _ = writeln!(config, "{name}={}", file(value));
        }
        for (node, port) in [("a", a), ("b", b)] {
            let _ = writeln!(
                config,
                "NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1"
            );
        }
        config.push_str("PartitionName=main Nodes=a,b Default=YES MaxTime=INFINITE State=UP\n");
        std::fs::write(cluster.config(), config).expect("written");
        // Versions before 23.02 need control groups; those of version 1 can be inspected without permission.
        let version = printed(Command::new(program("slurmctld").expect("installed")).arg("-V"));
        let year = version.split([' ', '.']).nth(1).and_then(|year| year.parse::<u32>().ok());
        let groups = if year.is_some_and(|year| year < 23) { "cgroup/v1" } else { "disabled" };
        std::fs::write(at.join("cgroup.conf"), format!("CgroupPlugin={groups}\n"))
            .expect("written");

        let munge = ["key-file", "socket", "pid-file", "log-file", "seed-file"];
        let names = ["munge.key", "munge", "munged.pid", "munged.log", "munged.seed"];
        let options =
            munge.iter().zip(names).map(|(option, name)| format!("--{option}={}", file(name)));
        let options = options.chain(["--foreground".to_owned(), "--force".to_owned()]);
        cluster.daemon("munged", &options.collect::<Vec<_>>());
        wait_for("munge", || at.join("munge").exists());
        cluster.daemon("slurmctld", &["-D".to_owned()]);
        for node in ["a", "b"] {
            cluster.daemon("slurmd", &["-D", "-N", node].map(str::to_owned));
        }
        wait_for("two idle nodes", || {
            printed(cluster.command("sinfo").args(["--noheader", "--format=%D %t"])) == "2 idle"
        });
        cluster
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name).expect("installed"));
        command.env("SLURM_CONF", self.config());
        command
    }

    fn daemon(&mut self, name: &str, options: &[String]) {
        let log = std::fs::File::create(
            self.folder.path().join(format!("{name}-{}.out", self.daemons.len())),
        );
        let mut command = self.command(name);
        command.args(options).stdin(Stdio::null()).stdout(Stdio::null());
        let daemon = command.stderr(log.expect("created")).spawn();
        self.daemons.push(daemon.expect("the daemon starts"));
    }

    /// The number of jobs in the queue.
    fn n_queued(&self) -> usize {
        printed(self.command("squeue").args(["--noheader", "--array"])).lines().count()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("scancel").args(["--signal=KILL", "--full", "--me"]).output();
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// The processes of `aerbm work` that write to this folder.
fn workers(out: &Path) -> Vec<String> {
    let words = |process: &Path| std::fs::read(process.join("cmdline")).unwrap_or_default();
    let out = out.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let is_worker = |path: &Path| {
        let words = words(path);
        let words: Vec<&[u8]> = words.split(|&byte| byte == 0).collect();
        words.get(1) == Some(&b"work".as_slice()) && words.contains(&out.as_bytes())
    };
    let found = processes.map(|entry| entry.path()).filter(|path| is_worker(path));
    found.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

/// The bytes are those of one process, even if a worker is killed and a node is drained in the middle;
/// finished stages are not submitted again.
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_submission_gives_the_bytes_of_one_run() {
    if let Some(missing) = PROGRAMS.iter().find(|name| program(name).is_none()) {
        eprintln!("skipped: there is no {missing} (Debian's packages slurm-wlm and munge have it)");
        return;
    }
    let data = small_mnist(2_500, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, out) = (folder.path().join("one"), folder.path().join("on a cluster"));
    small("pipeline", data.path(), &one).assert().success();
    let cluster = Cluster::start();
    let submit = || {
        let mut submit = small("submit", data.path(), &out);
        submit.env("SLURM_CONF", cluster.config()).args(["--cpus", "1", "--task-seconds", "1"]);
        submit
    };
    let status = || {
        let mut status = aerbm();
        status.env("SLURM_CONF", cluster.config()).arg("status").arg(&out);
        status
    };
    submit().assert().success().stdout(contains("wave-1").and(contains("the report")));
    submit().assert().failure().stderr(contains("of an earlier submission are in the queue"));
    wait_for("a worker", || !workers(&out).is_empty());
    for worker in workers(&out).iter().take(1) {
        // It may have ended by itself in the meantime.
        let _ = Command::new("kill").args(["-9", worker]).status();
    }
    let drained = cluster
        .command("scontrol")
        .args(["update", "nodename=b", "state=drain", "reason=test"])
        .status();
    assert!(drained.expect("scontrol runs").success());
    status().assert().success().stdout(contains("stages are done"));
    wait_for("the end of all jobs", || cluster.n_queued() == 0);
    let told = status().assert().success();
    let told = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    assert!(told.contains("and the report is written"), "{told}");
    assert!(promised_tables(&out) == promised_tables(&one));

    // A second submission has nothing left but the report.
    submit().arg("--dry-run").assert().success().stdout(contains("wave-1").not());
}
