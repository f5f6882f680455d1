# Puts the pinned crane on PATH, which copies images between registries. Source it:  . tooling/scripts/install_crane.sh
#
# Go builds it from its module: the version names the bytes, and Go's checksum database (sum.golang.org) vouches for
# them. A Go older than the module wants downloads the one it wants by itself (GOTOOLCHAIN).
CRANE_MODULE=github.com/google/go-containerregistry/cmd/crane@v0.22.1
install_crane() {
  local home
  home="${CRANE_HOME:-$HOME/.crane}/${CRANE_MODULE##*@}"
  if [ ! -x "$home/crane" ]; then
    if ! command -v go > /dev/null; then
      echo "install_crane: crane is built with Go, and there is no go on PATH (https://go.dev/doc/install)" >&2
      return 1
    fi
    GOBIN="$home" GOFLAGS=-trimpath go install "$CRANE_MODULE" || return 1
  fi
  export PATH="$home:$PATH"
}
install_crane
