"""Everything that can go wrong in a way that a person can act upon.

KioskError
├── ConfigError            the config file is wrong; carries every problem found
├── BundleError            a bundle is missing, broken, or gives wrong answers
│   └── BundleUnavailable  it cannot be had or kept just now: trying again later may do
├── SetupError             `kiosk setup` cannot go on with that answer, or without one
├── EngineError            no interpreter can run the model here
├── CameraError
│   ├── CameraNotFound     there is no such camera
│   └── CameraLost         it was there and stopped giving frames
├── AccessError
│   ├── CertificateError   the page's certificate is missing, broken or cannot be made
│   ├── CodeRefused        that is no code for pairing, or no longer
│   └── NoSuchTablet       no paired tablet has that id
├── MomentError            a hard moment is not there, or cannot be read or moved
├── BenchError             a measurement cannot be made on this device
└── SalesError
    ├── NotKept            a sale could not be written to disk, so it was not taken
    │   ├── Damaged        the file is no longer what was written; its sales must be salvaged
    │   └── NotOurs        another kiosk holds the file, or a newer one wrote it
    ├── NoSuchSale         there is no sale of that id
    ├── TakenBack          the shopper took the sale back before it came
    ├── NotPossible        the sale's state does not allow what was asked
    ├── NotSold            the shop does not sell that label
    └── TillError
        ├── NotSent        certainly nothing reached the till: send again later
        ├── Refused        the till said no to this sale: give it up
        ├── NotAuthorised  the till wants a person to put new credentials in place; nothing was bought
        └── Unclear        the till may or may not have bought: nobody knows yet
"""


class KioskError(Exception):
    """Base of all errors whose message is written for a person and says what to do."""


class ConfigError(KioskError):
    """The config is wrong. `problems` holds one readable line for each thing that is."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BundleError(KioskError):
    """A bundle is missing, broken, or gives wrong answers on its golden images."""


class BundleUnavailable(BundleError):
    """Nothing is known against the bundle: it cannot be fetched or kept just now, and trying again later may do."""


class SetupError(KioskError):
    """`kiosk setup` cannot go on with that answer, or without one."""


class EngineError(KioskError):
    """No interpreter can run the model on this device."""


class BenchError(KioskError):
    """A measurement cannot be made on this device."""


class CameraError(KioskError):
    """A camera cannot be used."""

    code = "failed"
    """Names the trouble for programs, such as a page in another language than the message."""


class CameraNotFound(CameraError):
    """There is no such camera, file or address."""

    code = "not_found"


class CameraLost(CameraError):
    """The camera was open and stopped giving frames."""

    code = "lost"

    def __init__(self, message: str, code: str = "lost") -> None:
        super().__init__(message)
        self.code = code


class AccessError(KioskError):
    """The page cannot be opened to the network, or to this tablet."""


class CertificateError(AccessError):
    """The page's certificate is missing, broken or cannot be made."""


class CodeRefused(AccessError):
    """That is no code for pairing, or no longer."""


class NoSuchTablet(AccessError):
    """No paired tablet has that id."""


class MomentError(KioskError):
    """A hard moment is not there, or cannot be read or moved."""


class SalesError(KioskError):
    """A sale cannot be taken, kept or changed."""


class NotKept(SalesError):
    """The sale could not be written to disk, so it was not taken."""


class Damaged(NotKept):
    """The file is no longer what was written; its sales must be salvaged."""


class NotOurs(NotKept):
    """Another kiosk holds the file, or a newer one wrote it: trying again is no use."""


class NoSuchSale(SalesError):
    """There is no sale of that id."""


class TakenBack(SalesError):
    """The shopper took the sale back before it came, so it is not taken any more."""


class NotPossible(SalesError):
    """The sale's state does not allow what was asked."""


class NotSold(SalesError):
    """The shop does not sell that label."""


class TillError(SalesError):
    """The till did not settle a sale. The leaf says whether to send it again."""


class NotSent(TillError):
    """Certainly nothing reached the till: send again later."""


class Refused(TillError):
    """The till said no to this sale: give it up."""


class NotAuthorised(TillError):
    """The till wants a person to put new credentials in place; nothing was bought."""


class Unclear(TillError):
    """The till may or may not have bought: nobody knows yet."""
