"""Over real multicast on loopback: `kiosk.local` leads to the kiosk."""

import ipaddress

import pytest
from zeroconf import AddressResolver  # type: ignore[attr-defined]  # documented, and missing in its __all__
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from kiosk.access.announce import SERVICE, Announcer
from kiosk.errors import AccessError

FIRST, SECOND = ipaddress.IPv4Address("192.168.77.7"), ipaddress.IPv4Address("192.168.77.8")
INTERFACES = ["127.0.0.1"]


async def resolved(other: AsyncZeroconf) -> list[str]:
    found = AddressResolver("kiosk.local.")
    await found.async_request(other.zeroconf, 3000)
    addresses: list[str] = found.parsed_addresses()
    return addresses


async def test_another_machine_finds_kiosk_local_and_its_page() -> None:
    announcer, other = Announcer(8443, INTERFACES), AsyncZeroconf(interfaces=INTERFACES)
    try:
        await announcer.update((FIRST,))
        assert await resolved(other) == [str(FIRST)]
        service = AsyncServiceInfo(SERVICE, f"Kiosk.{SERVICE}")
        assert await service.async_request(other.zeroconf, 3000)
        assert (service.port, service.server) == (8443, "kiosk.local.")
        await announcer.update((SECOND,))
        async with AsyncZeroconf(interfaces=INTERFACES) as third:
            assert await resolved(third) == [str(SECOND)]
    finally:
        await other.async_close()
        await announcer.close()


async def test_a_name_that_another_machine_has_is_not_taken() -> None:
    first, second = Announcer(8443, INTERFACES), Announcer(8443, INTERFACES)
    try:
        await first.update((FIRST,))
        with pytest.raises(AccessError, match=r"kiosk\.local is 192\.168\.77\.7 already"):
            await second.update((SECOND,))
    finally:
        await second.close()
        await first.close()
