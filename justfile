# AERBM_FEATURES=lapack-system computes principal components with the system's OpenBLAS.
features := if env("AERBM_FEATURES", "") == "" { "" } else { "--features " + quote(env("AERBM_FEATURES")) }
aerbm := "cargo run --release -p aerbm-cli " + features + " --"

# The folder of binaries that `cargo test` builds.
built := env("CARGO_TARGET_DIR", "target") / "debug"

# Recipes receive their arguments as typed, including spaces.
set positional-arguments

# List the recipes
[private]
default:
    @just --list --unsorted

# Train, compare and report, continuing an earlier run: quick (a minute), default (20) or paper (hours)
[group("run")]
pipeline profile="default" *ARGS:
    {{ aerbm }} pipeline --profile "$@"

# Run the pipeline in a minute, on real MNIST
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

# Redraw a run's figures and page from its CSV files
[group("run")]
report dir="reports/default":
    {{ aerbm }} report "$1"

# Verify the committed MNIST, or fetch another data set
[group("run")]
data name="mnist":
    {{ aerbm }} data {{ if name == "mnist" { "verify" } else { "fetch" } }} "$1"

# Run every test, including the examples in the documentation
[group("develop")]
test *ARGS:
    cargo test --locked --workspace {{ features }} "$@"

# Check formatting, lints and documentation; warnings are errors
[group("develop")]
check: && doc
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets {{ features }} -- -D warnings

# Build the documentation of the workspace's crates; warnings are errors
[group("develop")]
doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps {{ features }}

# Build the tests together with the binary and the examples that `smoke` and `examples` run
[private]
build:
    cargo test --locked --workspace {{ features }} --no-run --quiet

# Run the quick pipeline with the binary that the tests use, so that CI builds once
[group("develop")]
smoke *ARGS: build
    {{ built }}/aerbm pipeline --profile quick "$@"

# Run every example of the library
[group("develop")]
examples: build
    for file in crates/aerbm/examples/*.rs; do \
        if test -e "$file"; then name=$(basename "$file" .rs); echo "example $name"; {{ built }}/examples/"$name" || exit; fi; \
    done

# Compare a run's results with their bounds
[group("develop")]
thresholds dir="reports/quick":
    python3 tests/thresholds.py "$1"

# Check that the files of the quick run and of the reference are unchanged, and recompute their numbers
[group("develop")]
verify: build
    {{ built }}/aerbm verify reports/quick
    {{ built }}/aerbm verify reports/reference

# Compare exported models in onnxruntime, scikit-learn and NumPy (installs them in .venv-checks)
[group("develop")]
python-checks:
    test -x .venv-checks/bin/python || python3 -m venv .venv-checks
    .venv-checks/bin/pip install --quiet --requirement tests/python/requirements.txt
    AERBM_PYTHON="$PWD/.venv-checks/bin/python" cargo test --locked -p aerbm-cli {{ features }} --test aerbm export:: -- --nocapture

# Check pages in Chromium with axe-core, which npm fetches into target/axe
[group("develop")]
accessibility version="4.14.1":
    test -f target/axe/package/axe.min.js || \
        { mkdir -p target/axe && cd target/axe && tar -xzf "$(npm pack --silent axe-core@"$1")"; }
    AERBM_AXE="$PWD/target/axe/package/axe.min.js" cargo test --locked -p aerbm-cli {{ features }} --test aerbm accessibility:: -- --nocapture

# Build the Python package in a clean environment and test it (AERBM_PYTHON_PROFILE=dev builds it faster)
[group("develop")]
python *ARGS:
    tests/python/package.sh "$@"

# Run everything that a change must pass: check, test, the quick pipeline with its bounds and verification, the examples
[group("develop")]
ci: check test smoke thresholds verify examples

# Try bad input, kill runs at every step, and mutate files in every reader; `just trust long` takes hours
[group("develop")]
trust length="short":
    AERBM_TRUST="$1" cargo test --locked --workspace {{ features }} --test trust -- --nocapture --test-threads 2

# Mutate files in every reader for this many seconds
[group("develop")]
fuzz seconds="600":
    AERBM_FUZZ_SECONDS="$1" cargo test --profile fuzz --locked -p aerbm-cli {{ features }} --test trust fuzz:: -- --nocapture

# Run the thread team, the streams and the portable kernels of numerics under Miri; needs Miri
[group("develop")]
miri:
    @if cargo +nightly miri --version >/dev/null 2>&1; then \
        MIRIFLAGS=-Zmiri-disable-isolation CARGO_TARGET_DIR=target/miri cargo +nightly miri test -p aerbm-numerics --lib; \
    else echo "skipped: Miri is not installed (rustup +nightly component add miri)"; fi

# Test the kernels of numerics with NEON in an emulator; needs qemu-user and a C compiler for aarch64
[group("develop")]
neon:
    rustup target add aarch64-unknown-linux-gnu
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
    cargo test --locked -p aerbm-numerics --lib --target aarch64-unknown-linux-gnu

# Check that the program compiles for Arm and for Windows; needs C compilers for both
[group("develop")]
check-elsewhere:
    rustup target add aarch64-unknown-linux-gnu x86_64-pc-windows-gnu
    cargo check --locked -p aerbm-cli --target aarch64-unknown-linux-gnu
    cargo check --locked -p aerbm-cli --target x86_64-pc-windows-gnu

# Check principal components against LAPACK; needs OpenBLAS
[group("develop")]
lapack:
    cargo test --locked -p aerbm-ae-core --features lapack-system eigen

# Check the team of threads under every interleaving that loom explores
[group("develop")]
loom:
    RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test --locked -p aerbm-numerics --release --test loom

# Check how often intervals of log Z cover exact values: 400 runs for each of five models (half an hour)
[group("develop")]
coverage:
    cargo run --locked --release -p aerbm-rbm-core --example coverage

# Check licences, sources and duplicates of the dependencies; needs cargo-deny
[group("develop")]
deny:
    @cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is not installed: cargo install --locked cargo-deny" >&2; exit 1; }
    cargo deny --locked check

# Check spelling; needs typos
[group("develop")]
typos:
    @typos --version >/dev/null 2>&1 || { echo "typos is not installed: cargo install --locked typos-cli" >&2; exit 1; }
    typos

# Package every crate and build the packages as a registry would serve them, without publishing
[group("develop")]
publish-dry-run *ARGS:
    cargo publish --workspace --dry-run --allow-dirty "$@"

# Build the book in docs/ into target/book; needs mdbook
[group("develop")]
book:
    @mdbook --version >/dev/null 2>&1 || { echo "mdbook is not installed: cargo install --locked mdbook" >&2; exit 1; }
    mdbook build docs

# Run the benchmarks
[group("develop")]
bench *ARGS:
    cargo bench --workspace {{ features }} "$@"

# Print the time of training a preset by phase and thread, including waits
[group("develop")]
profile preset="tutorial" *ARGS:
    AERBM_TRACE=1 {{ aerbm }} train "$@" --out "$(mktemp -d)/run"

# Time training against PyTorch, JAX and scikit-learn (installs them in .venv: gigabytes)
[group("develop")]
bench-peers *ARGS:
    test -x .venv/bin/python || python3 -m venv .venv
    .venv/bin/pip install --quiet torch jax scikit-learn
    .venv/bin/python crates/aerbm-cli/benches/peers/peers.py "$@"

# Remove every run under reports/ except the committed reference
[group("develop")]
clean:
    find reports -mindepth 1 -maxdepth 1 ! -name reference ! -name README.md -exec rm -rf {} +
