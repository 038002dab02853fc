# AERBM_FEATURES=lapack-static builds OpenBLAS from source instead of using the system's.
features := if env("AERBM_FEATURES", "") == "" { "" } else { "--no-default-features --features " + quote(env("AERBM_FEATURES")) }
aerbm := "cargo run --release -p aerbm-cli " + features + " --"

# Arguments reach the commands as they were typed, spaces included.
set positional-arguments

# List the recipes
[private]
default:
    @just --list --unsorted

# Train, compare and report, from where it stopped: quick (a minute), default (20) or paper (hours)
[group("run")]
pipeline profile="default" *ARGS:
    {{ aerbm }} pipeline --profile "$@"

# The pipeline's smoke test, on real MNIST
[group("run")]
quick *ARGS:
    {{ aerbm }} pipeline --profile quick "$@"

# Compare the methods over label counts, depths and seeds
[group("run")]
compare *ARGS:
    {{ aerbm }} compare "$@"

# Train one model: a preset, such as tutorial, or a TOML file
[group("run")]
train preset *ARGS:
    {{ aerbm }} train "$@"

# Draw a run's figures and page again, from its CSV files
[group("run")]
report dir="reports/default":
    {{ aerbm }} report "$1"

# Verify the committed MNIST, or fetch another data set
[group("run")]
data name="mnist":
    {{ aerbm }} data {{ if name == "mnist" { "verify" } else { "fetch" } }} "$1"

# Run every test, the examples in the documentation included
[group("develop")]
test *ARGS:
    cargo test --workspace {{ features }} "$@"

# Formatting, lints and documentation, warnings refused
[group("develop")]
check:
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets {{ features }} -- -D warnings
    RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps {{ features }}

# Hold a run's results against their stated bounds
[group("develop")]
thresholds dir="reports/quick":
    python3 tests/thresholds.py "$1"

# What a change must pass: check, test, the quick pipeline and its bounds
[group("develop")]
ci: check test quick thresholds

# Run the benchmarks
[group("develop")]
bench *ARGS:
    cargo bench --workspace {{ features }} "$@"

# Time training against PyTorch, JAX and scikit-learn (installs them in .venv: gigabytes)
[group("develop")]
bench-peers *ARGS:
    test -x .venv/bin/python || python3 -m venv .venv
    .venv/bin/pip install --quiet torch jax scikit-learn
    .venv/bin/python crates/aerbm-cli/benches/peers/peers.py "$@"

# Remove every run under reports/ but the committed reference
[group("develop")]
clean:
    find reports -mindepth 1 -maxdepth 1 ! -name reference ! -name README.md -exec rm -rf {} +
