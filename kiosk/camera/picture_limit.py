"""How many pixels a picture may have in the process that sells.

A few hundred bytes can claim to be a picture of a gigapixel, and whoever unpacks it needs 3 GB. OpenCV knows the limit
from the environment, and only if it is there before OpenCV is loaded: so this module loads nothing.
"""

import os

MOST_PIXELS = 2**26
"""64 million, 200 MB when unpacked; the cameras that are meant here have at most 20 million."""
_VARIABLE = "OPENCV_IO_MAX_IMAGE_PIXELS"


def limit_pictures() -> None:
    """From now on this process and those that it starts unpack no larger picture. Whoever set a limit keeps it."""
    os.environ.setdefault(_VARIABLE, str(MOST_PIXELS))
