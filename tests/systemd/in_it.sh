# Run as root inside the emulated computer: looks, says one line for each thing, and switches off.
group=/sys/fs/cgroup/system.slice/kiosk.service
drop_in=/etc/systemd/system/kiosk.service.d/test.conf

told() { # WHETHER WHAT
    if [ "$1" = 0 ]; then echo "ok    $2"; else echo "FAIL  $2"; fi
}
until_ready() {
    for _ in $(seq 1500); do
        ! systemctl is-active --quiet kiosk || return 0
        sleep 1
    done
    return 1
}
health() { python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:8443/healthz").read().decode())'; }
limit() { systemctl set-property --runtime kiosk "$@"; } # PROPERTY=VALUE...: from now on, without a restart
with_limits() { # LINES: restart the kiosk with these in its unit
    mkdir -p "${drop_in%/*}"
    printf '[Service]\n%b\n' "$1" >"$drop_in"
    systemctl daemon-reload
    systemctl reset-failed kiosk
    systemctl restart kiosk
}
inside() { # COMMAND: as root, but among the kiosk's processes for the kernel
    sh -c "echo \$\$ >$group/cgroup.procs; $1" 2>&1
}
value() { sed -n "s/^$2 //p" "$group/$1"; }

echo
systemctl start --no-block kiosk
until_ready
told $? "ready $(cut -d ' ' -f 1 /proc/uptime) s after the kernel: $(systemctl show --value -p StatusText kiosk)"

for _ in $(seq 120); do health | grep -q '"live": true' && break || sleep 1; done
health | grep -q '"name": "/dev/video0".*"live": true'
told $? "a V4L2 camera of the kernel within the sandbox: $(health | grep -o '"camera": {[^}]*}')"

[ "$(cat $group/memory.max)" -gt 0 ] 2>/dev/null
told $? "memory.max $(cat $group/memory.max) of $(sed -n 's/MemTotal: *//p' /proc/meminfo), in use $(cat $group/memory.current)"

inside 'head -c 1 /dev/vda >/dev/null' | grep -q 'not permitted'
told $? "the disk is refused, even to root: $(inside 'head -c 1 /dev/vda >/dev/null')"
inside 'exec 3<>/dev/video0' | grep -q . && told 1 "the camera may be opened" || told 0 "the camera may be opened"

limit CPUQuota=20%
used=$(value cpu.stat usage_usec) at=$(cut -d ' ' -f 1 /proc/uptime)
sleep 20
used=$(($(value cpu.stat usage_usec) - used))
share=$(awk -v used="$used" -v at="$at" '{ printf "%.1f", used / 1e4 / ($1 - at) }' /proc/uptime)
[ "${share%.*}" -le 21 ] && [ "$(value cpu.stat nr_throttled)" -gt 0 ]
told $? "CPUQuota=20%: used $share % of one processor in 20 s, held back $(value cpu.stat nr_throttled) times"

limit CPUQuota=

killed() { journalctl -q -k --grep 'Memory cgroup out of memory' | wc -l; }
limit MemoryMax=40M MemorySwapMax=0
for _ in $(seq 120); do [ "$(killed)" = 0 ] || break; sleep 1; done
[ "$(killed)" -gt 0 ]
told $? "MemoryMax=40M: $(killed) killed by the kernel; $(systemctl show -p Result -p ActiveState -p NRestarts kiosk | tr '\n' ' ')"
limit MemoryMax=70% MemorySwapMax=infinity

ip link set dev "$(ls /sys/class/net | grep -v lo | head -n 1)" up
ip address add 10.0.2.15/24 dev "$(ls /sys/class/net | grep -v lo | head -n 1)"
with_limits 'IPAddressDeny=any\nIPAddressAllow=localhost'
until_ready
told $? "ready with IPAddressDeny=any and IPAddressAllow=localhost"
send='python3 -c "import socket; socket.socket(2, 2).sendto(bytes(1), (\"10.0.2.2\", 9))"'
sh -c "$send" && inside "$send" | grep -q 'not permitted'
told $? "another address is refused: $(inside "$send" | tail -n 1)"

rm "$drop_in"
systemctl daemon-reload
systemctl restart kiosk
until_ready
told $? "ready again with the unit as it is"
echo "ok    all looked at"
