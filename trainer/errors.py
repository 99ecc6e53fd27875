"""What can go wrong in training in a way that a volunteer can act upon.

TrainerError
├── DataError        the photos, lists or catalogue cannot be used as they are
├── WeightsError     the weights to start from cannot be had
├── WorkersError     the machines that are to train together do not
├── ResumeError      an unfinished training cannot be gone on with as asked
├── LearningError    the training came apart; there is nothing to keep
├── OutputError      the place to write to cannot be used
└── ExportError      the network came out of a converter other than the kiosk needs it
"""


class TrainerError(Exception):
    """Base of all errors whose message is written for a person and says what to do."""


class DataError(TrainerError):
    """The photos, lists or catalogue cannot be used as they are."""


class WeightsError(TrainerError):
    """The weights to start from cannot be had."""


class WorkersError(TrainerError):
    """The machines that are to train together do not."""


class ResumeError(TrainerError):
    """An unfinished training cannot be gone on with as asked."""


class LearningError(TrainerError):
    """The training came apart; there is nothing to keep."""


class OutputError(TrainerError):
    """The place to write to cannot be used."""


class ExportError(TrainerError):
    """The network came out of a converter other than the kiosk needs it."""
