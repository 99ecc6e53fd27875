#!/bin/sh
# Install the kiosk, bring it up to date, or take it away again, without the Debian package.
set -eu
umask 022

usage() {
    cat <<'END'
usage: install.sh [--dry-run] [--no-start]     install, or bring up to date
       install.sh --uninstall [--dry-run]      take away all but config and sales

Installs from the files that lie beside this script (`make offline-bundle` makes such a folder, for a USB stick or for
copying over). Nothing is compiled; with wheels for this machine nothing is downloaded. Run as root on Debian 12 or 13,
or Raspberry Pi OS, 64-bit. Run again it changes only what is new: config, sales, bundles and certificates stay.

  --dry-run    say what would be done, and do nothing
  --no-start   do not start or restart the kiosk; it starts at the next boot
  --uninstall  stop the kiosk and remove it; /etc/kiosk and /var/lib/kiosk stay
END
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# What is done is said; with --dry-run it is only said.
run() {
    echo "  $*"
    [ "$dry" = yes ] || "$@"
}

here=$(dirname "$(readlink -f "$0")")
units=/etc/systemd/system
journald=/etc/systemd/journald.conf.d/60-kiosk.conf
dry=no start=yes action=install new=no
for option; do
    case $option in
    --dry-run) dry=yes ;;
    --no-start) start=no ;;
    --uninstall) action=uninstall ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
done

require_system() {
    [ "$dry" = yes ] || [ "$(id -u)" = 0 ] || fail "run it as root: sudo $0"
    command -v systemctl >/dev/null || fail "there is no systemd here; docs/operator.md says how to run without it"
    ! dpkg-query --show --showformat '${db:Status-Status}\n' kiosk 2>/dev/null | grep -q '^installed$' ||
        fail "the kiosk is installed as a Debian package here; use apt for it"
}

# Not in a tree that has not been booted.
has_manager() { [ -d /run/systemd/system ]; }

install_systemd_python() {
    ! /usr/bin/python3 -c 'import systemd.daemon' 2>/dev/null || return 0
    echo "python3-systemd, by which the kiosk talks to systemd:"
    # shellcheck source=/dev/null
    deb=$here/debs/$(. /etc/os-release && echo "${VERSION_CODENAME-}")-$(dpkg --print-architecture)/python3-systemd.deb
    if [ -e "$deb" ]; then
        run dpkg --install "$deb"
    else
        run apt-get install -y --no-install-recommends python3-systemd
    fi
}

place() { # FILE TO
    ! cmp -s "$1" "$2" || return 0
    run install -D -m 644 "$1" "$2"
    new=yes
}

install_kiosk() {
    [ -e "$here/SHA256SUMS" ] || fail "no wheels lie beside this script; get a folder made by \`make offline-bundle\`"
    (cd "$here" && sha256sum --quiet --check SHA256SUMS) || fail "files in $here are damaged; copy or download them again"
    install_systemd_python
    echo "the kiosk's environment, /opt/kiosk:"
    before=$(readlink /opt/kiosk || true)
    run "$here/make-environment"
    [ "$before" = "$(readlink /opt/kiosk || true)" ] || new=yes
    echo "files around it:"
    run ln -sfn /opt/kiosk/bin/kiosk /usr/local/bin/kiosk
    for unit in "$here"/systemd/*; do place "$unit" "$units/$(basename "$unit")"; done
    place "$here/journald/60-kiosk.conf" "$journald"
    if [ -e /etc/kiosk/kiosk.yaml ]; then
        echo "  /etc/kiosk/kiosk.yaml stays as it is"
    else
        place "$here/kiosk.yaml" /etc/kiosk/kiosk.yaml
    fi
    echo "the service:"
    ! has_manager || run systemctl daemon-reload
    run systemctl --quiet enable kiosk.service
    if [ "$start" = yes ] && has_manager; then
        # Nothing new: a kiosk that runs is not disturbed, one that does not is started.
        [ "$new" = no ] || run systemctl stop kiosk.service
        [ "$new" = no ] || run systemctl try-restart systemd-journald.service
        run systemctl start kiosk.service
        run "$here/make-environment" --clean
    fi
    echo "Done. Next: kiosk setup"
}

uninstall_kiosk() {
    echo "the service:"
    if has_manager; then run systemctl stop kiosk.service kiosk-retry.timer kiosk-verify.timer; fi
    run systemctl --quiet disable kiosk.service
    echo "what was installed:"
    for unit in "$here"/systemd/*; do run rm -f "$units/$(basename "$unit")"; done
    run rm -f "$journald" /usr/local/bin/kiosk
    run rm -rf /opt/kiosk /opt/kiosk-environments
    ! has_manager || run systemctl daemon-reload
    echo "Done. Config and sales stay in /etc/kiosk and /var/lib/kiosk (/var/lib/private/kiosk)."
}

require_system
[ "$dry" = no ] || echo "dry run: nothing is done"
"${action}_kiosk"
