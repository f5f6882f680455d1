# Puts the pinned Pulumi CLI on PATH. Source it:  . tooling/scripts/install_pulumi.sh
#
# tooling/scripts/pulumi-cli.sha256 pins version and checksum, as published in pulumi/homebrew-tap (Formula/pulumi.rb) and in the
# release's own pulumi-<version>-checksums.txt. To renew it, replace both lines by those of another release:
#   curl -fsSL https://github.com/pulumi/pulumi/releases/download/v3.259.0/pulumi-3.259.0-checksums.txt | grep linux
# PULUMI_DOWNLOADS: where the archives are, when not at GitHub (a mirror).
install_pulumi() {
  local machine sums archive version home
  case "$(uname -m)" in
    x86_64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) echo "install_pulumi: no pinned Pulumi CLI for $(uname -m)" >&2; return 1 ;;
  esac
  sums=$(grep -- "-linux-$machine.tar.gz$" tooling/scripts/pulumi-cli.sha256) || return 1
  archive=${sums##* }
  version=$(expr "$archive" : 'pulumi-\(v[0-9.]*\)-') || return 1
  home="${PULUMI_CLI_HOME:-$HOME/.pulumi-cli}/$version"
  if [ ! -x "$home/pulumi/pulumi" ]; then
    mkdir -p "$home" || return 1
    curl -fsSL --retry 3 -o "$home/$archive" \
      "${PULUMI_DOWNLOADS:-https://github.com/pulumi/pulumi/releases/download}/$version/$archive" || return 1
    if ! (cd "$home" && echo "$sums" | sha256sum --check --status); then
      echo "install_pulumi: $archive is not what tooling/scripts/pulumi-cli.sha256 pins; nothing is installed" >&2
      rm -f "$home/$archive"
      return 1
    fi
    tar -xzf "$home/$archive" -C "$home" && rm "$home/$archive" || return 1
  fi
  export PATH="$home/pulumi:$PATH"
}
install_pulumi
