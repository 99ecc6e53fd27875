"""The address that is printed into QR codes is one that tablets can reach, as far as a machine can know."""

import ipaddress
import shutil
import subprocess
import sys
from itertools import permutations

import pytest

from kiosk.access.addresses import own_addresses, reached_at
from kiosk.access.interfaces import Interface, in_order, own_interfaces


def interface(name: str, *addresses: str, **more: bool) -> Interface:
    return Interface(name, tuple(map(ipaddress.ip_address, addresses)), **more)


LOOPBACK = interface("lo", "127.0.0.1", "::1", is_hardware=False)
OFFICE = interface("eth0", "192.168.1.7", "fd00::7", "fe80::7", leads_out=True)
WIFI = interface("wlan0", "192.168.0.5")
DOCKER = interface("docker0", "172.17.0.1", is_hardware=False)
VPN = interface("wg0", "10.8.0.2", is_tunnel=True, is_hardware=False)
CABLE = interface("usb0", "169.254.3.4")


def first(*interfaces: Interface) -> str:
    """The first address, whatever the order in which the system names the interfaces."""
    (found,) = {str(in_order(some)[0]) for some in permutations(interfaces)}
    return found


def test_the_default_routes_interface_comes_first() -> None:
    assert first(LOOPBACK, DOCKER, VPN, WIFI, OFFICE) == "192.168.1.7"


def test_a_vpn_through_which_everything_goes_is_not_where_tablets_are() -> None:
    through = interface("wg0", "10.8.0.2", leads_out=True, is_tunnel=True, is_hardware=False)
    at_rest = interface("eth0", "192.168.1.7")
    assert first(LOOPBACK, DOCKER, through, at_rest) == "192.168.1.7"


def test_without_a_default_route_a_real_card_comes_before_bridges_and_given_addresses_before_others() -> None:
    assert first(LOOPBACK, DOCKER, WIFI, CABLE) == "192.168.0.5"
    assert first(DOCKER, CABLE) == "169.254.3.4"


def test_a_bridge_that_is_the_office_network_comes_first() -> None:
    bridge = interface("br0", "192.168.1.9", leads_out=True, is_hardware=False)
    assert first(bridge, WIFI, DOCKER) == "192.168.1.9"


def test_ipv4_comes_before_ipv6_of_the_same_interface_and_cable_addresses_are_left_out() -> None:
    assert [str(one) for one in in_order([OFFICE])] == ["192.168.1.7", "fd00::7"]


def test_loopback_is_never_told() -> None:
    assert in_order([LOOPBACK]) == ()
    assert all(not address.is_loopback for address in own_addresses())


def test_an_address_on_two_interfaces_is_told_once_and_a_tunnels_only_after_all_others() -> None:
    told = [str(one) for one in in_order([VPN, OFFICE, DOCKER, interface("eth0.1", "192.168.1.7")])]
    assert told == ["192.168.1.7", "fd00::7", "172.17.0.1", "10.8.0.2"]


def test_this_machines_own_order_is_the_same_each_time() -> None:
    assert own_addresses() == own_addresses()
    assert {one.name for one in own_interfaces()} >= {"lo"}
    assert reached_at("192.168.7.7") == (ipaddress.ip_address("192.168.7.7"),)


_NETWORK = """
ip link set lo up
ip tuntap add mode tap office && ip addr add 192.168.44.7/24 dev office && ip link set office up
ip tuntap add mode tap guests && ip addr add 10.1.0.1/16 dev guests && ip link set guests up
ip route add default via 192.168.44.1 dev office
"""
_TELL = "from kiosk.access.addresses import own_addresses; print(own_addresses()[0])"


def test_on_a_real_network_stack_the_default_route_decides() -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip")
    tried = subprocess.run(["unshare", "-rn", "sh", "-ec", _NETWORK], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no network of its own can be made here: {tried.stderr.strip()}")
    command = f"{_NETWORK}\n{sys.executable} -c '{_TELL}'"
    done = subprocess.run(["unshare", "-rn", "sh", "-ec", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "192.168.44.7"
